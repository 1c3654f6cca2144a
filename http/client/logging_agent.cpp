#include <weft/http/client/logging_agent.hpp>

#include <weft/http/internal/filtered_body.hpp>

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <utility>

namespace weft::http {
namespace {

// What is known of a request, and is to be said at its end.
class Line {
 public:
  Line(Clock& clock, Logger logger, LogLevel level, LogLevel errorLevel, const Request& request)
      : clock_(&clock), logger_(logger), level_(level), errorLevel_(errorLevel), started_(clock.now()), method_(request.method()), secret_(request.url.href()),
        url_(request.url.withCredentialsRemoved().withoutFragment()) {}

  void setResponse(const Response& response) {
    status_ = response.status;
    fromCache_ = response.history().cache != CacheUse::None;
  }

  void ended(std::uint64_t bytes, std::string_view how = {}) const {
    const std::string time = seconds();
    logger_.log(level_, method_, " ", url_, " ", status_, ": ", bytes, bytes == 1 ? " byte in " : " bytes in ", time, " s", fromCache_ ? ", from the cache" : "", how, field("method", method_), field("url", url_), field("status", status_),
                field("bytes", bytes), field("seconds", time));
  }
  void failed(const Failure& failure, std::uint64_t bytes) const {
    const std::string time = seconds();
    const std::string text = withoutSecrets(failure.what());
    logger_.log(errorLevel_, method_, " ", url_, status_ ? " " + std::to_string(status_) : std::string(), ": ", failure.check<CancelledError>() ? "cancelled after " : "failed after ",
                status_ ? std::to_string(bytes) + " bytes, " : std::string(), time, " s: ", text, field("method", method_), field("url", url_), field("status", status_), field("bytes", bytes),
                field("seconds", time), field("error", failure.typeName()));
  }

 private:
  std::string seconds() const {
    char text[32];
    std::snprintf(text, sizeof text, "%.6g", std::chrono::duration<double>(clock_->now() - started_).count());
    return text;
  }
  // Errors name the URL as it was asked for.
  std::string withoutSecrets(std::string text) const {
    if (secret_ == url_) return text;
    for (std::size_t at = 0; (at = text.find(secret_, at)) != std::string::npos; at += url_.size()) text.replace(at, secret_.size(), url_);
    return text;
  }

  Clock* clock_;
  Logger logger_;
  LogLevel level_, errorLevel_;
  std::chrono::nanoseconds started_;
  std::string method_, secret_, url_;
  int status_ = 0;
  bool fromCache_ = false;
};

class Counting final : public detail::BodyFilter {
 public:
  explicit Counting(Line line) : line_(std::move(line)) {}
  ~Counting() override {
    if (!said_) line_.ended(bytes_, ", then it was dropped");
  }
  bool filter(std::string& piece, std::size_t& at, std::string& out, std::size_t) override {
    bytes_ += piece.size() - at;
    pass(piece, at, out);
    return false;
  }
  void finish() override {
    said_ = true;
    line_.ended(bytes_);
  }
  Failure failed(Failure failure) override {
    said_ = true;
    line_.failed(failure, bytes_);
    return failure;
  }

 private:
  Line line_;
  std::uint64_t bytes_ = 0;
  bool said_ = false;
};

}  // namespace

LoggingAgent::LoggingAgent(AnyAgent& agent, Clock& clock, LoggingOptions options)
    : agent_(agent), clock_(clock), logger_(options.name), level_(options.level), errorLevel_(options.errorLevel) {}

Deferred<Response> LoggingAgent::request(Request request) {
  if (!logger_.enabled(level_) && !logger_.enabled(errorLevel_)) return agent_.request(std::move(request));
  Line line(clock_, logger_, level_, errorLevel_, request);
  return maybeDeferred([&] { return agent_.request(std::move(request)); }).addBoth([line = std::move(line)](Outcome<Response> outcome) mutable -> Outcome<Response> {
    if (!outcome) {
      line.failed(outcome.failure(), 0);
      return outcome;
    }
    line.setResponse(*outcome);
    if (outcome->body.complete()) {
      line.ended(outcome->body.buffered().size());
    } else {
      const std::string url = outcome->url.href();
      const std::uint64_t expected = outcome->contentLength().value_or(0);
      outcome->body = detail::filteredBody(std::move(outcome->body), std::make_unique<Counting>(std::move(line)), url, expected);
    }
    return outcome;
  });
}

}  // namespace weft::http
