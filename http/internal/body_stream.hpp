// BodyStream: what lies between a connection that receives a body and the Body that is read.
#pragma once

#include <weft/core/block_pool.hpp>
#include <weft/defer/deferred.hpp>
#include <weft/http/body.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace weft::http::detail {

/// Shared by two: the Body that reads, and the connection that fills. Each holds one reference and tells the other when it goes.
///
/// The connection calls append(), finish() or fail(); these fire whoever waits, so they come last in what the connection does.
class BodyStream : public weft::detail::Pooled {
 public:
  /// The connection's side.
  class Source {
   public:
    virtual void bodyWanted() noexcept = 0;            ///< there is room again: go on reading
    virtual void bodyAbandoned() noexcept = 0;         ///< nobody will read the rest
    virtual std::shared_ptr<BodySource> unreadSource() noexcept { return nullptr; }      ///< what the body is made of, if nothing was read yet

   protected:
    ~Source() = default;
  };

  BodyStream(Source& source, std::string begun, std::string what)
      : source_(&source), buffer_(std::move(begun)), what_(std::move(what)), received_(buffer_.size()) {}

  void addReference() noexcept { ++references_; }
  void removeReference() noexcept {
    if (--references_ == 0) delete this;
  }

  // ---- the connection's side
  void append(std::string_view piece) {
    buffer_.append(piece);
    received_ += piece.size();
  }
  /// Bytes were added to buffer().
  void noteAppended(std::size_t bytes) noexcept { received_ += bytes; }
  /// How many bytes there will be in all.
  void expect(std::uint64_t bytes) { expected_ = bytes; }
  /// Hands out what has been appended, as far as somebody waits for it. Call it once per turn, after the appends.
  void deliver();
  /// Should the connection stop reading until more is wanted?
  bool full() const noexcept;
  void finish();
  void fail(Failure failure);
  void sourceGone() noexcept { source_ = nullptr; }

  // ---- the reader's side
  Deferred<std::string> bytes(std::size_t limit);
  Deferred<std::optional<std::string>> next();
  bool complete() const noexcept { return ended_ && !failure_; }
  std::shared_ptr<BodySource> unreadSource() const noexcept { return source_ ? source_->unreadSource() : nullptr; }
  std::string& buffer() noexcept { return buffer_; }
  void readerGone() noexcept;
  void onProgress(Body::Progress callback);

 private:
  template <class T> Deferred<T> wait(Trigger<T>& trigger);
  void cancelled();
  void fireFailure();
  void abandon() noexcept;
  void reportProgress();

  Source* source_;
  std::string buffer_;
  std::string what_;                   // for errors: the URL
  Trigger<std::string> all_;
  Trigger<std::optional<std::string>> piece_;
  std::optional<Failure> failure_;
  Body::Progress progress_;
  std::size_t limit_ = 0;
  std::uint64_t expected_ = 0;           // 0: not known
  std::uint64_t received_;
  int references_ = 2;
  bool ended_ = false;
};

}  // namespace weft::http::detail
