#include <weft/core/log.hpp>

#include <algorithm>
#include <array>
#include <cctype>
#include <cstdio>
#include <ctime>
#include <map>
#include <memory>
#include <unistd.h>

namespace weft {
namespace {

constexpr std::array<std::string_view, 6> kNames{"DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL", "OFF"};

// Never destroyed: threads may log while static objects are being destroyed.
struct Registry {
  std::mutex mutex;                                    // of everything but the sink's run
  std::map<std::string, std::unique_ptr<detail::LogCategory>, std::less<>> categories;
  std::map<std::string, LogLevel, std::less<>> levels;
  LogLevel level = LogLevel::Info;
  std::shared_ptr<const LogSink> sink;

  std::mutex running;                                  // one record at a time

  LogLevel threshold(std::string_view name) const {
    if (!sink) return LogLevel::Critical;
    for (std::string_view prefix = name;; prefix = prefix.substr(0, prefix.rfind('.'))) {
      if (const auto found = levels.find(prefix); found != levels.end()) return found->second;
      if (prefix.rfind('.') == prefix.npos) return level;
    }
  }
  void update() {
    for (const auto& [name, category] : categories) category->threshold.store(threshold(name), std::memory_order_relaxed);
  }
};
Registry& registry() {
  static Registry* const instance = new Registry;
  return *instance;
}

thread_local bool inSink = false;

// Length of the UTF-8 sequence at the start of `text`, or 0 if there is none.
std::size_t utf8Length(std::string_view text) noexcept {
  const auto at = [&](std::size_t i) { return i < text.size() ? static_cast<unsigned char>(text[i]) : 0U; };
  const auto tail = [&](std::size_t i) { return (at(i) & 0xC0U) == 0x80U; };
  const unsigned lead = at(0);
  if (lead < 0x80) return 1;
  if (lead >= 0xC2 && lead <= 0xDF) return tail(1) ? 2 : 0;
  if (lead >= 0xE0 && lead <= 0xEF) {
    if ((lead == 0xE0 && at(1) < 0xA0) || (lead == 0xED && at(1) > 0x9F)) return 0;
    return tail(1) && tail(2) ? 3 : 0;
  }
  if (lead >= 0xF0 && lead <= 0xF4) {
    if ((lead == 0xF0 && at(1) < 0x90) || (lead == 0xF4 && at(1) > 0x8F)) return 0;
    return tail(1) && tail(2) && tail(3) ? 4 : 0;
  }
  return 0;
}

void writeLine(std::string line) noexcept {
  line += '\n';
  for (std::string_view rest = line; !rest.empty();) {
    const ssize_t written = ::write(STDERR_FILENO, rest.data(), rest.size());
    if (written <= 0) return;
    rest.remove_prefix(static_cast<std::size_t>(written));
  }
}

}  // namespace

std::string_view logLevelName(LogLevel level) noexcept { return kNames[std::min<std::size_t>(static_cast<std::size_t>(level), kNames.size() - 1)]; }

std::optional<LogLevel> logLevelFromName(std::string_view name) noexcept {
  const auto equal = [&](std::string_view other) {
    return std::ranges::equal(name, other, {}, [](unsigned char c) { return std::toupper(c); }, [](unsigned char c) { return std::toupper(c); });
  };
  for (std::size_t i = 0; i < kNames.size(); ++i)
    if (equal(kNames[i])) return static_cast<LogLevel>(i);
  if (equal("WARN")) return LogLevel::Warning;
  return std::nullopt;
}

LogSink setLogSink(LogSink sink) {
  Registry& r = registry();
  std::shared_ptr<const LogSink> next = sink ? std::make_shared<const LogSink>(std::move(sink)) : nullptr;
  {
    const std::lock_guard lock(r.mutex);
    r.sink.swap(next);
    r.update();
  }
  // The old sink may be running on another thread: when this returns it no longer is, and may be destroyed.
  if (!inSink) const std::lock_guard wait(r.running);
  return next ? *next : LogSink();
}

LogSink stderrLogSink() {
  return [](const LogRecord& record) { writeLine(formatLogRecord(record)); };
}

std::string formatLogRecord(const LogRecord& record) {
  const std::time_t seconds = std::chrono::system_clock::to_time_t(record.time);
  std::tm parts{};
  localtime_r(&seconds, &parts);
  char date[32];
  std::string line(date, std::strftime(date, sizeof date, "%Y-%m-%d %H:%M:%S", &parts));
  line.append(" [").append(record.name).append("] ").append(logLevelName(record.level)).append(": ").append(record.message);
  for (const LogRecord::Field& f : record.fields) {
    line.append(" ").append(f.key).append("=");
    const bool quote = f.value.empty() || f.value.find_first_of(" =\"") != std::string::npos;
    if (quote) line += '"';
    line += f.value;
    if (quote) line += '"';
  }
  return line;
}

void setLogLevel(LogLevel level) {
  Registry& r = registry();
  const std::lock_guard lock(r.mutex);
  r.level = level;
  r.update();
}

void setLogLevel(std::string_view name, LogLevel level) {
  Registry& r = registry();
  const std::lock_guard lock(r.mutex);
  r.levels.insert_or_assign(std::string(name), level);
  r.update();
}

void resetLogLevels() {
  Registry& r = registry();
  const std::lock_guard lock(r.mutex);
  r.levels.clear();
  r.update();
}

namespace detail {

LogCategory& logCategory(std::string_view name) {
  Registry& r = registry();
  const std::lock_guard lock(r.mutex);
  auto found = r.categories.find(name);
  if (found == r.categories.end()) {
    auto category = std::make_unique<LogCategory>(std::string(name), r.threshold(name));
    found = r.categories.emplace(std::string(name), std::move(category)).first;
  }
  return *found->second;
}

void emitLog(const LogCategory& category, LogLevel level, std::string_view message, std::span<const LogRecord::Field> fields) noexcept {
  if (inSink) return;
  try {
    const LogRecord record{level, category.name, message, fields, std::chrono::system_clock::now()};
    Registry& r = registry();
    std::shared_ptr<const LogSink> sink;
    const std::lock_guard run(r.running);
    {
      const std::lock_guard lock(r.mutex);
      sink = r.sink;
    }
    if (!sink) {
      writeLine(formatLogRecord(record));
      return;
    }
    struct Mark {
      Mark() { inSink = true; }
      ~Mark() { inSink = false; }
    } mark;
    (*sink)(record);
  } catch (...) {                                      // the sink's trouble is not the caller's
  }
}

void appendEscaped(std::string& to, std::string_view text) {
  static constexpr char kHex[] = "0123456789abcdef";
  std::size_t plain = 0;                               // start of what has not been copied
  for (std::size_t i = 0; i < text.size();) {
    const auto byte = static_cast<unsigned char>(text[i]);
    if (byte >= 0x20 && byte < 0x7F) {
      ++i;
      continue;
    }
    const std::size_t length = byte >= 0x80 ? utf8Length(text.substr(i)) : 0;
    const bool control = length == 2 && byte == 0xC2 && static_cast<unsigned char>(text[i + 1]) < 0xA0;   // U+0080 to U+009F steer terminals too
    if (length > 0 && !control) {
      i += length;
      continue;
    }
    to.append(text, plain, i - plain);
    for (const std::size_t end = i + std::max<std::size_t>(length, 1); i < end; ++i) {
      const auto bad = static_cast<unsigned char>(text[i]);
      if (bad == '\n') to += "\\n";
      else if (bad == '\r') to += "\\r";
      else if (bad == '\t') to += "\\t";
      else to.append("\\x").append(1, kHex[bad >> 4U]).append(1, kHex[bad & 15U]);
    }
    plain = i;
  }
  to.append(text, plain);
}

}  // namespace detail

std::string Logger::failureText(const Failure& failure) noexcept {
  try {
    return failure.getTraceback();
  } catch (...) {
    return {};
  }
}

LogCapture::LogCapture(LogLevel from) {
  {
    Registry& r = registry();
    const std::lock_guard lock(r.mutex);
    levelBefore_ = r.level;
  }
  setLogLevel(from);
  before_ = setLogSink([this](const LogRecord& record) {
    Entry entry{record.level, std::string(record.name), std::string(record.message), {}};
    for (const LogRecord::Field& f : record.fields) entry.fields.emplace_back(f.key, f.value);
    const std::lock_guard lock(mutex_);
    entries_.push_back(std::move(entry));
  });
}

LogCapture::~LogCapture() {
  setLogSink(std::move(before_));
  setLogLevel(levelBefore_);
}

std::vector<LogCapture::Entry> LogCapture::entries() const {
  const std::lock_guard lock(mutex_);
  return entries_;
}

std::size_t LogCapture::count(LogLevel from) const {
  const std::lock_guard lock(mutex_);
  return static_cast<std::size_t>(std::ranges::count_if(entries_, [&](const Entry& e) { return e.level >= from; }));
}

bool LogCapture::contains(std::string_view text) const {
  const std::lock_guard lock(mutex_);
  return std::ranges::any_of(entries_, [&](const Entry& e) { return e.message.find(text) != std::string::npos; });
}

void LogCapture::clear() {
  const std::lock_guard lock(mutex_);
  entries_.clear();
}

}  // namespace weft
