#include <weft/crawler/dashboard/crawl_snapshot.hpp>

#include <weft/crawler/internal/number_text.hpp>

#include <algorithm>
#include <cstdio>
#include <utility>

namespace weft::crawler {

namespace {

using http::Json;

template <class Number> Json count(Number number) { return Json(static_cast<std::int64_t>(number)); }

// Thousandths are enough to draw with.
Json rounded(double value) { return Json(static_cast<double>(static_cast<std::int64_t>(value * 1000 + 0.5)) / 1000); }

template <class F> Json column(const std::vector<SeriesPoint>& series, F field) {
  Json::Array values;
  values.reserve(series.size());
  for (const SeriesPoint& point : series) values.push_back(field(point));
  return values;
}

std::string secondsText(double seconds) {
  char text[32];
  std::snprintf(text, sizeof text, seconds < 1 ? "%.3f s" : "%.1f s", seconds);
  return text;
}

}  // namespace

void LatencyHistogram::add(double seconds) noexcept {
  const auto bucket = std::lower_bound(kBounds.begin(), kBounds.end(), seconds);       // a bound is part of its bucket
  ++counts[static_cast<std::size_t>(bucket - kBounds.begin())];
  ++count;
  sum += seconds;
}

double LatencyHistogram::quantile(double part) const noexcept {
  const double wanted = part * static_cast<double>(count);
  double before = 0;
  for (std::size_t at = 0; at < kBounds.size(); ++at) {
    const auto here = static_cast<double>(counts[at]);
    const double least = at ? kBounds[at - 1] : 0;
    if (here > 0 && before + here >= wanted) return least + (kBounds[at] - least) * (wanted - before) / here;
    before += here;
  }
  return count ? kBounds.back() : 0;
}

const char* stateName(CrawlSnapshot::State state) noexcept {
  constexpr const char* kNames[] = {"running", "paused", "closing", "ended"};
  return kNames[static_cast<std::size_t>(state)];
}

http::Json toJson(const CrawlSnapshot& snapshot) {
  Json::Object statuses;
  for (const auto& [status, responses] : snapshot.statuses) statuses.emplace_back(std::to_string(status), count(responses));
  Json::Array hosts, errors, items, settings;
  for (const HostSnapshot& host : snapshot.hosts) {
    hosts.push_back(Json::Object{{"name", host.name},
                                 {"responses", count(host.responses)},
                                 {"bytes", count(host.bytes)},
                                 {"errors", count(host.errors)},
                                 {"median", rounded(host.latency.quantile(0.5))},
                                 {"waiting", count(host.waiting)},
                                 {"active", host.active},
                                 {"concurrency", host.concurrency},
                                 {"delay", rounded(host.delay)},
                                 {"why", host.why}});
  }
  for (const CrawlSnapshot::Error& error : snapshot.errorsSeen) errors.push_back(Json::Object{{"at", rounded(error.at)}, {"url", error.url}, {"cause", error.cause}, {"tries", error.tries}});
  for (const CrawlSnapshot::SampledItem& item : snapshot.itemsSeen) items.push_back(Json::Object{{"at", rounded(item.at)}, {"json", item.json}});
  for (const CrawlSnapshot::Setting& setting : snapshot.settings) settings.push_back(Json::Object{{"name", setting.name}, {"value", setting.value}, {"origin", setting.origin}});
  const auto& series = snapshot.series;
  return Json(Json::Object{
      {"spider", snapshot.spider},
      {"target", snapshot.target},
      {"state", stateName(snapshot.state)},
      {"close_reason", snapshot.closeReason},
      {"began_at", snapshot.beganAt},
      {"elapsed", rounded(snapshot.elapsed)},
      {"pages", count(snapshot.pages())},
      {"done", count(snapshot.counts.done)},
      {"failed", count(snapshot.counts.failed)},
      {"dropped", count(snapshot.counts.dropped)},
      {"pending", count(snapshot.counts.pending)},
      {"in_flight", count(snapshot.counts.leased)},
      {"items", count(snapshot.items)},
      {"responses", count(snapshot.responses)},
      {"bytes", count(snapshot.bytes)},
      {"errors", count(snapshot.errors)},
      {"latency", Json::Object{{"median", rounded(snapshot.latency.quantile(0.5))}, {"p95", rounded(snapshot.latency.quantile(0.95))}, {"mean", rounded(snapshot.latency.mean())}}},
      {"statuses", std::move(statuses)},
      {"concurrency", snapshot.concurrency},
      {"host_concurrency", snapshot.hostConcurrency},
      {"delay", rounded(snapshot.delay)},
      {"host_count", count(snapshot.hostCount)},
      {"hosts", std::move(hosts)},
      {"step", snapshot.step},
      {"series", Json::Object{{"pages", column(series, [](const SeriesPoint& p) { return count(p.pages); })},
                              {"bytes", column(series, [](const SeriesPoint& p) { return count(p.bytes); })},
                              {"errors", column(series, [](const SeriesPoint& p) { return count(p.errors); })},
                              {"items", column(series, [](const SeriesPoint& p) { return count(p.items); })},
                              {"latency", column(series, [](const SeriesPoint& p) { return p.answers ? rounded(p.latency / static_cast<double>(p.answers)) : Json(); })},
                              {"pending", column(series, [](const SeriesPoint& p) { return count(p.pending); })},
                              {"in_flight", column(series, [](const SeriesPoint& p) { return count(p.inFlight); })}}},
      {"recent_errors", std::move(errors)},
      {"recent_items", std::move(items)},
      {"settings", std::move(settings)},
  });
}

std::vector<std::string> stateLines(const CrawlSnapshot& snapshot) {
  std::vector<std::string> lines{snapshot.spider + " is " + stateName(snapshot.state) + " after " + secondsText(snapshot.elapsed) + ": " + grouped(snapshot.pages()) + " pages, " + grouped(snapshot.items) + " items, " +
                                 grouped(snapshot.bytes) + " bytes, " + grouped(snapshot.errors) + " errors; " + grouped(snapshot.counts.pending) + " pending, " + grouped(snapshot.counts.leased) + " of " +
                                 std::to_string(snapshot.concurrency) + " in flight; latency " + secondsText(snapshot.latency.quantile(0.5)) + " (median), " + secondsText(snapshot.latency.quantile(0.95)) + " (95 %)"};
  for (const HostSnapshot& host : snapshot.hosts) {
    lines.push_back((host.name.empty() ? std::string("other hosts") : host.name) + ": " + grouped(host.responses) + " responses, " + grouped(host.errors) + " errors, " + grouped(host.waiting) + " pending");
    if (!host.why.empty()) lines.back() += "; " + host.why;
  }
  for (const CrawlSnapshot::Error& error : snapshot.errorsSeen) lines.push_back("failed after " + secondsText(error.at) + ": " + error.url + ": " + error.cause);
  return lines;
}

}  // namespace weft::crawler
