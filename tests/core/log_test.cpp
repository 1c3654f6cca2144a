#include <weft/core/log.hpp>

#include <doctest/doctest.h>

#include <atomic>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

using namespace std::chrono_literals;
using namespace weft;

namespace {

const Logger logger("test.log");

// Fails the test if anybody turns it into text.
struct Untouchable {};
[[maybe_unused]] void appendLogText(std::string& to, const Untouchable&) {
  FAIL_CHECK("formatted in vain");
  to += "?";
}
struct Point {
  int x, y;
};
void appendLogText(std::string& to, const Point& p) { to += std::to_string(p.x) + "," + std::to_string(p.y); }

}  // namespace

TEST_CASE("a record has a level, a name, a message made of parts, and fields") {      // O1
  LogCapture capture;
  const std::string host = "example.com";
  logger.info("connected to ", host, " after ", 3, " tries in ", 1500ms, ' ', true, field("port", 80), field("host", host));
  const auto entries = capture.entries();
  REQUIRE(entries.size() == 1);
  CHECK(entries[0].level == LogLevel::Info);
  CHECK(entries[0].name == "test.log");
  CHECK(entries[0].message == "connected to example.com after 3 tries in 1.5 s true");
  REQUIRE(entries[0].fields.size() == 2);
  CHECK(entries[0].fields[0] == std::pair<std::string, std::string>("port", "80"));
  CHECK(entries[0].fields[1].second == "example.com");
}

TEST_CASE("types of one's own are logged through appendLogText") {
  LogCapture capture;
  logger.error("at ", Point{1, -2});
  CHECK(capture.contains("at 1,-2"));
}

TEST_CASE("a level that is not wanted is not formatted") {      // O1
  LogCapture capture(LogLevel::Warning);
  logger.info(Untouchable());
  logger.debug(Untouchable(), field("f", Untouchable()));
  logger.warning("seen");
  CHECK(capture.count() == 1);
  CHECK_FALSE(logger.enabled(LogLevel::Info));
  CHECK(logger.enabled(LogLevel::Error));
}

TEST_CASE("without a sink only critical records are wanted") {
  const LogSink before = setLogSink(nullptr);
  CHECK_FALSE(logger.enabled(LogLevel::Error));
  CHECK(logger.enabled(LogLevel::Critical));
  setLogSink(before);
}

TEST_CASE("a name has its own level, for the names below it too; the longest wins") {      // O1
  LogCapture capture(LogLevel::Warning);
  setLogLevel("test", LogLevel::Error);
  setLogLevel("test.log", LogLevel::Debug);
  const Logger below("test.log.deep");
  const Logger beside("test.logger");
  const Logger other("testimony");
  CHECK(logger.enabled(LogLevel::Debug));
  CHECK(below.enabled(LogLevel::Debug));
  CHECK_FALSE(beside.enabled(LogLevel::Warning));
  CHECK(beside.enabled(LogLevel::Error));
  CHECK(other.enabled(LogLevel::Warning));
  setLogLevel("test.log", LogLevel::Off);
  CHECK_FALSE(below.enabled(LogLevel::Critical));
  resetLogLevels();
  CHECK(below.enabled(LogLevel::Warning));
  CHECK_FALSE(below.enabled(LogLevel::Info));
}

TEST_CASE("one record is one line, whatever it contains") {
  LogCapture capture;
  logger.info("a\nb\r\tc\x1b[31m\x7f", field("k", "x\ny"));
  logger.info("\xC2\x9B" "31m caf\xC3\xA9 \xE2\x82\xAC \xF0\x9F\x98\x80 \xFF\xC3 \xED\xA0\x80", '\0', '\n');
  const auto entries = capture.entries();
  CHECK(entries[0].message == "a\\nb\\r\\tc\\x1b[31m\\x7f");
  CHECK(entries[0].fields[0].second == "x\\ny");
  CHECK(entries[1].message == "\\xc2\\x9b31m caf\xC3\xA9 \xE2\x82\xAC \xF0\x9F\x98\x80 \\xff\\xc3 \\xed\\xa0\\x80\\x00\\n");
}

TEST_CASE("a record as a line has Scrapy's shape") {
  const std::vector<LogRecord::Field> fields{{"port", "80"}, {"why", "no reason"}, {"empty", ""}};
  const LogRecord record{LogLevel::Warning, "weft.net", "closed", fields, std::chrono::system_clock::now()};
  const std::string line = formatLogRecord(record);
  CHECK(line.substr(19) == " [weft.net] WARNING: closed port=80 why=\"no reason\" empty=\"\"");
  CHECK(line[4] == '-');
  CHECK(line[13] == ':');
}

TEST_CASE("levels are found by their names") {
  CHECK(logLevelFromName("debug") == LogLevel::Debug);
  CHECK(logLevelFromName("Warning") == LogLevel::Warning);
  CHECK(logLevelFromName("WARN") == LogLevel::Warning);
  CHECK_FALSE(logLevelFromName("loud"));
  CHECK(logLevelName(LogLevel::Critical) == "CRITICAL");
}

TEST_CASE("a failure is logged as critical, with type and text") {      // O1
  LogCapture capture;
  logger.failure(Failure(std::runtime_error("no luck")), "Unhandled error in ", "this");
  CHECK(capture.count(LogLevel::Critical) == 1);
  CHECK(capture.contains("Unhandled error in this: std::runtime_error: no luck"));
}

TEST_CASE("a sink that throws, or logs itself, does not hurt the caller") {
  int calls = 0;
  const LogSink before = setLogSink([&](const LogRecord&) {
    ++calls;
    logger.critical("from the sink");
    throw std::runtime_error("the disk is full");
  });
  logger.critical("first");
  logger.critical("second");
  CHECK(calls == 2);
  setLogSink(before);
}

TEST_CASE("a capture puts things back as they were") {
  LogCapture outer(LogLevel::Error);
  {
    LogCapture inner;
    logger.debug("inner");
    CHECK(inner.count() == 1);
  }
  logger.warning("nobody");
  logger.error("outer");
  CHECK(outer.count() == 1);
  CHECK(outer.contains("outer"));
  outer.clear();
  CHECK(outer.count() == 0);
}

TEST_CASE("names may be logged to without a logger") {
  LogCapture capture;
  log::error("test.other", "text ", 1);
  CHECK(capture.entries().at(0).name == "test.other");
}

TEST_CASE("many threads log while sink and levels change") {
  LogCapture capture;
  std::atomic<bool> stop{false};
  std::vector<std::thread> threads;
  for (int t = 0; t < 3; ++t) {
    threads.emplace_back([t] {
      const Logger own("test.thread" + std::to_string(t));
      for (int i = 0; i < 500; ++i) own.info("message ", i, field("thread", t));
    });
  }
  std::thread changer([&] {
    while (!stop) {
      setLogLevel("test.thread1", LogLevel::Error);
      resetLogLevels();
      setLogSink(setLogSink([](const LogRecord&) {}));
    }
  });
  for (std::thread& thread : threads) thread.join();
  stop = true;
  changer.join();
  CHECK(capture.count() <= 1500);
}
