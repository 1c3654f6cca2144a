#include <weft/http/server/serving_threads.hpp>

#include <doctest/doctest.h>

#include "support/temporary_folder.hpp"

#include <weft/core/reactor.hpp>
#include <weft/http/client/agent.hpp>
#include <weft/http/file_error.hpp>
#include <weft/http/server/access_log.hpp>
#include <weft/net/error.hpp>
#include <weft/net/tcp_network.hpp>

#include <signal.h>

#include <fstream>
#include <functional>
#include <mutex>
#include <set>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

using namespace weft;
using namespace weft::http;

namespace {

std::string threadName() {
  std::ostringstream out;
  out << std::this_thread::get_id();
  return out.str();
}

Deferred<> ask(net::Network* network, std::uint16_t port, int connections, std::vector<std::string>* answers) {
  for (int i = 0; i < connections; ++i) {
    Agent agent(*network);
    auto asking = agent.get("http://127.0.0.1:" + std::to_string(port) + "/");
    Response response = co_await asking;
    answers->push_back(co_await response.text());
  }
}

// What so many connections of their own are answered.
std::vector<std::string> askMany(std::uint16_t port, int connections) {
  std::vector<std::string> answers;
  Reactor reactor;
  net::TcpNetwork network(reactor);
  Failure failure{std::exception_ptr()};
  reactor.callWhenRunning([&] {
    ask(&network, port, connections, &answers)
        .addErrback([&](Failure error) { failure = std::move(error); })
        .addBoth([&] { reactor.stop(); })
        .detach();
  });
  reactor.run();
  if (failure.exception()) std::rethrow_exception(failure.exception());
  return answers;
}

}  // namespace

TEST_CASE("several reactors serve one port, each connection by one of them, with a site of its own") {
  std::mutex mutex;
  std::set<std::string> made;
  ServingThreads serving(
      3, 0,
      [&](Reactor&) {
        const std::lock_guard lock(mutex);
        made.insert(threadName());
        return std::make_shared<Site>([](Request) -> Deferred<Response> { co_return Response(200, threadName()); });
      },
      net::ListenOptions().interface("127.0.0.1"));
  CHECK(serving.threads() == 3);
  CHECK(made.size() == 3);
  const auto answers = askMany(serving.port(), 60);
  const std::set<std::string> answered(answers.begin(), answers.end());
  CHECK(answered.size() > 1);
  for (const std::string& thread : answered) CHECK(made.contains(thread));
  serving.stop();
  CHECK(serving.threads() == 0);
  CHECK_THROWS_AS(askMany(serving.port(), 1), net::ConnectionRefused);
}

TEST_CASE("a signal is the program's: the threads serve on until they are told to stop") {
  ServingThreads serving(2, 0, [](Reactor&) { return std::make_shared<Site>([](Request) -> Deferred<Response> { co_return Response(200, threadName()); }); },
                         net::ListenOptions().interface("127.0.0.1"));
  Reactor reactor;
  reactor.callWhenRunning([] { ::raise(SIGTERM); });
  reactor.run();
  CHECK(reactor.lastSignal() == SIGTERM);
  for (const std::string& thread : askMany(serving.port(), 20)) CHECK(!thread.empty());
  serving.stop();
  CHECK(serving.threads() == 0);
}

TEST_CASE("what cannot be served is thrown to whoever asked, and no thread is left") {
  CHECK_THROWS_WITH(ServingThreads(2, 0, [](Reactor&) -> Served { throw std::runtime_error("no router"); }), "no router");
  Reactor reactor;
  net::TcpNetwork network(reactor);
  auto taken = network.listen(0, std::make_shared<Site>([](Request) { return succeed(Response(200)); }), net::ListenOptions().interface("127.0.0.1"));
  CHECK_THROWS_AS(ServingThreads(2, taken->getHost().port(), [](Reactor&) { return std::make_shared<Site>([](Request) { return succeed(Response(200)); }); },
                                 net::ListenOptions().interface("127.0.0.1")),
                  net::CannotListenError);
}

// M12
TEST_CASE("the access log's file gets a line for each answer, also after it was moved away, and none is lost at the end") {
  test::TemporaryFolder folder;
  const std::string path = folder / "access.log";
  const auto linesOf = [](const std::string& file) {
    std::ifstream in(file);
    std::vector<std::string> lines;
    for (std::string line; std::getline(in, line);) lines.push_back(line);
    return lines;
  };
  Reactor reactor;
  {
    AccessLog log(reactor, path);
    const auto write = log.writer();
    AccessEntry entry;
    entry.method = "GET";
    entry.status = 200;
    for (int i = 0; i < 2000; ++i) {
      entry.target = "/" + std::to_string(i);
      write(entry);
    }
    const std::function<void()> look = [&] {
      if (linesOf(path).size() == 2000) reactor.stop();
      else reactor.callLater(0.02, look);
    };
    reactor.callWhenRunning(look);
    reactor.run();
    REQUIRE(rename(path.c_str(), (path + ".1").c_str()) == 0);
    log.reopen();
    write(entry);
    CHECK(log.lost() == 0);
  }
  const auto old = linesOf(path + ".1"), fresh = linesOf(path);
  REQUIRE(old.size() == 2000);
  CHECK(old.front().find("\"GET /0 HTTP/1.1\" 200") != std::string::npos);
  CHECK(old.back().find("\"GET /1999 HTTP/1.1\" 200") != std::string::npos);
  CHECK(fresh.size() == 1);
  CHECK_THROWS_WITH_AS(AccessLog(reactor, folder / "missing/access.log"), doctest::Contains("missing/access.log"), FileError);
}
