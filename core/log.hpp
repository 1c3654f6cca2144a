// The log: what the library has to say, to whoever wants to hear it.
#pragma once

#include <weft/core/failure.hpp>

#include <atomic>
#include <charconv>
#include <chrono>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <initializer_list>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace weft {

enum class LogLevel : std::uint8_t { Debug, Info, Warning, Error, Critical, Off };

/// "DEBUG" … "CRITICAL", as Scrapy and Python write them.
std::string_view logLevelName(LogLevel level) noexcept;
/// The level of that name, in any case; nothing for another word. "WARN" is a WARNING.
std::optional<LogLevel> logLevelFromName(std::string_view name) noexcept;

/// A fact that belongs to a record: `logger.info("fetched", field("url", url), field("status", 200))`.
template <class T> struct LogFieldOf {
  std::string_view key;
  const T& value;
};
template <class T> LogFieldOf<T> field(std::string_view key, const T& value) noexcept { return {key, value}; }

/// One thing that was logged. Control characters in message and values have been escaped (`\n`, `\x1b`), so a record is one line and cannot steer a
/// terminal, whatever a peer has sent. The views last as long as the call of the sink.
struct LogRecord {
  /// A value that was logged beside the message.
  struct Field {
    std::string_view key; std::string value;
  };
  LogLevel level;
  std::string_view name;                               // of the logger: "weft.core.reactor"
  std::string_view message;
  std::span<const Field> fields;
  std::chrono::system_clock::time_point time;
};

/// Gets each record that passes its logger's level: one at a time, on the thread that logs. It must not take long, as the logging thread waits. What it throws is
/// dropped, and what it logs itself too.
using LogSink = std::function<void(const LogRecord&)>;

/// Where records go from now on; gives back the sink so far. At first there is none: the library never prints by itself, except that a Critical record (an error that
/// nobody handled) goes to stderr rather than be lost. To silence those as well, set a sink that does nothing.
LogSink setLogSink(LogSink sink);

/// A sink that writes a line to stderr for each record.
LogSink stderrLogSink();

/// "2026-03-01 12:00:00 [weft.net.tcp] INFO: connected host=example.com port=80", in local time.
std::string formatLogRecord(const LogRecord& record);

/// From which level on loggers speak: Info at first. With a name, for that logger and those below it ("weft.net" for "weft.net.tcp" too); the longest name wins.
void setLogLevel(LogLevel level);
void setLogLevel(std::string_view name, LogLevel level);
/// Forgets all settings of single names.
void resetLogLevels();

namespace detail {

// What the loggers of one name share. Lives until the process ends.
struct LogCategory {
  std::string name;
  std::atomic<LogLevel> threshold;                     // what follows from the levels that were set and from whether there is a sink
};
LogCategory& logCategory(std::string_view name);
void emitLog(const LogCategory& category, LogLevel level, std::string_view message, std::span<const LogRecord::Field> fields) noexcept;
void appendEscaped(std::string& to, std::string_view text);

template <class T> concept LogText = std::convertible_to<const T&, std::string_view>;

/// The text of one part of a message. For types of your own, overload appendLogText(std::string&, const T&) in their namespace.
template <class T> void appendLogPart(std::string& to, const T& value) {
  if constexpr (LogText<T>) {
    appendEscaped(to, std::string_view(value));
  } else if constexpr (std::same_as<T, bool>) {
    to += value ? "true" : "false";
  } else if constexpr (std::same_as<T, char>) {
    appendEscaped(to, std::string_view(&value, 1));
  } else if constexpr (std::is_arithmetic_v<T>) {
    char digits[64];
    const auto end = std::to_chars(digits, digits + sizeof digits, value);
    to.append(digits, end.ptr);
  } else if constexpr (std::same_as<T, Failure> || std::derived_from<T, std::exception>) {
    appendEscaped(to, value.what());
  } else if constexpr (requires { std::chrono::duration<double>(value); }) {
    appendLogPart(to, std::chrono::duration<double>(value).count());
    to += " s";
  } else {
    std::string text;
    appendLogText(text, value);
    appendEscaped(to, text);
  }
}

template <class T> inline constexpr bool kIsLogField = false;
template <class T> inline constexpr bool kIsLogField<LogFieldOf<T>> = true;

}  // namespace detail

/// Logs under a name. Cheap to make and to copy; usually a static of the .cpp file. May be used on any thread.
///
///     const Logger logger("weft.net.tcp");
///     logger.info("connected to ", host, field("ms", elapsed));
///
/// The parts are put together only if the level is wanted; otherwise the call costs one comparison. Logging never throws.
class Logger {
 public:
  explicit Logger(std::string_view name) : category_(&detail::logCategory(name)) {}

  std::string_view name() const noexcept { return category_->name; }
  bool enabled(LogLevel level) const noexcept { return level >= category_->threshold.load(std::memory_order_relaxed); }

  template <class... P> void debug(const P&... parts) const noexcept { log(LogLevel::Debug, parts...); }
  template <class... P> void info(const P&... parts) const noexcept { log(LogLevel::Info, parts...); }
  template <class... P> void warning(const P&... parts) const noexcept { log(LogLevel::Warning, parts...); }
  template <class... P> void error(const P&... parts) const noexcept { log(LogLevel::Error, parts...); }
  template <class... P> void critical(const P&... parts) const noexcept { log(LogLevel::Critical, parts...); }
  /// As critical, with the failure's type, text and traceback at the end.
  template <class... P> void failure(const Failure& failure, const P&... parts) const noexcept {
    if (enabled(LogLevel::Critical)) [[unlikely]] write(LogLevel::Critical, parts..., ": ", failureText(failure));
  }

  template <class... P> void log(LogLevel level, const P&... parts) const noexcept {
    if (enabled(level)) [[unlikely]] write(level, parts...);
  }

 private:
  template <class... P> [[gnu::noinline]] void write(LogLevel level, const P&... parts) const noexcept {
    try {
      constexpr std::size_t kFields = (std::size_t{detail::kIsLogField<P>} + ... + 0);
      std::string message;
      LogRecord::Field fields[kFields + 1];
      std::size_t count = 0;
      const auto add = [&]<class T>(const T& part) {
        if constexpr (detail::kIsLogField<T>) {
          fields[count].key = part.key;
          detail::appendLogPart(fields[count++].value, part.value);
        } else {
          detail::appendLogPart(message, part);
        }
      };
      (add(parts), ...);
      detail::emitLog(*category_, level, message, std::span(fields, count));
    } catch (...) {                                    // no memory, or a part that threw
    }
  }
  static std::string failureText(const Failure& failure) noexcept;

  detail::LogCategory* category_;
};

/// For a message now and then, without keeping a Logger: `log::error("weft.defer", text)`. Looks the name up each time.
namespace log {
template <class... P> void debug(std::string_view name, const P&... parts) { Logger(name).debug(parts...); }
template <class... P> void info(std::string_view name, const P&... parts) { Logger(name).info(parts...); }
template <class... P> void warning(std::string_view name, const P&... parts) { Logger(name).warning(parts...); }
template <class... P> void error(std::string_view name, const P&... parts) { Logger(name).error(parts...); }
template <class... P> void critical(std::string_view name, const P&... parts) { Logger(name).critical(parts...); }
}  // namespace log

/// Keeps what is logged while it lives, for tests; takes the place of the sink. Sees every level unless told otherwise.
class LogCapture {
 public:
  /// A record that was kept.
  struct Entry {
    LogLevel level;
    std::string name, message;
    std::vector<std::pair<std::string, std::string>> fields;
  };

  explicit LogCapture(LogLevel from = LogLevel::Debug);
  LogCapture(const LogCapture&) = delete;
  LogCapture& operator=(const LogCapture&) = delete;
  ~LogCapture();

  std::vector<Entry> entries() const;
  /// How many records of at least this level.
  std::size_t count(LogLevel from = LogLevel::Debug) const;
  /// Does the message of some record contain this?
  bool contains(std::string_view text) const;
  void clear();

 private:
  mutable std::mutex mutex_;
  std::vector<Entry> entries_;
  LogSink before_;
  LogLevel levelBefore_;
};

}  // namespace weft
