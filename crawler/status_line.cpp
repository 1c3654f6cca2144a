#include <weft/crawler/internal/status_line.hpp>

#include <weft/crawler/internal/number_text.hpp>
#include <weft/crawler/politeness/politeness.hpp>
#include <weft/crawler/settings.hpp>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <limits>
#include <utility>
#include <vector>

#include <poll.h>
#include <sys/ioctl.h>
#include <unistd.h>

namespace weft::crawler {

namespace {

constexpr double kInterval = 0.25;                     // seconds
constexpr std::size_t kWindow = 8;                     // intervals that the rate is taken over
constexpr int kLookEvery = 4;                          // ticks from one look at all hosts to the next
constexpr double kMostLeft = 100 * 3600;               // seconds; what would take longer is anybody's guess
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

// The host's name and why it waits; it may have been called anything by a spider, and a cause may quote a server.
std::string waitsText(const CrawlStatus& status) {
  std::string text = status.waits;
  for (char& character : text)
    if (static_cast<unsigned char>(character) < 0x20 || character == 0x7f) character = '?';
  if (status.alsoWaiting) text += " (+" + grouped(status.alsoWaiting) + (status.alsoWaiting == 1 ? " host)" : " hosts)");
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
  if (status.left) parts.push_back(timeText(*status.left) + " left");
  if (!status.waits.empty()) parts.push_back(waitsText(status));
  std::string text;
  for (const std::string& part : parts) {
    const std::size_t gap = text.empty() ? 0 : 2;
    if (text.size() + gap + part.size() > columns) break;
    text.append(gap, ' ').append(part);
  }
  return text;
}

std::optional<std::chrono::seconds> timeLeft(const CrawlStatus& status, const Settings& settings) {
  const double elapsed = std::chrono::duration<double>(status.elapsed).count();
  double least = std::numeric_limits<double>::infinity();
  if (settings.closespiderTimeout > 0) least = std::min(least, settings.closespiderTimeout - elapsed);
  if (settings.closespiderPagecount > 0 && status.pagesPerSecond > 0)
    least = std::min(least, (static_cast<double>(settings.closespiderPagecount) - static_cast<double>(status.pages)) / status.pagesPerSecond);
  if (settings.closespiderItemcount > 0 && status.items > 0)
    least = std::min(least, static_cast<double>(settings.closespiderItemcount - status.items) * elapsed / static_cast<double>(status.items));
  if (least > kMostLeft) return std::nullopt;
  return std::chrono::seconds(static_cast<std::int64_t>(std::max(0.0, least)));
}

StatusLine::StatusLine(int descriptor, const Engine& engine, Politeness& politeness, const Settings& settings, Clock& clock, bool logs)
    : line_(std::make_shared<TerminalLine>(descriptor)), engine_(engine), politeness_(politeness), settings_(settings), clock_(clock), logs_(logs) {
  if (logs_) before_ = setLogSink([line = line_](const LogRecord& record) { line->print(formatLogRecord(record)); });
  call_ = clock_.callLater(kInterval, [this] { tick(); });
}

StatusLine::~StatusLine() {
  if (call_.active()) call_.cancel();
  line_->show({});
  if (logs_) setLogSink(std::move(before_));
}

// Each of the hosts that requests wait for, and that may not be asked now.
void StatusLine::lookAtHosts() {
  const Slot* chief = nullptr;
  std::size_t count = 0;
  politeness_.eachSlot([&](const Slot& slot) {
    if (!slot.waiting || politeness_.readyAt(slot) <= clock_.now()) return;
    ++count;
    if (!chief || slot.waiting > chief->waiting || (slot.waiting == chief->waiting && slot.name < chief->name)) chief = &slot;
  });
  waits_ = chief ? politeness_.why(chief->name) : std::string();
  alsoWaiting_ = count ? count - 1 : 0;
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
  if (!closing_) {
    if (ticks_++ % kLookEvery == 0) lookAtHosts();
    status.left = timeLeft(status, settings_);
    status.waits = waits_;
    status.alsoWaiting = alsoWaiting_;
  }
  pages_.push_back(status.pages);
  if (pages_.size() > kWindow) pages_.pop_front();
  line_->show(statusText(status, line_->columns()));
}

}  // namespace weft::crawler
