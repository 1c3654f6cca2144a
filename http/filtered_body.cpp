#include <weft/http/internal/filtered_body.hpp>

#include <weft/http/body_source.hpp>
#include <weft/http/internal/body_stream.hpp>

#include <optional>
#include <utility>

namespace weft::http::detail {
namespace {

using Piece = std::optional<std::string>;

// Lives as long as its stream has a reader and has not ended: it holds itself until then.
class FilteredBody final : public BodyStream::Source, public std::enable_shared_from_this<FilteredBody> {
 public:
  FilteredBody(PieceSource next, std::unique_ptr<BodyFilter> filter) : next_(std::move(next)), filter_(std::move(filter)) {}
  ~FilteredBody() {
    if (!reading_) return;
    reading_.cancel();                                   // closes the connection that it comes from
    reading_.detach();
  }

  BodyStream* start(std::string url, std::uint64_t expected) {
    BodyStream* const stream = open(std::move(url), expected);
    pump();
    return stream;
  }
  /// Waits until somebody reads; until then, `source` is what it is made of.
  BodyStream* startWhenRead(std::shared_ptr<BodySource> source) {
    unread_ = std::move(source);
    return open("the response", 0);
  }

 private:
  BodyStream* open(std::string url, std::uint64_t expected) {
    self_ = shared_from_this();
    stream_ = new BodyStream(*this, {}, std::move(url));
    if (expected > 0) stream_->expect(expected);
    return stream_;
  }

  void bodyWanted() noexcept override { pump(); }
  std::shared_ptr<BodySource> unreadSource() noexcept override { return unread_; }

  void bodyAbandoned() noexcept override {
    const auto self = std::move(self_);
    BodyStream* stream = std::exchange(stream_, nullptr);
    filter_.reset();
    stream->removeReference();
  }

  void pump() noexcept {
    if (pumping_ || reading_) return;
    const auto self = shared_from_this();
    unread_.reset();
    pumping_ = true;
    while (stream_ && !stream_->full()) {
      if (more_ || at_ < piece_.size()) {
        const std::size_t before = stream_->buffer().size();
        try {
          more_ = filter_->filter(piece_, at_, stream_->buffer(), Body::kReadAhead);
        } catch (...) {
          end(Failure());
          break;
        }
        stream_->noteAppended(stream_->buffer().size() - before);
        stream_->deliver();                              // may drop the body
        continue;
      }
      Deferred<Piece> next = next_();
      if (next.called()) {
        take(next.result());
        continue;
      }
      reading_ = next.addBoth([watch = weak_from_this()](Outcome<Piece> outcome) {
        if (const auto read = watch.lock()) read->arrived(std::move(outcome));
      });
      break;
    }
    pumping_ = false;
  }

  void arrived(Outcome<Piece> outcome) {
    reading_ = nullptr;
    if (!stream_) return;
    take(std::move(outcome));
    pump();
  }

  void take(Outcome<Piece> outcome) {
    at_ = 0;
    if (!outcome) {
      end(filter_->failed(std::move(outcome.failure())));
    } else if (*outcome) {
      piece_ = std::move(**outcome);
    } else {
      try {
        filter_->finish();
      } catch (...) {
        end(Failure());
        return;
      }
      const auto self = std::move(self_);
      filter_.reset();
      BodyStream* stream = std::exchange(stream_, nullptr);
      stream->finish();
      stream->removeReference();
    }
  }

  void end(Failure failure) {
    const auto self = std::move(self_);
    next_ = nullptr;
    filter_.reset();
    BodyStream* stream = std::exchange(stream_, nullptr);
    stream->fail(std::move(failure));
    stream->removeReference();
  }

  PieceSource next_;
  std::unique_ptr<BodyFilter> filter_;
  BodyStream* stream_ = nullptr;                         // until its end; one reference
  std::shared_ptr<FilteredBody> self_;                   // as long as there is a stream
  std::shared_ptr<BodySource> unread_;
  Deferred<> reading_{nullptr};                          // the piece that is waited for
  std::string piece_;
  std::size_t at_ = 0;                                   // what of it has been filtered
  bool more_ = false;
  bool pumping_ = false;
};

class Passing final : public BodyFilter {
 public:
  bool filter(std::string& piece, std::size_t& at, std::string& out, std::size_t) override {
    pass(piece, at, out);
    return false;
  }
  void finish() override {}
};

// The pieces of a source, which is opened first.
struct Reading {
  explicit Reading(std::shared_ptr<BodySource> source) : source(std::move(source)) {}
  const std::shared_ptr<BodySource> source;
  std::optional<AsyncGenerator<std::string>> chunks;

  static Deferred<Piece> next(std::shared_ptr<Reading> self) {
    if (!self->chunks) {
      auto opening = self->source->open();
      co_await opening;
      self->chunks.emplace(self->source->chunks());
    }
    for (;;) {
      Piece piece = co_await self->chunks->next();
      if (!piece || !piece->empty()) co_return piece;
    }
  }
};

}  // namespace

void BodyFilter::pass(std::string& piece, std::size_t& at, std::string& out) {
  if (out.empty() && at == 0) {
    out.swap(piece);
    piece.clear();
  } else {
    out.append(piece, at);
    at = piece.size();
  }
}

Body filteredBody(Body inner, std::unique_ptr<BodyFilter> filter, std::string url, std::uint64_t expected) {
  return Body(std::make_shared<FilteredBody>([inner = std::move(inner)]() mutable { return inner.next(); }, std::move(filter))->start(std::move(url), expected));
}

Body producedBody(PieceSource next, std::string url, std::uint64_t expected) {
  return Body(std::make_shared<FilteredBody>(std::move(next), std::make_unique<Passing>())->start(std::move(url), expected));
}

}  // namespace weft::http::detail

namespace weft::http {

Body::Body(std::shared_ptr<BodySource> source) {
  auto reading = std::make_shared<detail::Reading>(source);
  stream_ = std::make_shared<detail::FilteredBody>([reading = std::move(reading)] { return detail::Reading::next(reading); }, std::make_unique<detail::Passing>())
                ->startWhenRead(std::move(source));
}

}  // namespace weft::http
