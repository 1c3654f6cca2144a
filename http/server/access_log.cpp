#include <weft/http/server/access_log.hpp>

#include <weft/core/log.hpp>
#include <weft/core/reactor.hpp>
#include <weft/defer/threads.hpp>
#include <weft/http/file_error.hpp>
#include <weft/http/internal/loggers.hpp>

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>
#include <ctime>
#include <mutex>
#include <string_view>
#include <utility>

namespace weft::http {
namespace {

constexpr Delay kLatest = 1;
constexpr std::size_t kEnough = 64 * 1024;               // is written without waiting for more
constexpr std::size_t kMost = 8 * 1024 * 1024;           // waits at most

// The file. Any thread.
class LogFile {
 public:
  explicit LogFile(std::string path) : path_(std::move(path)) { open(); }
  LogFile(const LogFile&) = delete;
  LogFile& operator=(const LogFile&) = delete;
  ~LogFile() {
    if (file_ >= 0) ::close(file_);
  }

  void reopen() {
    const std::lock_guard lock(mutex_);
    if (file_ >= 0) ::close(std::exchange(file_, -1));
    open();
  }
  void write(std::string_view bytes) {
    const std::lock_guard lock(mutex_);
    if (file_ < 0) open();
    while (!bytes.empty()) {
      const ssize_t written = ::write(file_, bytes.data(), bytes.size());
      if (written < 0 && errno == EINTR) continue;
      if (written < 0) throw FileError("writing", path_, errno);
      bytes.remove_prefix(static_cast<std::size_t>(written));
    }
  }

 private:
  void open() {
    file_ = ::open(path_.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0640);
    if (file_ < 0) throw FileError("opening", path_, errno);
  }
  const std::string path_;
  std::mutex mutex_;
  int file_ = -1;
};

void appendQuoted(std::string& line, std::string_view text) {
  static constexpr char kHex[] = "0123456789abcdef";
  line += '"';
  if (text.empty()) line += '-';
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') line.append("\\").push_back(c);
    else if (byte >= 0x20 && byte < 0x7F) line += c;
    else line.append("\\x").append({kHex[byte >> 4], kHex[byte & 15]});
  }
  line += '"';
}

std::string timeText(std::chrono::system_clock::time_point at) {
  static constexpr std::array<std::string_view, 12> kMonths{"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const std::time_t seconds = std::chrono::system_clock::to_time_t(at);
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  const auto two = [](int value) { return std::string(value < 10 ? "0" : "").append(std::to_string(value)); };
  return two(parts.tm_mday).append("/").append(kMonths[static_cast<std::size_t>(parts.tm_mon)]).append("/").append(std::to_string(parts.tm_year + 1900)).append(":").append(two(parts.tm_hour))
      .append(":").append(two(parts.tm_min)).append(":").append(two(parts.tm_sec)).append(" +0000");
}

}  // namespace

std::string combinedLine(const AccessEntry& entry) {
  std::string line = entry.client ? entry.client.host() : "-";
  if (line.empty()) line = "-";
  line.append(" - - [").append(timeText(entry.at)).append("] ");
  std::string request;
  if (!entry.method.empty()) {
    request.append(entry.method).append(" ").append(entry.target).append(" HTTP/").append(std::to_string(entry.majorVersion));
    if (entry.majorVersion < 2) request.append(".").append(std::to_string(entry.minorVersion));
  }
  appendQuoted(line, request);
  line.append(" ").append(entry.status ? std::to_string(entry.status) : "499").append(" ");
  line.append(entry.bytes ? std::to_string(entry.bytes) : "-").append(" ");
  appendQuoted(line, entry.referer);
  line += ' ';
  appendQuoted(line, entry.userAgent);
  return line;
}

// ---- AccessLog

struct AccessLog::State {
  State(Reactor& reactor, std::string path) : reactor(reactor), file(std::make_shared<LogFile>(std::move(path))) {}

  Reactor& reactor;
  const std::shared_ptr<LogFile> file;
  std::string waiting;
  std::uint64_t lines = 0;                               // of `waiting`
  std::uint64_t lost = 0;
  DelayedCall timer;
  bool writing = false;
  bool failing = false;

  static void flush(const std::shared_ptr<State>& self) {
    if (self->timer.active()) self->timer.cancel();
    if (self->writing || self->waiting.empty()) return;
    self->writing = true;
    const std::uint64_t lines = std::exchange(self->lines, 0);
    deferToThread(self->reactor, [file = self->file, bytes = std::exchange(self->waiting, {})] { file->write(bytes); })
        .addBoth([self, lines](Outcome<> written) {
          self->writing = false;
          if (!written) self->failed(written.failure(), lines);
          else self->failing = false;
          if (self->waiting.size() >= kEnough) flush(self);
          else if (!self->waiting.empty()) self->wait(self);
        })
        .detach();
  }
  void wait(const std::shared_ptr<State>& self) {
    if (timer.active() || writing) return;
    timer = reactor.callLater(kLatest, [weak = std::weak_ptr(self)] {
      if (const auto state = weak.lock()) flush(state);
    });
  }
  void failed(const Failure& failure, std::uint64_t count) {
    lost += count;
    if (std::exchange(failing, true)) return;
    kAccessLog.error("lines of the access log are lost", field("lines", count), field("error", failure.what()));
  }
};

AccessLog::AccessLog(Reactor& reactor, std::string path) : state_(std::make_shared<State>(reactor, std::move(path))) {}

AccessLog::~AccessLog() {
  if (state_->timer.active()) state_->timer.cancel();
  try {
    state_->file->write(std::exchange(state_->waiting, {}));               // behind what a thread is writing
  } catch (...) {
    state_->failed(Failure(), state_->lines);
  }
}

void AccessLog::write(const AccessEntry& entry) {
  if (state_->waiting.size() >= kMost) {
    ++state_->lost;
    return;
  }
  state_->waiting.append(combinedLine(entry)).append("\n");
  ++state_->lines;
  if (state_->waiting.size() >= kEnough) State::flush(state_);
  else state_->wait(state_);
}

void AccessLog::reopen() { state_->file->reopen(); }

std::uint64_t AccessLog::lost() const noexcept { return state_->lost; }

}  // namespace weft::http
