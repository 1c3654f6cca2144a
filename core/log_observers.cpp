#include <weft/core/log_observers.hpp>

#include <cerrno>
#include <cstdio>
#include <ctime>
#include <system_error>

#include <fcntl.h>
#include <unistd.h>

namespace weft {

namespace {

class LogFile {
 public:
  explicit LogFile(const std::string& path) : path_(path), file_(::open(path.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0644)) {
    if (file_ < 0) throw std::system_error(errno, std::generic_category(), "opening the log file " + path);
  }
  LogFile(const LogFile&) = delete;
  LogFile& operator=(const LogFile&) = delete;
  ~LogFile() { ::close(file_); }

  void write(std::string line) {
    line += '\n';
    for (std::string_view rest = line; !rest.empty();) {
      const ssize_t written = ::write(file_, rest.data(), rest.size());
      if (written >= 0) rest.remove_prefix(static_cast<std::size_t>(written));
      else if (errno != EINTR) throw std::system_error(errno, std::generic_category(), "writing to the log file " + path_);
    }
  }

 private:
  std::string path_;
  int file_;
};

void appendJson(std::string& to, std::string_view text) {
  static constexpr char kHex[] = "0123456789abcdef";
  to += '"';
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') to.append(1, '\\').append(1, c);
    else if (byte < 0x20) to.append("\\u00").append(1, kHex[byte >> 4U]).append(1, kHex[byte & 15U]);
    else to += c;
  }
  to += '"';
}

}  // namespace

LogSink fileLogSink(const std::string& path) {
  return [file = std::make_shared<LogFile>(path)](const LogRecord& record) { file->write(formatLogRecord(record)); };
}

LogSink jsonLogSink(const std::string& path) {
  return [file = std::make_shared<LogFile>(path)](const LogRecord& record) { file->write(formatLogRecordAsJson(record)); };
}

std::string formatLogRecordAsJson(const LogRecord& record) {
  const auto microseconds = std::chrono::duration_cast<std::chrono::microseconds>(record.time.time_since_epoch()).count();
  const auto whole = std::chrono::floor<std::chrono::seconds>(record.time);
  const std::time_t seconds = std::chrono::system_clock::to_time_t(whole);
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  char date[32], fraction[16];
  std::string line("{\"time\":\"");
  line.append(date, std::strftime(date, sizeof date, "%Y-%m-%dT%H:%M:%S", &parts));
  std::snprintf(fraction, sizeof fraction, ".%06dZ\"", static_cast<int>(((microseconds % 1'000'000) + 1'000'000) % 1'000'000));
  line.append(fraction).append(",\"level\":");
  appendJson(line, logLevelName(record.level));
  line += ",\"name\":";
  appendJson(line, record.name);
  line += ",\"message\":";
  appendJson(line, record.message);
  if (!record.fields.empty()) {
    line += ",\"fields\":";
    char before = '{';
    for (const LogRecord::Field& f : record.fields) {
      line += std::exchange(before, ',');
      appendJson(line, f.key);
      line += ':';
      appendJson(line, f.value);
    }
    line += '}';
  }
  return line += '}';
}

LogSink filterLog(LogSink sink, std::function<bool(const LogRecord&)> wanted) {
  return [sink = std::move(sink), wanted = std::move(wanted)](const LogRecord& record) {
    if (wanted(record)) sink(record);
  };
}

LogSink filterLog(LogSink sink, LogLevel from, std::string name) {
  return filterLog(std::move(sink), [from, name = std::move(name)](const LogRecord& record) {
    if (record.level < from) return false;
    return name.empty() || record.name == name || (record.name.starts_with(name) && record.name[name.size()] == '.');
  });
}

LogSink publishLog(std::vector<LogSink> sinks) {
  return [sinks = std::move(sinks)](const LogRecord& record) {
    for (std::size_t i = 0; i < sinks.size(); ++i) {
      std::string message;
      try {
        sinks[i](record);
        continue;
      } catch (...) {
        detail::appendEscaped(message, "a sink of the log threw: " + std::string(Failure().what()));
      }
      const LogRecord report{LogLevel::Critical, "weft.log", message, {}, record.time};
      for (std::size_t other = 0; other < sinks.size(); ++other) {
        if (other == i) continue;
        try {
          sinks[other](report);
        } catch (...) {                                // it is reported with the record itself
        }
      }
    }
  };
}

LogHistory::LogHistory(std::size_t most) : kept_(std::make_shared<Kept>()) { kept_->most = most; }

LogSink LogHistory::sink() const {
  return [kept = kept_](const LogRecord& record) {
    Record copy{record.level, std::string(record.name), std::string(record.message), {}, record.time};
    for (const LogRecord::Field& f : record.fields) copy.fields.emplace_back(f.key, f.value);
    const std::lock_guard lock(kept->mutex);
    kept->records.push_back(std::move(copy));
    if (kept->records.size() <= kept->most) return;
    kept->records.pop_front();
    ++kept->dropped;
  };
}

void LogHistory::replayTo(const LogSink& sink) const {
  std::deque<Record> records;
  {
    const std::lock_guard lock(kept_->mutex);
    records = kept_->records;
  }
  for (const Record& record : records) {
    std::vector<LogRecord::Field> fields;
    for (const auto& [key, value] : record.fields) fields.push_back({key, value});
    sink(LogRecord{record.level, record.name, record.message, fields, record.time});
  }
}

std::size_t LogHistory::size() const {
  const std::lock_guard lock(kept_->mutex);
  return kept_->records.size();
}

std::uint64_t LogHistory::dropped() const {
  const std::lock_guard lock(kept_->mutex);
  return kept_->dropped;
}

}  // namespace weft
