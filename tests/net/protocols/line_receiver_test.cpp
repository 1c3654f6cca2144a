#include <weft/net/protocols/line_receiver.hpp>

#include "every_way.hpp"

#include <weft/core/log.hpp>
#include <weft/net/transport.hpp>

#include <doctest/doctest.h>

#include <stdexcept>

using namespace weft;
using namespace weft::net;

namespace {

using Log = std::vector<std::string>;

class Lines : public LineOnlyReceiver {
 public:
  explicit Lines(std::string delimiter = "\r\n", std::size_t most = kMaxLength) : LineOnlyReceiver(std::move(delimiter)) { setMaxLength(most); }
  void lineReceived(std::string_view line) override { log.emplace_back(line); }
  void connectionLost(const Failure& reason) override { log.push_back("lost: " + std::string(reason.what())); }
  Log log;
};

/// Leaves the connection open at a line that is too long.
class Patient : public Lines {
 public:
  using Lines::Lines;
  void lineLengthExceeded(std::string_view beginning) override { log.push_back("too long: " + std::string(beginning)); }
};

/// "N" announces N raw bytes; "pause", "close" and "hand over" do so.
class Mixed : public LineReceiver {
 public:
  void lineReceived(std::string_view line) override {
    log.push_back("line " + std::string(line));
    if (line == "pause") pauseProducing();
    else if (line == "close") transport().loseConnection();
    else if (line == "take") log.push_back("took " + clearLineBuffer());
    else if (line == "throw") throw std::runtime_error("bad line");
    else if (!line.empty() && line[0] >= '0' && line[0] <= '9') {
      left_ = static_cast<std::size_t>(std::stoi(std::string(line)));
      raw_.clear();
      if (left_) setRawMode();
    }
  }
  void rawDataReceived(std::string_view data) override {
    const std::string_view part = data.substr(0, left_);
    raw_ += part;
    left_ -= part.size();
    if (left_) return;
    log.push_back("raw " + raw_);
    setLineMode(data.substr(part.size()));
  }
  void connectionLost(const Failure& reason) override { log.push_back("lost: " + std::string(reason.what())); }
  Log log;

 private:
  std::size_t left_ = 0;
  std::string raw_;
};

}  // namespace

// H26
TEST_CASE("lines are the same however they were cut on their way") {
  const auto make = [] { return std::make_shared<Lines>(); };
  CHECK(everyWay(make, "one\r\ntwo\r\n\r\n\r\nr\rn\nend\r\r\nunfinished") == Log{"one", "two", "", "", "r\rn\nend\r"});
  CHECK(everyWay([] { return std::make_shared<Lines>("\n"); }, "a\n\nb\r\n") == Log{"a", "", "b\r"});
  CHECK(everyWay([] { return std::make_shared<Lines>("abab"); }, "xabababab-ababaabab") == Log{"x", "", "-", "a"});
  CHECK(everyWay(make, "").empty());
}

TEST_CASE("an empty delimiter is refused") {
  CHECK_THROWS_AS(Lines(""), std::invalid_argument);
}

TEST_CASE("sendLine adds the delimiter, in one write") {
  auto lines = std::make_shared<Lines>("|");
  StringTransport transport;
  transport.setProtocol(lines);
  lines->sendLine("hello");
  CHECK(transport.value() == "hello|");
  CHECK(transport.writes() == 1);
}

// H25
TEST_CASE("a line of exactly maxLength bytes is received, a longer one closes the connection") {
  const auto make = [] { return std::make_shared<Lines>("\r\n", 5); };
  CHECK(everyWay(make, "12345\r\nxyz\r\n") == Log{"12345", "xyz"});
  CHECK(everyWay(make, "ok\r\n123456\r\nnever\r\n") == Log{"ok", "closed"});
  CHECK(everyWay(make, "1234567890123456789012345678901234567890") == Log{"closed"});
  CHECK(Lines::kMaxLength == 16384);
}

TEST_CASE("a connection that is left open at a line too long gets the next one") {
  const auto make = [] { return std::make_shared<Patient>("\r\n", 4); };
  CHECK(everyWay(make, "1234\r\n12345\r\nabcd\r\n" + std::string(3000, 'x') + "\r\n\r\nlast\r\n") == Log{"1234", "too long: 1234", "abcd", "too long: xxxx", "", "last"});
  const auto wide = [] { return std::make_shared<Patient>("<end>", 4); };
  CHECK(everyWay(wide, std::string(700, '<') + "<end>a<en<end>" + std::string(20, 'e') + "<end>b<end>") == Log{"too long: <<<<", "a<en", "too long: eeee", "b"});
}

TEST_CASE("an endless line costs no more memory than its limit, and no more time than its bytes") {
  auto lines = std::make_shared<Patient>();
  StringTransport transport;
  transport.setProtocol(lines);
  const std::string chunk(1000, 'x');
  for (int i = 0; i < 100'000; ++i) transport.receive(chunk);
  CHECK(lines->log.size() == 1);
  transport.receive("\r\nhello\r\n");
  CHECK(lines->log.back() == "hello");
}

TEST_CASE("raw mode begins with the byte after the line, and setLineMode gives back what was too much") {
  const auto make = [] { return std::make_shared<Mixed>(); };
  CHECK(everyWay(make, "hello\r\n5\r\nab\r\ncnext\r\n0\r\n1\r\nx2\r\nyzlast\r\n") ==
        Log{"line hello", "line 5", "raw ab\r\nc", "line next", "line 0", "line 1", "raw x", "line 2", "raw yz", "line last"});
}

TEST_CASE("a million empty lines, or switches between lines and raw bytes, in one buffer are a loop") {
  class Counter : public LineReceiver {
   public:
    void lineReceived(std::string_view line) override {
      ++lines;
      if (!line.empty()) setRawMode();
    }
    void rawDataReceived(std::string_view data) override {
      ++raws;
      setLineMode(data.substr(1));
    }
    std::size_t lines = 0, raws = 0;
  };
  auto counter = std::make_shared<Counter>();
  StringTransport transport;
  transport.setProtocol(counter);
  std::string input;
  for (int i = 0; i < 1'000'000; ++i) input += "\r\n";
  transport.receive(input);
  CHECK(counter->lines == 1'000'000);
  input.clear();
  for (int i = 0; i < 1'000'000; ++i) input += "r\r\n!";
  transport.receive(input);
  CHECK(counter->lines == 2'000'000);
  CHECK(counter->raws == 1'000'000);
}

TEST_CASE("lines that lie whole in the read buffer are views of it") {
  class Viewer : public LineOnlyReceiver {
   public:
    void lineReceived(std::string_view line) override { views.push_back(line.data()); }
    std::vector<const char*> views;
  };
  auto viewer = std::make_shared<Viewer>();
  StringTransport transport;
  transport.setProtocol(viewer);
  const std::string one = "a\r\nbb\r\nhal", two = "f\r\nc\r\n";
  transport.receive(one);
  transport.receive(two);
  REQUIRE(viewer->views.size() == 4);
  CHECK(viewer->views[0] == one.data());
  CHECK(viewer->views[1] == one.data() + 3);
  CHECK(viewer->views[3] == two.data() + 3);
}

TEST_CASE("lines that came in pieces are put together in the same memory each time") {
  class Viewer : public LineOnlyReceiver {
   public:
    void lineReceived(std::string_view line) override { views.push_back(line.data()); }
    std::vector<const char*> views;
  };
  auto viewer = std::make_shared<Viewer>();
  StringTransport transport;
  transport.setProtocol(viewer);
  for (int i = 0; i < 100; ++i) transport.receiveInPieces(std::string(1000, 'x') + "\r\n", 300);
  REQUIRE(viewer->views.size() == 100);
  for (int i = 10; i < 100; ++i) CHECK(viewer->views[i] == viewer->views[10]);
}

TEST_CASE("a paused receiver gets no lines and reads no more, until it is resumed") {
  auto mixed = std::make_shared<Mixed>();
  StringTransport transport;
  transport.setProtocol(mixed);
  transport.receive("a\r\npause\r\nb\r\npau");
  CHECK(mixed->log == Log{"line a", "line pause"});
  CHECK(transport.readingPaused());
  transport.receive("se\r\nc\r\n");                    // was on its way
  CHECK(mixed->log.size() == 2);
  mixed->resumeProducing();
  CHECK(mixed->log == Log{"line a", "line pause", "line b", "line pause"});
  CHECK(transport.readingPaused());
  mixed->resumeProducing();
  CHECK(mixed->log.back() == "line c");
  CHECK(!transport.readingPaused());
}

TEST_CASE("a receiver that pauses after each of many lines copies none of the rest") {
  class OneByOne : public LineOnlyReceiver {
   public:
    void lineReceived(std::string_view line) override {
      last = std::string(line);
      ++lines;
      pauseProducing();
    }
    std::string last;
    int lines = 0;
  };
  auto one = std::make_shared<OneByOne>();
  StringTransport transport;
  transport.setProtocol(one);
  std::string input;
  for (int i = 0; i < 200'000; ++i) input += std::to_string(i) + "\r\n";
  transport.receive(input);
  while (one->lines < 200'000) {
    const int before = one->lines;
    one->resumeProducing();
    REQUIRE(one->lines == before + 1);
  }
  CHECK(one->last == "199999");
}

TEST_CASE("clearLineBuffer takes what was not received yet, an unfinished line too") {
  auto mixed = std::make_shared<Mixed>();
  StringTransport transport;
  transport.setProtocol(mixed);
  transport.receive("take\r\nb\r\nc");
  CHECK(mixed->log == Log{"line take", "took b\r\nc"});
  transport.receive("half a li");
  CHECK(mixed->clearLineBuffer() == "half a li");
  transport.receive("line\r\n");
  CHECK(mixed->log.back() == "line line");
}

TEST_CASE("after loseConnection in a line the rest of the buffer is not received") {
  CHECK(everyWay([] { return std::make_shared<Mixed>(); }, "a\r\nclose\r\nb\r\nc\r\n") == Log{"line a", "line close", "closed"});
}

TEST_CASE("setLineMode from outside receives what it is given, and setRawMode what was an unfinished line") {
  auto mixed = std::make_shared<Mixed>();
  StringTransport transport;
  transport.setProtocol(mixed);
  mixed->setLineMode("one\r\ntw");
  transport.receive("o\r\n");
  CHECK(mixed->log == Log{"line one", "line two"});
}

TEST_CASE("setRawMode without rawDataReceived says what is missing") {
  class Forgetful : public LineReceiver {
    void lineReceived(std::string_view) override { setRawMode(); }
  };
  auto forgetful = std::make_shared<Forgetful>();
  StringTransport transport;
  transport.setProtocol(forgetful);
  CHECK_THROWS_WITH_AS(transport.receive("a\r\nb"), "LineReceiver: setRawMode() was called, but rawDataReceived() is not overridden", std::logic_error);
}

TEST_CASE("a protocol that throws in lineReceived loses its connection with that failure, and the server lives") {
  LogCapture logs;
  ManualClock clock;
  MemoryNetwork network(clock);
  std::vector<std::shared_ptr<Mixed>> servers;
  auto port = network.listen(1, factory([&] { return servers.emplace_back(std::make_shared<Mixed>()); }));
  for (int i = 0; i < 2; ++i) {
    auto client = std::make_shared<Lines>();
    auto connecting = connectProtocol(network, "127.0.0.1", 1, client);
    clock.play(0.1);
    client->sendLine("hello");
    if (i == 0) client->sendLine("throw");
    client->sendLine("more");
    clock.play(0.1);
  }
  REQUIRE(servers.size() == 2);
  CHECK(servers[0]->log == Log{"line hello", "line throw", "lost: bad line"});
  CHECK(servers[1]->log == Log{"line hello", "line more"});
}

TEST_CASE("a line that throws when it is resumed loses its connection with that failure as well") {
  LogCapture logs;
  ManualClock clock;
  MemoryNetwork network(clock);
  auto server = std::make_shared<Mixed>();
  auto port = network.listen(1, factory([&] { return server; }));
  auto client = std::make_shared<Lines>();
  auto connecting = connectProtocol(network, "127.0.0.1", 1, client);
  clock.play(0.1);
  client->sendLine("pause\r\nthrow\r\nnever");
  clock.play(0.1);
  server->resumeProducing();
  clock.play(0.1);
  CHECK(server->log == Log{"line pause", "line throw", "lost: bad line"});
}

TEST_CASE("lines of a connection that is lost at the n-th byte are a beginning of them all") {
  lostAtEveryByte([] { return std::make_shared<Mixed>(); }, "hello\r\n5\r\nabcdenext\r\n\r\nlast\r\n");
}
