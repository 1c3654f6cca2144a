#include <weft/net/stream.hpp>

#include "tls_world.hpp"

#include <weft/core/log.hpp>
#include <weft/defer/defer_later.hpp>
#include <weft/net/testing/string_transport.hpp>

#include <doctest/doctest.h>

#include <cerrno>
#include <optional>
#include <stdexcept>
#include <string>

using namespace weft;
using namespace weft::net;

namespace {

/// A Stream whose other end is a test's.
struct Bench {
  std::shared_ptr<StringTransport> transport = std::make_shared<StringTransport>();
  Stream stream{transport};
  ManualClock& time() { return static_cast<ManualClock&>(transport->clock()); }
};

template <class T> std::string errorText(Deferred<T> deferred) {
  REQUIRE(deferred.called());
  Outcome<T> outcome = deferred.result();
  REQUIRE(!outcome);
  return outcome.failure().what();
}
template <class T> Stored<T> valueOf(Deferred<T> deferred) {
  REQUIRE(deferred.called());
  return std::move(deferred.result()).value();
}

}  // namespace

TEST_CASE("read gives what is there, or waits for the first bytes") {
  Bench bench;
  auto waiting = bench.stream.read();
  CHECK(!waiting.called());
  bench.transport->receive("abc");
  CHECK(valueOf(std::move(waiting)) == "abc");
  bench.transport->receive("de");
  bench.transport->receive("fgh");
  CHECK(valueOf(bench.stream.read(3)) == "def");
  CHECK(valueOf(bench.stream.readSome()) == "gh");
}

TEST_CASE("a view from readSome lives until the next call") {
  Bench bench;
  bench.transport->receive("0123456789");
  const std::string_view view = valueOf(bench.stream.readSome(4));
  bench.transport->receive(std::string(100, 'x').substr(0, 3));
  CHECK(view == "0123");
  CHECK(valueOf(bench.stream.readSome(4)) == "4567");
}

TEST_CASE("the end is an empty read, again and again") {
  Bench bench;
  bench.transport->receive("last");
  bench.transport->receiveEnd();
  CHECK(valueOf(bench.stream.read()) == "last");
  CHECK(valueOf(bench.stream.read()) == "");
  CHECK(valueOf(bench.stream.readSome()) == "");
  bench.transport->lose();
  CHECK(valueOf(bench.stream.read()) == "");
}

TEST_CASE("an unclean end is an error, after what had come before") {
  Bench bench;
  bench.transport->receive("last");
  bench.transport->lose(ConnectionLost("connection reset by peer"));
  CHECK(valueOf(bench.stream.read()) == "last");
  CHECK(errorText(bench.stream.read()) == "the connection was lost: connection reset by peer");
  CHECK(errorText(bench.stream.readExactly(1)) == "the connection was lost: connection reset by peer");
  CHECK(errorText(bench.stream.readLine()) == "the connection was lost: connection reset by peer");
  CHECK(!bench.stream.transport().drained().result().ok());
}

TEST_CASE("readExactly takes its bytes and leaves the rest") {
  Bench bench;
  auto six = bench.stream.readExactly(6);
  bench.transport->receive("abc");
  CHECK(!six.called());
  bench.transport->receive("defgh");
  CHECK(valueOf(std::move(six)) == "abcdef");
  CHECK(valueOf(bench.stream.readExactly(0)) == "");
  CHECK(valueOf(bench.stream.readExactly(2)) == "gh");
}

TEST_CASE("readExactly says how much was missing when the peer ends") {
  Bench bench;
  auto six = bench.stream.readExactly(6);
  bench.transport->receive("abc");
  bench.transport->receiveEnd();
  REQUIRE(six.called());
  const auto outcome = six.result();
  REQUIRE(outcome.failure().check<IncompleteReadError>());
  CHECK(outcome.failure().as<IncompleteReadError>()->partial == "abc");
  CHECK(std::string(outcome.failure().what()) == "the connection ended before 6 bytes had come; 3 bytes had");
}

TEST_CASE("readUntil finds its delimiter however the bytes are cut") {
  const std::string text = "one\r\ntwo\r\r\n\r\n";
  for (std::size_t piece = 1; piece <= text.size(); ++piece) {
    Bench bench;
    auto first = bench.stream.readUntil("\r\n");
    bench.transport->receiveInPieces(text, piece);
    CHECK(valueOf(std::move(first)) == "one\r\n");
    CHECK(valueOf(bench.stream.readUntil("\r\n")) == "two\r\r\n");
    CHECK(valueOf(bench.stream.readUntil("\r\n")) == "\r\n");
  }
}

TEST_CASE("readUntil gives up at its limit and leaves the bytes") {
  Bench bench;
  auto line = bench.stream.readUntil("\n", 8);
  bench.transport->receive("1234567");
  CHECK(!line.called());
  bench.transport->receive("8");
  CHECK(errorText(std::move(line)) == "no delimiter within 8 bytes");
  CHECK(valueOf(bench.stream.readExactly(8)) == "12345678");
  bench.transport->receive("1234567\n");
  CHECK(valueOf(bench.stream.readUntil("\n", 8)) == "1234567\n");
}

TEST_CASE("readLine takes both line ends, an unfinished last line, and then says that nothing is left") {
  Bench bench;
  bench.transport->receive("unix\ndos\r\n\nlast");
  CHECK(*valueOf(bench.stream.readLine()) == "unix");
  CHECK(*valueOf(bench.stream.readLine()) == "dos");
  CHECK(*valueOf(bench.stream.readLine()) == "");
  auto last = bench.stream.readLine();
  CHECK(!last.called());
  bench.transport->receiveEnd();
  CHECK(*valueOf(std::move(last)) == "last");
  CHECK(!valueOf(bench.stream.readLine()).has_value());
}

TEST_CASE("a cancelled read loses nothing") {
  Bench bench;
  auto exactly = bench.stream.readExactly(5);
  bench.transport->receive("abc");
  exactly.cancel();
  CHECK(errorText(std::move(exactly)) == "cancelled");
  auto some = bench.stream.readUntil("z");
  some.cancel();
  CHECK(errorText(std::move(some)) == "cancelled");
  auto view = bench.stream.read();
  CHECK(valueOf(std::move(view)) == "abc");
  auto waiting = bench.stream.readSome();
  waiting.cancel();
  CHECK(errorText(std::move(waiting)) == "cancelled");
  bench.transport->receive("def");
  CHECK(valueOf(bench.stream.read()) == "def");
}

TEST_CASE("one read at a time") {
  Bench bench;
  auto first = bench.stream.readExactly(2);
  CHECK(errorText(bench.stream.read()) == "this Stream is being read already: one read at a time");
  CHECK(errorText(bench.stream.readExactly(1)) == "this Stream is being read already: one read at a time");
  CHECK(errorText(bench.stream.readLine()) == "this Stream is being read already: one read at a time");
  bench.transport->receive("ok");
  CHECK(valueOf(std::move(first)) == "ok");
}

TEST_CASE("a timeout ends the read, not the connection") {
  Bench bench;
  bench.stream.setTimeout(2);
  auto line = bench.stream.readLine();
  bench.transport->receive("slo");
  bench.time().advance(1.9);
  CHECK(!line.called());
  bench.time().advance(0.1);
  REQUIRE(line.called());
  CHECK(line.result().failure().check<TimeoutError>());
  bench.transport->receive("w\n");
  CHECK(*valueOf(bench.stream.readLine()) == "slow");
  bench.time().advance(10);
  CHECK(bench.transport->connected());
  CHECK(bench.time().getDelayedCalls().empty());
}

TEST_CASE("reads and writes have timeouts of their own") {
  Bench bench;
  bench.stream.setReadTimeout(2);
  bench.stream.setWriteTimeout(5);
  bench.transport->setBuffered(1'000'000);
  auto read = bench.stream.readSome();
  auto write = bench.stream.write("x");
  bench.time().advance(2);
  CHECK(errorText(std::move(read)) == "timed out after 2.000000 seconds");
  CHECK(!write.called());
  bench.time().advance(3);
  CHECK(errorText(std::move(write)) == "timed out after 5.000000 seconds");
}

TEST_CASE("a peer that sends a byte a minute: a line's timeout ends the line, a read's timeout does not end a read, the deadline ends everything") {
  Bench bench;
  auto drip = [&](int bytes) {
    for (int i = 0; i < bytes; ++i) {
      bench.time().advance(60);
      bench.transport->receive("x");
    }
  };
  bench.stream.setReadTimeout(90);
  auto line = bench.stream.readLine();
  drip(2);
  CHECK(errorText(std::move(line)) == "timed out after 90.000000 seconds");
  CHECK(valueOf(bench.stream.readSome()) == "xx");
  auto some = bench.stream.readSome();
  drip(1);
  CHECK(valueOf(std::move(some)) == "x");

  bench.stream.setDeadline(150);
  int bytes = 0;
  auto readAll = [&]() -> Deferred<> {
    for (;;) {
      const std::string_view data = co_await bench.stream.readSome();
      bytes += static_cast<int>(data.size());
    }
  };
  auto all = readAll();
  drip(10);
  CHECK(bytes == 2);
  REQUIRE(all.called());
  CHECK(all.result().failure().check<TimeoutError>());
  CHECK(valueOf(bench.stream.readSome()) == "xxxxxxxx");      // nothing was lost
  auto late = bench.stream.readSome();
  bench.time().advance(0);
  CHECK(errorText(std::move(late)) == "timed out after 0.000000 seconds");
  bench.stream.clearDeadline();
  auto again = bench.stream.readSome();
  drip(1);
  CHECK(valueOf(std::move(again)) == "x");
  CHECK(bench.time().getDelayedCalls().empty());
}

TEST_CASE("lines come one by one as a generator, to the end") {
  Bench bench;
  auto lines = bench.stream.lines(10);
  bench.transport->receive("one\ntwo\r\nthr");
  CHECK(*valueOf(lines.nextDeferred()) == "one");
  CHECK(*valueOf(lines.nextDeferred()) == "two");
  auto third = lines.nextDeferred();
  CHECK(!third.called());
  bench.transport->receive("ee\nlast");
  CHECK(*valueOf(std::move(third)) == "three");
  auto last = lines.nextDeferred();
  bench.transport->receiveEnd();
  CHECK(*valueOf(std::move(last)) == "last");
  CHECK(!valueOf(lines.nextDeferred()).has_value());
}

TEST_CASE("a line beyond the limit, or too late, ends the generator with that error; dropping it loses nothing") {
  Bench bench;
  auto lines = bench.stream.lines(4);
  bench.transport->receive("12345\n");
  CHECK(errorText(lines.nextDeferred()) == "no delimiter within 4 bytes");
  CHECK(!valueOf(lines.nextDeferred()).has_value());
  bench.stream.setReadTimeout(1);
  {
    auto slow = bench.stream.lines();
    CHECK(*valueOf(slow.nextDeferred()) == "12345");
    auto waiting = slow.nextDeferred();
    bench.time().advance(1);
    CHECK(errorText(std::move(waiting)) == "timed out after 1.000000 seconds");
  }
  bench.transport->receive("rest");
  CHECK(valueOf(bench.stream.read()) == "rest");
}

TEST_CASE("bytes can be put back") {
  Bench bench;
  bench.transport->receive("GET / HTTP");
  const std::string_view start = valueOf(bench.stream.readSome(4));
  bench.stream.unread(start);
  CHECK(valueOf(bench.stream.read(5)) == "GET /");
  bench.stream.unread("longer than what was read");
  CHECK(valueOf(bench.stream.read()) == "longer than what was read HTTP");
  auto waiting = bench.stream.read();
  CHECK_THROWS_AS(bench.stream.unread("x"), AlreadyReading);
  bench.transport->lose();
  CHECK(valueOf(std::move(waiting)).empty());
}

TEST_CASE("how much is read ahead can be chosen") {
  Bench bench;
  bench.stream.setReadAhead(10);
  bench.transport->receive("123456789");
  CHECK(!bench.transport->readingPaused());
  bench.transport->receive("0");
  CHECK(bench.transport->readingPaused());
  CHECK(valueOf(bench.stream.read(5)) == "12345");
  CHECK(!bench.transport->readingPaused());
  bench.transport->receive("abcde");
  CHECK(bench.transport->readingPaused());
  bench.stream.setReadAhead(100);
  CHECK(!bench.transport->readingPaused());
}

TEST_CASE("a timeout of a write that the peer does not take") {
  Bench bench;
  bench.stream.setTimeout(2);
  bench.transport->setBuffered(1'000'000);
  auto write = bench.stream.write("x");
  CHECK(!write.called());
  bench.time().advance(2);
  REQUIRE(write.called());
  CHECK(write.result().failure().check<TimeoutError>());
}

TEST_CASE("a stream stops reading from the peer when nobody reads from it") {
  Bench bench;
  bench.transport->receive(std::string(Stream::kReadAhead - 1, 'x'));
  CHECK(!bench.transport->readingPaused());
  bench.transport->receive("x");
  CHECK(bench.transport->readingPaused());
  CHECK(valueOf(bench.stream.readExactly(100)).size() == 100);
  CHECK(bench.transport->readingPaused());
  CHECK(valueOf(bench.stream.readExactly(40'000)).size() == 40'000);
  CHECK(!bench.transport->readingPaused());
}

TEST_CASE("a read of more than the read-ahead still ends") {
  Bench bench;
  bench.transport->receive(std::string(Stream::kReadAhead, 'x'));
  CHECK(bench.transport->readingPaused());
  auto large = bench.stream.readExactly(3 * Stream::kReadAhead);
  CHECK(!bench.transport->readingPaused());
  bench.transport->receive(std::string(Stream::kReadAhead, 'y'));
  CHECK(!bench.transport->readingPaused());
  bench.transport->receive(std::string(Stream::kReadAhead, 'z'));
  CHECK(valueOf(std::move(large)).size() == 3 * Stream::kReadAhead);
}

TEST_CASE("a dropped stream closes; who still waits is told") {
  auto transport = std::make_shared<StringTransport>();
  std::optional<Stream> stream(std::in_place, transport);
  auto read = stream->readExactly(10);
  auto moved = std::move(*stream);
  stream.reset();
  CHECK(!transport->disconnecting());
  moved = Stream();
  CHECK(transport->disconnecting());
  CHECK(errorText(std::move(read)) == "the connection was aborted: its Stream was dropped");
  transport->lose();
}

TEST_CASE("a detached stream gives its transport back with what it had not read") {
  Bench bench;
  bench.transport->receive("STARTTLS\r\nhello");
  CHECK(*valueOf(bench.stream.readLine()) == "STARTTLS");
  std::shared_ptr<Transport> transport = bench.stream.detach();
  CHECK(transport == bench.transport);
  CHECK(!bench.stream);
  Stream next(transport);
  CHECK(valueOf(next.read()) == "hello");
  bench.transport->receive("more");
  CHECK(valueOf(next.read()) == "more");
}

TEST_CASE("detaching a stream ends the read that waits, and makes a paused transport read again") {
  Bench bench;
  bench.transport->receive(std::string(Stream::kReadAhead, 'x'));
  CHECK(bench.transport->readingPaused());
  auto waiting = bench.stream.readUntil("\n", 2 * Stream::kReadAhead);
  bench.transport->receive(std::string(Stream::kReadAhead / 2, 'x'));
  auto transport = bench.stream.detach();
  CHECK(errorText(std::move(waiting)) == "the connection was aborted: its Stream was given away");
  CHECK(!bench.transport->readingPaused());
  CHECK(bench.transport->connected());
  Stream next(transport);
  CHECK(valueOf(next.readExactly(Stream::kReadAhead * 3 / 2)).size() == Stream::kReadAhead * 3 / 2);
}

EVERY_NETWORK("an upgrade hands everything on, in order: what was read ahead, what comes, and the end") {
  World world;
  std::string got;
  bool ended = false;
  class Upper : public Protocol {
   public:
    Upper(std::string& got, bool& ended) : got_(got), ended_(ended) {}
    void dataReceived(std::string_view data) override { got_ += data; }
    void readConnectionLost() override {
      ended_ = true;
      transport().write("bye");
      transport().loseConnection();
    }
    std::string& got_;
    bool& ended_;
  };
  auto port = world.network.listen(0, streamFactory([&](Stream stream) -> Deferred<> {
                                     auto line = co_await stream.readLine();
                                     CHECK(line == "upgrade");
                                     stream.detach()->setProtocol(std::make_shared<Upper>(got, ended));
                                   }),
                                   world.loopback());
  auto visit = [&](bool endAtOnce) -> Deferred<std::string> {
    auto transport = co_await world.network.connect("127.0.0.1", port->getHost().port());
    Stream stream(std::move(transport));
    co_await stream.write("upgrade\nfirst ");
    if (!endAtOnce) {
      const Delay pause = 0.005;
      co_await deferLater(world.clock(), pause);
    }
    co_await stream.write("second");
    stream.closeWriting();
    std::string answer = co_await stream.readExactly(3);
    co_return answer;
  };
  for (const bool endAtOnce : {true, false}) {
    got.clear();
    ended = false;
    CHECK(resultOf(world, visit(endAtOnce)) == "bye");
    CHECK(got == "first second");
    CHECK(ended);
  }
}

EVERY_NETWORK("the protocol that comes after the peer's end is told of it; a detached transport that nobody keeps is closed") {
  World world;
  bool ended = false;
  std::string got;
  std::weak_ptr<Transport> dropped;
  auto port = world.network.listen(0, streamFactory([&](Stream stream) -> Deferred<> {
                                     std::string all = co_await stream.readExactly(3);
                                     const std::string_view rest = co_await stream.readSome();
                                     ended = rest.empty();
                                     auto transport = stream.detach();
                                     if (all == "abc") {
                                       Stream next(transport);
                                       got = co_await next.read();
                                       co_await next.write("end seen");
                                       co_return;
                                     }
                                     dropped = transport;
                                   }),
                                   world.loopback());
  auto visit = [&](std::string word) -> Deferred<std::string> {
    auto transport = co_await world.network.connect("127.0.0.1", port->getHost().port());
    Stream stream(std::move(transport));
    co_await stream.write(word);
    stream.closeWriting();
    std::string answer = co_await stream.read();
    co_return answer;
  };
  CHECK(resultOf(world, visit("abc")) == "end seen");
  CHECK(ended);
  CHECK(got.empty());
  auto second = visit("xyz");
  if (World::kResets) CHECK(errorOf<ConnectionLost>(world, std::move(second)).systemError == ECONNRESET);
  else CHECK(resultOf(world, std::move(second)).empty());
  CHECK(dropped.expired());
}

EVERY_NETWORK("close fires when everything was sent and the connection is over") {
  World world;
  std::string got;
  auto port = world.network.listen(0, streamFactory([&](Stream stream) -> Deferred<> {
                                     for (;;) {
                                       std::string data = co_await stream.read();
                                       if (data.empty()) co_return;
                                       got += data;
                                     }
                                   }),
                                   world.loopback());
  auto send = [&]() -> Deferred<> {
    auto transport = co_await world.network.connect("127.0.0.1", port->getHost().port());
    Stream stream(std::move(transport));
    for (int i = 0; i < 100; ++i) co_await stream.write(std::string(10'000, 'x'));
    co_await stream.close();
    co_await stream.close();
  };
  resultOf(world, send());
  REQUIRE(world.until([&] { return got.size() == 1'000'000; }));
}

EVERY_NETWORK("a served stream may answer after the peer's end") {
  World world;
  auto port = world.network.listen(0, streamFactory([](Stream stream) -> Deferred<> {
                                     std::string all;
                                     for (;;) {
                                       auto data = co_await stream.readSome();
                                       if (data.empty()) break;
                                       all += data;
                                     }
                                     co_await stream.write(std::to_string(all.size()));
                                   }),
                                   world.loopback());
  auto count = [&]() -> Deferred<std::string> {
    auto transport = co_await world.network.connect("127.0.0.1", port->getHost().port());
    Stream stream(std::move(transport));
    co_await stream.write(std::string(300'000, 'x'));
    stream.closeWriting();
    std::string answer = co_await stream.read();
    co_return answer;
  };
  CHECK(resultOf(world, count()) == "300000");
}

EVERY_NETWORK("an error of one served stream is logged and leaves the others alone; what the function captured outlives the factory") {
  LogCapture log;
  World world;
  auto shared = std::make_shared<std::string>("captured");
  std::weak_ptr<std::string> watch = shared;
  auto port = world.network.listen(0, streamFactory([shared](Stream stream) -> Deferred<> {
                                     auto line = co_await stream.readLine();
                                     if (line == "bad") throw std::runtime_error("bad visitor");
                                     co_await stream.write(*shared);
                                   }),
                                   world.loopback());
  shared.reset();
  const std::uint16_t number = port->getHost().port();
  auto visit = [&](std::string word) -> Deferred<std::string> {
    auto transport = co_await world.network.connect("127.0.0.1", number);
    Stream stream(std::move(transport));
    co_await stream.write(word + "\n");
    std::string answer = co_await stream.read();
    co_return answer;
  };
  CHECK(resultOf(world, visit("bad")) == "");
  CHECK(log.contains("bad visitor"));
  auto late = visit("good");
  world.settle();
  port.reset();
  CHECK(resultOf(world, std::move(late)) == "captured");
  CHECK(world.until([&] { return watch.expired(); }));
}
