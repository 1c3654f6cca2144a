#include <weft/http/body.hpp>

#include <doctest/doctest.h>

#include "support/file_size_limit.hpp"
#include "support/temporary_folder.hpp"

#include <weft/core/reactor.hpp>
#include <weft/defer/testing.hpp>
#include <weft/http/client/errors.hpp>
#include <weft/http/file_error.hpp>
#include <weft/http/internal/body_stream.hpp>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

using namespace weft;
using namespace weft::http;
using weft::test::TemporaryFolder;

namespace {

/// What fills a body: a test instead of a connection.
struct Sender final : http::detail::BodyStream::Source {
  http::detail::BodyStream* stream = new http::detail::BodyStream(*this, "", "http://a/");
  int wanted = 0;
  bool abandoned = false;

  Body body() { return Body(stream); }
  void send(std::string_view bytes) {
    stream->append(bytes);
    stream->deliver();
  }
  void end() { stream->finish(); }
  ~Sender() { stream->removeReference(); }

  void bodyWanted() noexcept override { ++wanted; }
  void bodyAbandoned() noexcept override { abandoned = true; }
};

std::string contentOf(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return std::string(std::istreambuf_iterator<char>(file), {});
}

std::size_t filesIn(const TemporaryFolder& folder) {
  std::size_t count = 0;
  for ([[maybe_unused]] const auto& entry : std::filesystem::directory_iterator(folder / "")) ++count;
  return count;
}

Deferred<std::vector<std::string>> all(AsyncGenerator<std::string> chunks) {
  std::vector<std::string> read;
  while (auto chunk = co_await chunks.next()) read.push_back(std::move(*chunk));
  co_return read;
}

}  // namespace

TEST_CASE("a body in memory is one chunk, and an empty one none") {
  auto chunks = all(Body("hello").chunks());
  CHECK(successResultOf(chunks) == std::vector<std::string>{"hello"});
  auto none = all(Body().chunks());
  CHECK(successResultOf(none).empty());
}

TEST_CASE("the chunks of a body are what has come when the next one is asked for") {
  Sender sender;
  auto chunks = all(sender.body().chunks());
  assertNoResult(chunks);
  sender.send("ab");
  sender.send("cde");
  assertNoResult(chunks);
  sender.end();
  CHECK(successResultOf(chunks) == std::vector<std::string>{"ab", "cde"});
}

TEST_CASE("chunks end with the error of the body, and give it up when they are dropped") {
  Sender broken;
  auto chunks = all(broken.body().chunks());
  broken.send("ab");
  broken.stream->fail(AgentClosed("http://a/"));
  failureResultOf<AgentClosed>(chunks);

  Sender left;
  {
    auto pieces = left.body().chunks();
    auto first = pieces.nextDeferred();
    left.send("ab");
    CHECK(successResultOf(first) == "ab");
    CHECK(!left.abandoned);
  }
  CHECK(left.abandoned);
}

TEST_CASE("progress tells what has come, and of how much") {
  using Step = std::pair<std::uint64_t, std::optional<std::uint64_t>>;
  std::vector<Step> steps;
  const auto note = [&](std::uint64_t bytes, std::optional<std::uint64_t> total) { steps.emplace_back(bytes, total); };
  Sender sender;
  sender.stream->expect(5);
  Body body = sender.body();
  body.onProgress(note);
  CHECK(steps.empty());
  auto bytes = body.bytes();
  sender.send("ab");
  sender.send("cde");
  sender.end();
  CHECK(successResultOf(bytes) == "abcde");
  CHECK(steps == std::vector<Step>{{2, 5}, {5, 5}, {5, 5}});

  steps.clear();
  Sender unknown;
  Body other = unknown.body();
  other.onProgress(note);
  unknown.send("abc");
  unknown.end();
  CHECK(steps == std::vector<Step>{{3, std::nullopt}, {3, 3}});

  steps.clear();
  Body memory("four");
  memory.onProgress(note);
  CHECK(steps == std::vector<Step>{{4, 4}});
}

TEST_CASE("what a progress callback throws ends the body with it") {
  struct Enough : std::runtime_error {
    Enough() : std::runtime_error("enough") {}
  };
  Sender sender;
  Body body = sender.body();
  body.onProgress([](std::uint64_t bytes, std::optional<std::uint64_t>) {
    if (bytes > 3) throw Enough();
  });
  auto bytes = body.bytes();
  sender.send("abc");
  assertNoResult(bytes);
  sender.send("d");
  failureResultOf<Enough>(bytes);
  CHECK(sender.abandoned);
}

TEST_CASE("a body is saved as it comes, and stands there only when it is complete") {
  TemporaryFolder folder;
  Sender sender;
  const std::string path = folder / "page";
  std::ofstream(path) << "old";
  auto saved = sender.body().saveTo(path);
  sender.send("hello ");
  sender.send("world");
  assertNoResult(saved);
  CHECK(contentOf(path) == "old");
  CHECK(filesIn(folder) == 2);
  sender.end();
  CHECK(successResultOf(saved) == 11);
  CHECK(contentOf(path) == "hello world");
  CHECK(filesIn(folder) == 1);
  auto empty = Body().saveTo(path);
  CHECK(successResultOf(empty) == 0);
  CHECK(contentOf(path) == "");
}

TEST_CASE("a body that is saved where a device, a pipe or a link is leaves that there") {
  TemporaryFolder folder;
  const std::string pipe = folder / "pipe", file = folder / "file", link = folder / "link";
  REQUIRE(::mkfifo(pipe.c_str(), 0600) == 0);
  const int reader = ::open(pipe.c_str(), O_RDONLY | O_NONBLOCK);
  auto piped = Body("through a pipe").saveTo(pipe);
  CHECK(successResultOf(piped) == 14);
  char got[64] = {};
  CHECK(::read(reader, got, sizeof got) == 14);
  ::close(reader);
  CHECK(std::filesystem::is_fifo(pipe));
  std::filesystem::create_symlink(file, link);
  std::ofstream(file) << "old";
  auto linked = Body("new").saveTo(link);
  CHECK(successResultOf(linked) == 3);
  CHECK(contentOf(file) == "new");
  CHECK(std::filesystem::is_symlink(link));
}

TEST_CASE("a body that breaks, or whose saving is cancelled, leaves nothing behind") {
  TemporaryFolder folder;
  Sender broken;
  auto saved = broken.body().saveTo(folder / "page");
  broken.send("half");
  CHECK(filesIn(folder) == 1);
  broken.stream->fail(AgentClosed("http://a/"));
  failureResultOf<AgentClosed>(saved);
  CHECK(filesIn(folder) == 0);

  Sender cancelled;
  auto given = cancelled.body().saveTo(folder / "page");
  cancelled.send("half");
  given.cancel();
  failureResultOf<CancelledError>(given);
  CHECK(cancelled.abandoned);
  CHECK(filesIn(folder) == 0);
}

TEST_CASE("a file that cannot be written is an error that names it, and the body is given up") {
  TemporaryFolder folder;
  Sender sender;
  const std::string path = folder / "no such folder/page";
  auto saved = sender.body().saveTo(path);
  const Failure failure = failureResultOf<FileError>(saved);
  CHECK(failure.as<FileError>()->path == path);
  CHECK(failure.as<FileError>()->systemError == ENOENT);
  CHECK(std::string(failure.what()) == "creating the file " + path + ": No such file or directory");
  CHECK(sender.abandoned);

  std::filesystem::create_directory(folder / "taken");
  auto over = Body("x").saveTo(folder / "taken");
  CHECK(failureResultOf<FileError>(over).as<FileError>()->systemError == EISDIR);
  CHECK(filesIn(folder) == 1);
}

TEST_CASE("a full disk is an error that names the file") {
  TemporaryFolder folder;
  Sender sender;
  auto saved = sender.body().saveTo(folder / "page");
  weft::test::FileSizeLimit limit(1000);
  sender.send(std::string(4000, 'x'));
  const Failure failure = failureResultOf<FileError>(saved);
  CHECK(failure.as<FileError>()->path == folder / "page");
  CHECK(failure.as<FileError>()->systemError == EFBIG);
  CHECK(sender.abandoned);
  CHECK(filesIn(folder) == 0);
}

TEST_CASE("in a running reactor files are written on its threads") {
  TemporaryFolder folder;
  Reactor reactor;
  Sender sender;
  std::optional<Outcome<std::uint64_t>> outcome;
  std::string content;
  for (int i = 0; i < 100; ++i) content += std::string(1000, static_cast<char>('a' + i % 20));
  Deferred<> saving{nullptr};
  reactor.callWhenRunning([&] {
    saving = sender.body().saveTo(folder / "page").addBoth([&](Outcome<std::uint64_t> result) {
      outcome.emplace(std::move(result));
      reactor.crash();
    });
    for (std::size_t i = 0; i < content.size(); i += 1000) sender.send(content.substr(i, 1000));
    sender.end();
    CHECK(!outcome);                                   // it could not be done in here
  });
  reactor.run(false);
  REQUIRE(outcome);
  CHECK(outcome->value() == content.size());
  CHECK(contentOf(folder / "page") == content);
  CHECK(filesIn(folder) == 1);
}
