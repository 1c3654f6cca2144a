// Bytes of a client at a Site: in one piece, in any pieces the same requests; each gets its answer, in order, and the connection comes to an end.
#include "check.hpp"

#include <weft/core/log.hpp>
#include <weft/core/manual_clock.hpp>
#include <weft/http/parser.hpp>
#include <weft/http/server/site.hpp>
#include <weft/net/protocol.hpp>
#include <weft/net/testing/memory_network.hpp>

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

using namespace weft;
using namespace weft::http;

namespace {

class Client final : public net::Protocol {
 public:
  std::string received;
  bool lost = false;

 private:
  void dataReceived(std::string_view data) override { received.append(data); }
  void readConnectionLost() override { transport().loseConnection(); }
  void connectionLost(const Failure&) override { lost = true; }
};

/// Reads the answers to requests of these methods: how many there are, but for interim ones.
class Answers final : public MessageSink {
 public:
  explicit Answers(const std::vector<std::string>& methods) : methods_(methods), parser_(Parser::Kind::Response, *this) {}
  std::size_t count(std::string_view bytes) {
    while (!bytes.empty()) {
      FUZZ_CHECK(!last_);                                // nothing follows an answer that closes
      parser_.next(count_ < methods_.size() && methods_[count_] == "HEAD");
      bytes.remove_prefix(parser_.feed(bytes));
      if (!parser_.complete()) parser_.finish();         // throws where an answer is cut
      last_ = !parser_.keepAlive();
      ++count_;
    }
    return count_;
  }

 private:
  void headReceived() override {}
  void bodyReceived(std::string_view) override {}
  void messageReceived() override {}

  const std::vector<std::string>& methods_;
  Parser parser_;
  std::size_t count_ = 0;
  bool last_ = false;
};

/// What the handler has got. `reads`: whether it wants bodies; a connection may be closed behind one that it leaves.
std::string run(std::string_view bytes, std::size_t piece, bool reads) {
  ManualClock clock;
  net::MemoryNetwork network(clock);
  std::vector<std::string> methods;
  std::string log;
  auto site = std::make_shared<Site>(
      [&](Request request) -> Deferred<Response> {
        methods.push_back(request.method());
        std::string line = request.method() + " " + request.target + " " + request.url.href() + "\n" + std::string(request.headers.wire());
        if (reads) line += co_await request.bytes() + "\n";
        log += line;
        co_return Response(200, "ok");
      },
      SiteOptions().setHttp2(false).setParser(ParserOptions().setMaxHeaderBytes(2000)));
  const auto port = network.listen(80, site);
  auto connecting = net::connectProtocol(network, "localhost", 80, std::make_shared<Client>());
  clock.play(0.001);
  const std::shared_ptr<Client> client = *connecting.result();
  for (std::size_t at = 0; at < bytes.size() && !client->lost; at += piece) {
    client->transport().write(bytes.substr(at, piece));
    clock.play(0);
  }
  clock.play(1000);                                      // whatever is not finished is too slow
  FUZZ_CHECK(site->connections() == 0);
  FUZZ_CHECK(client->lost);
  const std::size_t answers = Answers(methods).count(client->received);
  FUZZ_CHECK(answers >= methods.size() && answers <= methods.size() + 1);        // one more: of what is no request
  return log;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  static const bool quiet = (setLogSink([](const LogRecord&) {}), true);
  if (!quiet || size < 1) return 0;
  const std::string_view bytes(reinterpret_cast<const char*>(data) + 1, size - 1);
  const std::string whole = run(bytes, bytes.size(), true);
  for (const std::size_t piece : {std::size_t{1}, std::size_t{2} + data[0] % 29}) FUZZ_CHECK(run(bytes, piece, true) == whole);
  run(bytes, bytes.size(), false);
  run(bytes, 2 + data[0] % 29, false);
  return 0;
}
