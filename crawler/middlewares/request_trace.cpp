#include <weft/crawler/middlewares/request_trace.hpp>

#include <weft/core/clock.hpp>
#include <weft/core/log.hpp>
#include <weft/crawler/feeds/output_file.hpp>
#include <weft/crawler/internal/error_name.hpp>
#include <weft/crawler/json.hpp>
#include <weft/crawler/settings.hpp>
#include <weft/crawler/signals.hpp>
#include <weft/crawler/spider.hpp>

#include <chrono>
#include <cstdint>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <utility>

namespace weft::crawler {

namespace {

using Nanoseconds = std::chrono::nanoseconds;

enum SpanKind : int { kInternal = 1, kClient = 3 };        // SpanKind of opentelemetry/proto/trace/v1
constexpr int kStatusError = 2;                        // Status.StatusCode

std::string hexId(std::uint64_t number) {
  std::string text(16, '0');
  for (auto digit = text.rbegin(); digit != text.rend(); ++digit, number >>= 4) *digit = "0123456789abcdef"[number & 15];
  return text;
}

// A span as it is written: the JSON of OTLP, in which numbers of 64 bits are strings.
class SpanLine {
 public:
  SpanLine(std::string& out, std::string_view service, std::string_view trace, std::string_view parent, std::string_view id, std::string_view name, SpanKind kind) : out_(out) {
    out_ += R"({"resourceSpans":[{"resource":{"attributes":[{"key":"service.name","value":{"stringValue":)";
    appendJsonString(out_, service);
    out_ += R"(}}]},"scopeSpans":[{"scope":{"name":"weft.crawler"},"spans":[{"traceId":")";
    out_.append(trace).append(R"(","spanId":")").append(id);
    if (!parent.empty()) out_.append(R"(","parentSpanId":")").append(parent);
    out_ += R"(","name":)";
    appendJsonString(out_, name);
    out_ += R"(,"kind":)" + std::to_string(static_cast<int>(kind)) + R"(,"attributes":[)";
  }
  void attribute(std::string_view key, std::string_view value) {
    begin(key);
    out_ += R"("stringValue":)";
    appendJsonString(out_, value);
    out_ += "}}";
  }
  void attribute(std::string_view key, std::uint64_t value) {
    begin(key);
    out_.append(R"("intValue":")").append(std::to_string(value)).append("\"}}");
  }
  // Those of a time line that begins at `from`; only the parts that took some time.
  void events(Nanoseconds from, const http::ResponseTiming& timing) {
    out_ += R"(],"events":[)";
    const std::pair<std::string_view, Nanoseconds> parts[] = {{"queue", timing.queue},         {"dns", timing.dns}, {"connect", timing.connect}, {"tls", timing.tls},
                                                              {"first_byte", timing.firstByte}, {"body", timing.body.value_or(Nanoseconds(0))}};
    bool first = true;
    for (const auto& [name, took] : parts) {
      if (took <= Nanoseconds(0)) continue;
      from += took;
      out_ += std::exchange(first, false) ? "{" : ",{";
      out_.append(R"("timeUnixNano":")").append(std::to_string(from.count())).append(R"(","name":")").append(name).append("\"}");
    }
  }
  void end(Nanoseconds from, Nanoseconds to, const std::optional<std::string>& error) {
    out_.append(R"(],"startTimeUnixNano":")").append(std::to_string(from.count())).append(R"(","endTimeUnixNano":")").append(std::to_string(to.count())).append(R"(","status":{)");
    if (error) {
      out_ += R"("code":)" + std::to_string(kStatusError) + R"(,"message":)";
      appendJsonString(out_, *error);
    }
    out_ += "}}]}]}]}\n";
  }

 private:
  void begin(std::string_view key) {
    out_ += std::exchange(first_, false) ? R"({"key":")" : R"(,{"key":")";
    out_.append(key).append(R"(","value":{)");
  }

  std::string& out_;
  bool first_ = true;
};

}  // namespace

struct RequestTrace::State {
  State(const CrawlContext& crawl, std::string service)
      : clock(crawl.clock), service(std::move(service)), file(crawl.settings.traceFile, OutputFile::Mode::Append), random(std::random_device()()) {
    zero = std::chrono::duration_cast<Nanoseconds>(std::chrono::system_clock::now().time_since_epoch()) - clock.now();
    begin = now();
    trace = hexId(random()) + hexId(random());
    root = hexId(random());
  }

  // Since 1970, by the crawl's clock.
  Nanoseconds now() const { return zero + clock.now(); }

  // Has `write` append a line, unless the file has failed.
  template <class Write> void line(Write write) noexcept {
    if (closed) return;
    try {
      write(file.buffer());
      file.lineAdded();
    } catch (const std::exception& error) {
      giveUp(error);
    }
  }

  void attempt(const Request& request, Nanoseconds from, Outcome<Response>& outcome) {
    line([&](std::string& out) {
      SpanLine span(out, service, trace, root, hexId(random()), request.method(), kClient);
      span.attribute("http.request.method", request.method());
      span.attribute("url.full", request.url.href());
      span.attribute("server.address", request.url.host());
      span.attribute("server.port", static_cast<std::uint64_t>(request.url.effectivePort()));
      span.attribute("weft.depth", static_cast<std::uint64_t>(request.depth));
      if (request.retryTimes > 0) span.attribute("weft.retry", static_cast<std::uint64_t>(request.retryTimes));
      std::optional<std::string> error;
      http::ResponseTiming timing;
      if (outcome) {
        timing = outcome->timing;
        span.attribute("http.response.status_code", static_cast<std::uint64_t>(outcome->status));
        span.attribute("http.response.body.size", static_cast<std::uint64_t>(outcome->body.size()));
        std::string flags;
        for (const std::string& flag : outcome->flags) flags += (flags.empty() ? "" : ",") + flag;
        if (!flags.empty()) span.attribute("weft.flags", flags);
        if (outcome->status >= 400) {
          span.attribute("error.type", std::to_string(outcome->status));
          error = "status " + std::to_string(outcome->status);
        }
      } else {
        span.attribute("error.type", errorName(outcome.failure()));
        error = outcome.failure().what();
      }
      span.events(from, timing);
      span.end(from, now(), error);
    });
  }

  void close() {
    line([&](std::string& out) {
      SpanLine span(out, service, trace, {}, root, "crawl " + service, kInternal);
      span.events(begin, {});
      span.end(begin, now(), {});
    });
    if (std::exchange(closed, true)) return;
    try {
      file.close();
    } catch (const std::exception& error) {
      giveUp(error);
    }
  }

  void giveUp(const std::exception& error) noexcept {
    closed = true;
    log::error("weft.crawler.trace", "The trace ends here: ", error.what(), "; TRACE_FILE names another file");
  }

  Clock& clock;
  const std::string service;
  OutputFile file;
  std::mt19937_64 random;                              // ids need not be secret
  Nanoseconds zero{}, begin{};
  std::string trace, root;
  bool closed = false;
};

RequestTrace::RequestTrace() : DownloaderMiddleware("RequestTrace", 860) {}
RequestTrace::~RequestTrace() = default;

void RequestTrace::open(const CrawlContext& crawl) {
  state_ = std::make_shared<State>(crawl, crawl.spider.name);
  crawl.signals.engineStopped.connect([state = state_] { state->close(); });
}

Deferred<Response> RequestTrace::fetch(std::shared_ptr<const Request> request, Downloader& next) {
  const Nanoseconds from = state_->now();
  std::shared_ptr<const Request> told = request;
  return next.fetch(std::move(request)).addBoth([state = state_, told = std::move(told), from](Outcome<Response> outcome) -> Outcome<Response> {
    state->attempt(*told, from, outcome);
    return outcome;
  });
}

}  // namespace weft::crawler
