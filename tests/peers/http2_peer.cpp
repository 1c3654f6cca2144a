// A Site for other people's HTTP/2 clients to talk to, plain and over TLS, and a client of ours that asks many things of their servers at once.
//
//     http2_peer serve [CERTIFICATE]        prints "plain on 127.0.0.1:N, secure on 127.0.0.1:N", and writes the authority's certificate into that file
//     http2_peer ask [--known] COUNT URL    asks for URL so many times at once, and prints "COUNT answers, BYTES bytes, N connections, HTTP/2"
//     http2_peer send [--known] BYTES URL   sends a body of so many bytes, made on the way, and prints the answer
#include <weft/defer.hpp>
#include <weft/http.hpp>
#include <weft/net.hpp>

#include <cstdio>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

using namespace weft;

namespace {

AsyncGenerator<std::string> pieces(std::size_t bytes) {
  while (bytes > 0) {
    std::string piece(std::min<std::size_t>(bytes, 10'000), 'x');
    bytes -= piece.size();
    co_yield std::move(piece);
  }
}

Deferred<http::Response> answer(http::Request request) {
  if (request.target == "/big") co_return http::Response(200, std::string(10'000'000, 'b'));
  if (request.target == "/pieces") co_return http::Response(200).setBodyChunks(pieces(3'000'000));
  if (request.target == "/count") {
    std::size_t size = 0;
    auto chunks = request.chunks();
    while (auto chunk = co_await chunks.next()) size += chunk->size();
    co_return http::Response(200, std::to_string(size));
  }
  if (request.target == "/empty") co_return http::Response(204);
  co_return http::Response(200, "hello over HTTP/" + std::to_string(request.majorVersion) + "\n", "text/plain");
}

Deferred<> serve(Reactor& reactor, std::string file) {
  net::TcpNetwork network(reactor);
  const net::CertificateAuthority authority("an authority of our own");
  net::CertificateOptions tls(authority.issue(net::CertificateDetails("localhost").name("127.0.0.1")));
  tls.acceptableProtocols({"h2", "http/1.1"});
  if (!file.empty()) std::ofstream(file) << authority.certificate().toPEM();
  const auto site = std::make_shared<http::Site>(answer);
  net::ListenOptions here;
  here.interface("127.0.0.1");
  const auto plain = network.listen(0, site, here);
  const auto secure = network.listen(0, std::make_shared<net::TlsFactory>(net::TlsServerContext(tls), site), here);
  std::printf("plain on %s, secure on %s\n", plain->getHost().toString().c_str(), secure->getHost().toString().c_str());
  std::fflush(stdout);
  Deferred<> stopped;
  co_await stopped;
}

http::AgentOptions options(bool known) {
  net::TlsClientOptions anybody;
  anybody.verify(false);
  return http::AgentOptions().setTls(anybody).setHttp2PriorKnowledge(known).setMaxBody(http::Body::kUnlimited);
}

Deferred<std::size_t> sizeOf(Deferred<http::Response> asking) {
  http::Response response = co_await asking;
  if (!response.ok() || response.majorVersion != 2) throw http::StatusError(response.status, "not 200 over HTTP/2");
  const std::string body = co_await response.bytes();
  co_return body.size();
}

Deferred<> ask(Reactor& reactor, bool known, std::size_t count, std::string url) {
  net::TcpNetwork network(reactor);
  http::Agent agent(network, options(known));
  std::vector<Deferred<std::size_t>> asked;
  for (std::size_t i = 0; i < count; ++i) asked.push_back(sizeOf(agent.get(url)));
  auto gathering = gatherResults(std::move(asked));
  std::size_t bytes = 0;
  for (const std::size_t size : co_await gathering) bytes += size;
  std::printf("%zu answers, %zu bytes, %llu connections, HTTP/2\n", count, bytes, static_cast<unsigned long long>(agent.stats().connects));
}

Deferred<> send(Reactor& reactor, bool known, std::size_t bytes, std::string url) {
  net::TcpNetwork network(reactor);
  http::Agent agent(network, options(known));
  auto sending = agent.request(http::Request("POST", url).setBodyChunks(pieces(bytes)));
  http::Response response = co_await sending;
  const std::string text = co_await response.text();
  std::printf("%d HTTP/%d %s\n", response.status, response.majorVersion, text.c_str());
}

}  // namespace

int main(int argc, char** argv) {
  std::vector<std::string> words(argv + 1, argv + argc);
  const bool known = std::erase(words, "--known") > 0;
  if (!words.empty() && words[0] == "serve") return react([&](Reactor& reactor) { return serve(reactor, words.size() > 1 ? words[1] : ""); }, argc, argv);
  if (words.size() == 3 && words[0] == "ask") return react([&](Reactor& reactor) { return ask(reactor, known, std::stoul(words[1]), words[2]); }, argc, argv);
  if (words.size() == 3 && words[0] == "send") return react([&](Reactor& reactor) { return send(reactor, known, std::stoul(words[1]), words[2]); }, argc, argv);
  std::fprintf(stderr, "http2_peer serve [CERTIFICATE] | ask [--known] COUNT URL | send [--known] BYTES URL\n");
  return 2;
}
