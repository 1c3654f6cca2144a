#include <weft/crawler/dashboard/open_metrics.hpp>

#include <charconv>
#include <cstdint>
#include <initializer_list>
#include <type_traits>
#include <utility>

namespace weft::crawler {

namespace {

using Labels = std::initializer_list<std::pair<std::string_view, std::string_view>>;

class Text {
 public:
  void family(std::string_view name, std::string_view type, std::string_view help, std::string_view unit = {}) {
    out_.append("# TYPE ").append(name).append(" ").append(type).append("\n");
    if (!unit.empty()) out_.append("# UNIT ").append(name).append(" ").append(unit).append("\n");
    out_.append("# HELP ").append(name).append(" ").append(help).append("\n");
  }
  template <class Number> void sample(std::string_view name, Labels labels, Number value) {
    out_.append(name);
    char before = '{';
    for (const auto& [label, text] : labels) {
      out_ += std::exchange(before, ',');
      out_.append(label).append("=\"");
      for (const char c : text) {
        if (c == '\\' || c == '"') out_ += '\\';
        if (c == '\n') out_.append("\\n");
        else out_ += c;
      }
      out_ += '"';
    }
    if (before == ',') out_ += '}';
    out_ += ' ';
    number(value);
    out_ += '\n';
  }
  void histogram(const std::string& name, std::string_view host, const LatencyHistogram& latency) {
    std::uint64_t below = 0;
    const auto bucket = [&](std::string_view bound) {
      if (host.empty()) sample(name + "_bucket", {{"le", bound}}, below);
      else sample(name + "_bucket", {{"host", host}, {"le", bound}}, below);
    };
    for (std::size_t at = 0; at < LatencyHistogram::kBounds.size(); ++at) {
      below += latency.counts[at];
      char text[32];
      const double bound = LatencyHistogram::kBounds[at];
      const auto end = std::to_chars(text, text + sizeof text, bound).ptr;
      std::string shown(text, end);
      if (shown.find('.') == std::string::npos) shown += ".0";         // canonical numbers have a point
      bucket(shown);
    }
    below = latency.count;
    bucket("+Inf");
    if (host.empty()) {
      sample(name + "_count", {}, latency.count);
      sample(name + "_sum", {}, latency.sum);
    } else {
      sample(name + "_count", {{"host", host}}, latency.count);
      sample(name + "_sum", {{"host", host}}, latency.sum);
    }
  }
  std::string end() && { return std::move(out_) + "# EOF\n"; }

 private:
  template <class Number> void number(Number value) {
    char text[64];
    out_.append(text, std::to_chars(text, text + sizeof text, value).ptr);
  }
  std::string out_;
};

std::string_view hostLabel(const HostSnapshot& host) { return host.name.empty() ? std::string_view("(other)") : std::string_view(host.name); }

}  // namespace

std::string openMetrics(const CrawlSnapshot& snapshot) {
  Text text;
  text.family("weft_crawl", "info", "The crawl.");
  text.sample("weft_crawl_info", {{"spider", snapshot.spider}, {"target", snapshot.target}}, 1);
  text.family("weft_crawl_state", "stateset", "What the crawl is doing.");
  for (const char* state : {"running", "paused", "closing", "ended"}) text.sample("weft_crawl_state", {{"weft_crawl_state", state}}, static_cast<int>(state == std::string_view(stateName(snapshot.state))));
  text.family("weft_elapsed_seconds", "gauge", "Since the crawl began.", "seconds");
  text.sample("weft_elapsed_seconds", {}, snapshot.elapsed);
  text.family("weft_pages", "counter", "Requests that have ended, by how; over all runs of a job.");
  text.sample("weft_pages_total", {{"outcome", "done"}}, snapshot.counts.done);
  text.sample("weft_pages_total", {{"outcome", "failed"}}, snapshot.counts.failed);
  text.sample("weft_pages_total", {{"outcome", "dropped"}}, snapshot.counts.dropped);
  text.family("weft_items", "counter", "Items that were written.");
  text.sample("weft_items_total", {}, snapshot.items);
  text.family("weft_pending_requests", "gauge", "Requests that wait.");
  text.sample("weft_pending_requests", {}, snapshot.counts.pending);
  text.family("weft_in_flight_requests", "gauge", "Requests that are being worked on.");
  text.sample("weft_in_flight_requests", {}, snapshot.counts.leased);
  text.family("weft_concurrency", "gauge", "Requests that may be in flight at once.");
  text.sample("weft_concurrency", {}, snapshot.concurrency);
  text.family("weft_requests", "counter", "Attempts, retries and redirects among them.");
  text.sample("weft_requests_total", {}, snapshot.requests);
  text.family("weft_responses", "counter", "Responses by status.");
  for (const auto& [status, responses] : snapshot.statuses) text.sample("weft_responses_total", {{"status", std::to_string(status)}}, responses);
  text.family("weft_errors", "counter", "Attempts without a response, and responses of 500 and above.");
  text.sample("weft_errors_total", {}, snapshot.errors);
  text.family("weft_response_bytes", "counter", "Bytes of bodies.", "bytes");
  text.sample("weft_response_bytes_total", {}, snapshot.bytes);
  text.family("weft_latency_seconds", "histogram", "From a request to the head of its response.", "seconds");
  text.histogram("weft_latency_seconds", {}, snapshot.latency);

  const auto byHost = [&](std::string_view name, std::string_view type, std::string_view help, std::string_view unit, auto field) {
    text.family(name, type, help, unit);
    const std::string sample = std::string(name) + (type == "counter" ? "_total" : "");
    for (const HostSnapshot& host : snapshot.hosts) text.sample(sample, {{"host", hostLabel(host)}}, field(host));
  };
  byHost("weft_host_requests", "counter", "Attempts, by host.", {}, [](const HostSnapshot& host) { return host.requests; });
  byHost("weft_host_responses", "counter", "Responses, by host.", {}, [](const HostSnapshot& host) { return host.responses; });
  byHost("weft_host_errors", "counter", "Attempts without a response, and responses of 500 and above, by host.", {}, [](const HostSnapshot& host) { return host.errors; });
  byHost("weft_host_response_bytes", "counter", "Bytes of bodies, by host.", "bytes", [](const HostSnapshot& host) { return host.bytes; });
  byHost("weft_host_pending_requests", "gauge", "Requests that wait, by host.", {}, [](const HostSnapshot& host) { return host.waiting; });
  byHost("weft_host_in_flight_requests", "gauge", "Requests that are being worked on, by host.", {}, [](const HostSnapshot& host) { return host.active; });
  byHost("weft_host_delay_seconds", "gauge", "From one request to the next, by host.", "seconds", [](const HostSnapshot& host) { return host.delay; });
  text.family("weft_host_latency_seconds", "histogram", "From a request to the head of its response, by host.", "seconds");
  for (const HostSnapshot& host : snapshot.hosts) text.histogram("weft_host_latency_seconds", hostLabel(host), host.latency);
  return std::move(text).end();
}

}  // namespace weft::crawler
