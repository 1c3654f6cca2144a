#include <weft/net/file_sender.hpp>

#include "worlds.hpp"

#include <weft/defer/testing.hpp>
#include <weft/net/stream.hpp>
#include <weft/net/testing/string_transport.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <memory>
#include <string>
#include <system_error>
#include <vector>

#include <unistd.h>

using namespace weft;
using namespace weft::net;

namespace {

FileSender::Source textSource(std::string text) {
  return [text = std::make_shared<std::string>(std::move(text))](std::size_t bytes) {
    std::string piece = text->substr(0, bytes);
    text->erase(0, bytes);
    return succeed(std::move(piece));
  };
}

/// A file that is removed at the end.
class TemporaryFile {
 public:
  explicit TemporaryFile(const std::string& content) {
    char name[] = "/tmp/weft-file-sender-XXXXXX";
    const int file = ::mkstemp(name);
    REQUIRE(file >= 0);
    ::close(file);
    path = name;
    std::ofstream(path, std::ios::binary) << content;
  }
  TemporaryFile(const TemporaryFile&) = delete;
  ~TemporaryFile() { std::remove(path.c_str()); }
  std::string path;
};

}  // namespace

TEST_CASE("a file goes out in pieces of 16 KiB, each when the one before was sent, and the last byte is the result") {      // H23
  StringTransport transport;
  auto done = FileSender::send(textSource(std::string(40'000, 'x') + "!"), transport);
  REQUIRE(transport.producer());
  CHECK(!transport.streaming());
  std::vector<std::size_t> pieces;
  while (transport.producer()) {
    transport.clear();
    auto keep = transport.producer();
    keep->resumeProducing();
    pieces.push_back(transport.value().size());
  }
  CHECK(pieces == std::vector<std::size_t>{16'384, 16'384, 7'233, 0});
  CHECK(successResultOf(done) == '!');
}

TEST_CASE("an empty file has no last byte; a transform changes each piece, also to nothing") {      // H23
  StringTransport transport;
  auto empty = FileSender::send(textSource(""), transport);
  auto keep = transport.producer();
  keep->resumeProducing();
  CHECK(successResultOf(empty) == std::nullopt);
  int pieces = 0;
  auto done = FileSender::send(textSource(std::string(200'000, 'x')), transport, [&](std::string piece) {
    return ++pieces % 3 == 0 ? std::string(1, static_cast<char>('a' + pieces / 3)) + std::to_string(piece.size()) : std::string();
  });
  while ((keep = transport.producer())) keep->resumeProducing();
  CHECK(transport.value() == "b16384c16384d16384e16384");
  CHECK(successResultOf(done) == '4');
}

TEST_CASE("a transfer that is stopped, cancelled or cannot be read fails, and leaves the consumer free") {      // H23
  StringTransport transport;
  auto stopped = FileSender::send(textSource("abc"), transport);
  CHECK_THROWS_AS(successResultOf(FileSender::send(textSource("abc"), transport)), UnexpectedResult);
  auto cancelled = std::move(stopped);
  cancelled.cancel();
  failureResultOf<CancelledError>(cancelled);
  CHECK(!transport.producer());

  auto broken = FileSender::send([](std::size_t) -> Deferred<std::string> { return fail<std::string>(Failure(std::runtime_error("bad disk"))); }, transport);
  auto keep = transport.producer();
  keep->resumeProducing();
  CHECK(failureResultOf<std::runtime_error>(broken).what() == std::string("bad disk"));
  CHECK(!transport.producer());

  Trigger<std::string> late;
  auto waiting = FileSender::send(
      [&](std::size_t) {
        Deferred<std::string> piece;
        late = piece.takeTrigger();
        return piece;
      },
      transport);
  keep = transport.producer();
  keep->resumeProducing();
  keep->resumeProducing();
  CHECK(!waiting.called());
  transport.lose();
  failureResultOf<ProducingStopped>(waiting);
  CHECK(!late.active());
  keep.reset();

  auto refused = FileSender::send(textSource("abc"), transport);
  failureResultOf<ProducingStopped>(refused);
}

TEST_CASE("a real file is read off the reactor's thread and arrives whole") {      // H23
  std::string content;
  for (int i = 0; content.size() < 3'000'000; ++i) content += std::to_string(i);
  TemporaryFile file(content);
  TcpWorld world;
  std::string got;
  auto port = world.network.listen(0, streamFactory([&](Stream stream) -> Deferred<> {
                                     co_await FileSender::send(fileSource(world.reactor, file.path), stream.transport());
                                   }),
                                   world.loopback());
  auto fetch = [&]() -> Deferred<std::size_t> {
    auto transport = co_await world.network.connect("127.0.0.1", port->getHost().port());
    Stream stream(std::move(transport));
    for (;;) {
      auto data = co_await stream.readSome();
      if (data.empty()) co_return got.size();
      got += data;
    }
  };
  CHECK(resultOf(world, fetch()) == content.size());
  CHECK(got == content);

  auto sink = world.network.listen(0, streamFactory([](Stream stream) -> Deferred<> { co_await stream.readSome(); }), world.loopback());
  auto transport = resultOf(world, world.network.connect("127.0.0.1", sink->getHost().port()));
  CHECK(errorOf<std::system_error>(world, FileSender::send(fileSource(world.reactor, "/nowhere/at all"), *transport)).what() ==
        std::string("opening /nowhere/at all: No such file or directory"));
  auto cut = FileSender::send(fileSource(world.reactor, file.path), *transport);
  transport.reset();                                   // the last owner
  errorOf<ProducingStopped>(world, std::move(cut));
}
