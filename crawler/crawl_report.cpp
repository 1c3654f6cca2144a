#include <weft/crawler/internal/crawl_report.hpp>

#include <weft/core/log.hpp>
#include <weft/http/response.hpp>

#include <algorithm>
#include <charconv>

namespace weft::crawler {

namespace {

constexpr std::size_t kFailuresShown = 10;

template <class Number> std::string grouped(Number number) {                   // 12345 -> "12,345"
  std::string digits = std::to_string(number);
  for (std::size_t at = digits.size(); at > 3;) digits.insert(at -= 3, ",");
  return digits;
}

std::string fixed(double value, int decimals) {
  char text[64];
  return std::string(text, std::to_chars(text, text + sizeof text, value, std::chars_format::fixed, decimals).ptr);
}

std::string bytesText(std::int64_t bytes) {
  if (bytes < 10'000) return grouped(bytes) + " bytes";
  if (bytes < 10'000'000) return fixed(static_cast<double>(bytes) / 1e3, 1) + " kB";
  return fixed(static_cast<double>(bytes) / 1e6, 1) + " MB";
}

void line(std::string& out, std::string_view label, std::string_view value) {
  out += "  ";
  out += label;
  out.append(label.size() < 12 ? 12 - label.size() : 1, ' ');
  out += value;
  out += '\n';
}

}  // namespace

std::string crawlReport(const Engine& engine, std::string_view outputs) {
  const FrontierCounts counts = engine.counts();
  const Stats& stats = engine.stats();
  const double seconds = std::chrono::duration<double>(engine.elapsed()).count();
  const std::uint64_t ended = counts.done + counts.failed + counts.dropped;
  std::string out = grouped(ended) + (ended == 1 ? " page" : " pages") + " in " + fixed(seconds, seconds < 10 ? 2 : 0) + " s";
  if (seconds > 0) out += " (" + grouped(static_cast<std::int64_t>(static_cast<double>(ended) / seconds)) + " a second): ";
  else out += ": ";
  out += engine.closeReason();
  out += '\n';

  std::uint64_t answered = 0;
  for (const auto& [status, pages] : engine.pageStatuses()) {
    answered += pages;
    line(out, "status " + std::to_string(status), grouped(pages) + (http::reasonPhrase(status).empty() ? "" : "  " + std::string(http::reasonPhrase(status))));
  }
  if (ended > answered) line(out, "no answer", grouped(ended - answered));
  const std::int64_t items = stats.getValue("item_scraped_count");
  line(out, "items", grouped(items) + (outputs.empty() ? "" : " in " + std::string(outputs)));
  line(out, "received", bytesText(stats.getValue("downloader/response_bytes")));
  std::string sum = grouped(counts.enqueued) + " enqueued = " + grouped(counts.done) + " done + " + grouped(counts.failed) + " failed + " +
                    grouped(counts.dropped) + " dropped + " + grouped(counts.pending + counts.leased) + " pending";
  line(out, "requests", sum);
  if (counts.retried) line(out, "retries", grouped(counts.retried));
  if (counts.overflowed) line(out, "no room for", grouped(counts.overflowed) + " (SCHEDULER_MAX_PENDING)");
  if (counts.failed) {
    const auto& failed = engine.failedPages();
    for (std::size_t i = 0; i < std::min(failed.size(), kFailuresShown); ++i) {
      std::string text;
      weft::detail::appendEscaped(text, failed[i].url + ": " + failed[i].cause);
      line(out, i ? "" : "failed", text + (failed[i].tries > 1 ? " (" + std::to_string(failed[i].tries) + " tries)" : ""));
    }
    if (counts.failed > kFailuresShown) line(out, "", "and " + grouped(counts.failed - kFailuresShown) + " more");
  }
  return out;
}

}  // namespace weft::crawler
