#include <weft/crawler/internal/crawl_report.hpp>

#include <weft/core/log.hpp>
#include <weft/crawler/internal/number_text.hpp>
#include <weft/http/response.hpp>

#include <algorithm>
#include <charconv>
#include <utility>
#include <vector>

namespace weft::crawler {

namespace {

constexpr std::size_t kFailuresShown = 10;

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

// One line for each cause, with the first page that it befell.
void appendFailures(std::string& out, const std::vector<FailedPage>& failed, std::uint64_t all) {
  std::vector<std::pair<const FailedPage*, std::uint64_t>> causes;
  std::uint64_t unnamed = all - failed.size();
  for (const FailedPage& page : failed) {
    const auto same = std::find_if(causes.begin(), causes.end(), [&page](const auto& cause) { return cause.first->cause == page.cause; });
    if (same != causes.end()) ++same->second;
    else if (causes.size() < kFailuresShown) causes.emplace_back(&page, 1);
    else ++unnamed;
  }
  for (const auto& [page, pages] : causes) {
    std::string text;
    weft::detail::appendEscaped(text, page->url);
    text += page->tries > 1 ? " (" + std::to_string(page->tries) + " tries)" : "";
    if (pages > 1) text += " and " + grouped(pages - 1) + " more";
    text += ": ";
    weft::detail::appendEscaped(text, page->cause);
    line(out, "failed", text);
  }
  if (unnamed) line(out, "failed", grouped(unnamed) + " more");
}

}  // namespace

std::string crawlReport(const Engine& engine) {
  const FrontierCounts counts = engine.counts();
  const Stats& stats = engine.stats();
  const double seconds = std::chrono::duration<double>(engine.elapsed()).count();
  const std::uint64_t ended = counts.done + counts.failed + counts.dropped - engine.earlier();
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
  const auto forbidden = static_cast<std::uint64_t>(stats.getValue("robotstxt/forbidden"));
  if (ended > answered + forbidden) line(out, "no answer", grouped(ended - answered - forbidden));
  if (forbidden) line(out, "forbidden", grouped(forbidden) + " by robots.txt (ROBOTSTXT_OBEY)");
  const auto items = static_cast<std::uint64_t>(stats.getValue("item_scraped_count"));
  if (engine.feeds().empty()) line(out, "items", grouped(items));
  for (const auto& feed : engine.feeds()) {
    std::string text = grouped(feed->written()) + " in ";
    weft::detail::appendEscaped(text, feed->name() == "-" ? std::string_view("the standard output") : feed->name());
    if (feed->written() < items) text += ", " + grouped(items - feed->written()) + " more could not be written";
    line(out, "items", text);
  }
  line(out, "received", bytesText(stats.getValue("downloader/response_bytes")));
  std::string sum = grouped(counts.enqueued) + " enqueued = " + grouped(counts.done) + " done + " + grouped(counts.failed) + " failed + " +
                    grouped(counts.dropped) + " dropped + " + grouped(counts.pending + counts.leased) + " pending";
  line(out, "requests", sum);
  if (engine.earlier()) line(out, "earlier", grouped(engine.earlier()) + " of these were done by earlier runs of the job");
  if (counts.retried) line(out, "retries", grouped(counts.retried));
  if (counts.overflowed) line(out, "no room for", grouped(counts.overflowed) + " (SCHEDULER_MAX_PENDING)");
  appendFailures(out, engine.failedPages(), std::max<std::uint64_t>(counts.failed, engine.failedPages().size()));
  return out;
}

}  // namespace weft::crawler
