#include <weft/core/log_observers.hpp>

#include <doctest/doctest.h>

#include <cstdio>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include <unistd.h>

using namespace weft;

namespace {

/// Sets a sink for as long as it lives, and lets every level through.
class Listening {
 public:
  explicit Listening(LogSink sink) : before_(setLogSink(std::move(sink))) { setLogLevel("test", LogLevel::Debug); }
  Listening(const Listening&) = delete;
  ~Listening() {
    setLogSink(std::move(before_));
    resetLogLevels();
  }

 private:
  LogSink before_;
};

LogSink collect(std::vector<std::string>& to) {
  return [&to](const LogRecord& record) { to.push_back(std::string(record.name) + ": " + std::string(record.message)); };
}

class TemporaryFile {
 public:
  TemporaryFile() {
    char name[] = "/tmp/weft-log-XXXXXX";
    const int file = ::mkstemp(name);
    REQUIRE(file >= 0);
    ::close(file);
    path = name;
  }
  TemporaryFile(const TemporaryFile&) = delete;
  ~TemporaryFile() { std::remove(path.c_str()); }
  std::string content() const {
    std::ostringstream all;
    all << std::ifstream(path).rdbuf();
    return all.str();
  }
  std::string path;
};

const Logger one("test.one"), two("test.two"), three("testing");

}  // namespace

TEST_CASE("a file gets one line for each record, whatever is in it, after what it held before") {      // O2
  TemporaryFile file;
  std::ofstream(file.path) << "before\n";
  {
    const Listening listening(fileLogSink(file.path));
    one.info("two\nlines and \x1b[31mred", field("port", 80));
    two.debug("second");
  }
  const std::string content = file.content();
  CHECK(content.starts_with("before\n"));
  CHECK(content.find(" [test.one] INFO: two\\nlines and \\x1b[31mred port=80\n") != std::string::npos);
  CHECK(content.ends_with(" [test.two] DEBUG: second\n"));
  CHECK_THROWS_AS(fileLogSink("/nowhere/at/all.log"), std::system_error);
}

TEST_CASE("JSON lines are valid JSON with time, level, name, message and fields") {      // O2
  const LogRecord::Field fields[] = {{"url", "http://x/\"quoted\""}, {"n", "1"}};
  const auto time = std::chrono::system_clock::from_time_t(1'772'366'400) + std::chrono::microseconds(1500);
  CHECK(formatLogRecordAsJson({LogLevel::Warning, "weft.net", R"(back\slash "and" \n)", fields, time}) ==
        R"({"time":"2026-03-01T12:00:00.001500Z","level":"WARNING","name":"weft.net","message":"back\\slash \"and\" \\n","fields":{"url":"http://x/\"quoted\"","n":"1"}})");
  CHECK(formatLogRecordAsJson({LogLevel::Info, "a", "tab\tbell\a", {}, std::chrono::system_clock::time_point(std::chrono::microseconds(-1))}) ==
        R"({"time":"1969-12-31T23:59:59.999999Z","level":"INFO","name":"a","message":"tab\u0009bell\u0007"})");
  TemporaryFile file;
  {
    const Listening listening(jsonLogSink(file.path));
    one.info("first");
    one.info("second");
  }
  std::istringstream lines(file.content());
  std::vector<std::string> all;
  for (std::string line; std::getline(lines, line);) all.push_back(line);
  REQUIRE(all.size() == 2);
  CHECK(all[1].ends_with(R"("level":"INFO","name":"test.one","message":"second"})"));
}

TEST_CASE("a filter passes on a level and a name with those below it, or what a function says") {      // O2
  std::vector<std::string> byName, byFunction;
  const Listening listening(publishLog({filterLog(collect(byName), LogLevel::Info, "test"),
                                        filterLog(collect(byFunction), [](const LogRecord& record) { return record.message.find('!') != record.message.npos; })}));
  one.debug("too low!");
  one.info("one");
  two.error("two!");
  three.critical("only begins the same");
  CHECK(byName == std::vector<std::string>{"test.one: one", "test.two: two!"});
  CHECK(byFunction == std::vector<std::string>{"test.one: too low!", "test.two: two!"});
}

TEST_CASE("a sink that throws is reported to the others, not to the caller, and goes on") {      // O2
  std::vector<std::string> first, last;
  int failures = 0;
  const Listening listening(publishLog({collect(first),
                                        [&](const LogRecord&) {
                                          ++failures;
                                          throw std::runtime_error("disk\nfull");
                                        },
                                        collect(last)}));
  one.info("hello");
  one.info("again");
  const std::string report = "weft.log: a sink of the log threw: disk\\nfull";
  CHECK(first == std::vector<std::string>{"test.one: hello", report, "test.one: again", report});
  CHECK(last == std::vector<std::string>{report, "test.one: hello", report, "test.one: again"});
  CHECK(failures == 2);
}

TEST_CASE("sinks that all throw trouble nobody") {
  const auto broken = [](const LogRecord&) { throw std::runtime_error("broken"); };
  const Listening listening(publishLog({broken, broken}));
  one.error("x");
}

TEST_CASE("the last records are kept, and given to the sink that comes later, with their times") {      // O2
  LogHistory early(3);
  std::vector<std::pair<std::string, std::chrono::system_clock::time_point>> replayed;
  {
    const Listening listening(early.sink());
    for (int i = 0; i < 5; ++i) one.info("number ", i, field("i", i));
  }
  CHECK(early.size() == 3);
  CHECK(early.dropped() == 2);
  const auto later = std::chrono::system_clock::now();
  early.replayTo([&](const LogRecord& record) {
    REQUIRE(record.fields.size() == 1);
    replayed.emplace_back(std::string(record.message) + "/" + record.fields[0].value, record.time);
  });
  REQUIRE(replayed.size() == 3);
  CHECK(replayed.front().first == "number 2/2");
  CHECK(replayed.back().first == "number 4/4");
  CHECK(replayed.front().second <= replayed.back().second);
  CHECK(replayed.back().second <= later);
  early.replayTo([](const LogRecord& record) { CHECK(record.level == LogLevel::Info); });
}

TEST_CASE("a history's sink may outlive it") {
  LogSink sink;
  {
    LogHistory gone(1);
    sink = gone.sink();
  }
  const Listening listening(sink);
  one.info("kept for nobody");
  one.info("and replaced");
}
