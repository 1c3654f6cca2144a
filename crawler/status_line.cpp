#include <weft/crawler/internal/status_line.hpp>

#include <weft/crawler/internal/number_text.hpp>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <utility>
#include <vector>

#include <poll.h>
#include <sys/ioctl.h>
#include <unistd.h>

namespace weft::crawler {

namespace {

constexpr double kInterval = 0.25;                     // seconds
constexpr std::size_t kWindow = 8;                     // intervals that the rate is taken over
constexpr std::string_view kClear = "\r\x1b[K";

std::string timeText(std::chrono::nanoseconds elapsed) {
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(elapsed).count();
  char text[48];
  if (seconds >= 3600) std::snprintf(text, sizeof text, "%lld:%02lld:%02lld", static_cast<long long>(seconds / 3600), static_cast<long long>(seconds / 60 % 60), static_cast<long long>(seconds % 60));
  else std::snprintf(text, sizeof text, "%lld:%02lld", static_cast<long long>(seconds / 60), static_cast<long long>(seconds % 60));
  return text;
}

std::string rateText(double rate) {
  if (rate >= 10 || rate == 0) return grouped(static_cast<std::int64_t>(rate)) + "/s";
  char text[32];
  std::snprintf(text, sizeof text, "%.1f/s", rate);
  return text;
}

}  // namespace

bool TerminalLine::possible(int descriptor) {
  if (!::isatty(descriptor)) return false;
  const char* const kind = std::getenv("TERM");
  return kind && *kind && std::string_view(kind) != "dumb";
}

void TerminalLine::show(std::string text) {
  const std::lock_guard lock(mutex_);
  if (text == shown_) return;
  shown_ = std::move(text);
  write(std::string(kClear) + shown_);
}

void TerminalLine::print(std::string_view line) {
  const std::lock_guard lock(mutex_);
  std::string text(shown_.empty() ? std::string_view() : kClear);
  text.append(line).append("\n").append(shown_);
  write(text);
}

std::size_t TerminalLine::columns() const {
  winsize size{};
  if (::ioctl(descriptor_, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return 79;
  return size.ws_col - 1U;
}

void TerminalLine::write(std::string_view text) const {
  while (!text.empty()) {
    const ssize_t written = ::write(descriptor_, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0 && errno == EAGAIN) {              // somebody made the terminal non-blocking
      pollfd room{descriptor_, POLLOUT, 0};
      ::poll(&room, 1, 1000);
      continue;
    }
    if (written <= 0) return;                          // the terminal is gone
    text.remove_prefix(static_cast<std::size_t>(written));
  }
}

std::string statusText(const CrawlStatus& status, std::size_t columns) {
  std::vector<std::string> parts{grouped(status.pages) + (status.pages == 1 ? " page" : " pages")};
  if (status.closing) parts.emplace_back("closing");
  parts.push_back(rateText(status.pagesPerSecond));
  parts.push_back("queue " + grouped(status.queue));
  parts.push_back("in flight " + grouped(status.inFlight));
  if (status.errors) parts.push_back("errors " + grouped(status.errors));
  parts.push_back("items " + grouped(status.items));
  parts.push_back(timeText(status.elapsed));
  std::string text;
  for (const std::string& part : parts) {
    const std::size_t gap = text.empty() ? 0 : 2;
    if (text.size() + gap + part.size() > columns) break;
    text.append(gap, ' ').append(part);
  }
  return text;
}

StatusLine::StatusLine(int descriptor, const Engine& engine, Clock& clock, bool logs)
    : line_(std::make_shared<TerminalLine>(descriptor)), engine_(engine), clock_(clock), logs_(logs) {
  if (logs_) before_ = setLogSink([line = line_](const LogRecord& record) { line->print(formatLogRecord(record)); });
  call_ = clock_.callLater(kInterval, [this] { tick(); });
}

StatusLine::~StatusLine() {
  if (call_.active()) call_.cancel();
  line_->show({});
  if (logs_) setLogSink(std::move(before_));
}

void StatusLine::tick() {
  call_ = clock_.callLater(kInterval, [this] { tick(); });
  const FrontierCounts counts = engine_.counts();
  CrawlStatus status;
  status.pages = counts.done + counts.failed + counts.dropped - engine_.earlier();
  status.queue = counts.pending;
  status.inFlight = counts.leased;
  status.errors = counts.failed;
  status.items = engine_.stats().getValue("item_scraped_count");
  status.elapsed = engine_.elapsed();
  status.closing = closing_;
  if (!pages_.empty()) status.pagesPerSecond = static_cast<double>(status.pages - pages_.front()) / (kInterval * static_cast<double>(pages_.size()));
  pages_.push_back(status.pages);
  if (pages_.size() > kWindow) pages_.pop_front();
  line_->show(statusText(status, line_->columns()));
}

}  // namespace weft::crawler
