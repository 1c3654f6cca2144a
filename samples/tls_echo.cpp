// tls_echo: an echo over TLS, with an authority made for the occasion. Server and client together, or each in a program of its own.
#include "arguments.hpp"

#include <weft/defer.hpp>
#include <weft/net.hpp>

#include <cstdio>
#include <fstream>
#include <string>

using namespace weft;

Deferred<> echo(net::Stream stream) {
  for (;;) {
    std::string_view data = co_await stream.readSome();
    if (data.empty()) co_return;                       // the peer has ended, and said so
    co_await stream.write(data);
  }
}

/// Listens with a certificate for "localhost" that `authority` has signed.
std::unique_ptr<net::Port> serve(net::Network& network, std::uint16_t port, const net::CertificateAuthority& authority) {
  const net::CertificateOptions options(authority.issue(net::CertificateDetails("localhost").name("127.0.0.1")));
  return network.listen(port, std::make_shared<net::TlsFactory>(options, net::streamFactory(echo)), net::ListenOptions().interface("127.0.0.1"));
}

/// Sends `line` to a server on this machine that must prove to be `host`.
Deferred<> say(net::Network& network, std::uint16_t port, std::string host, net::TrustRoot trust, std::string line) {
  const net::TlsClientContext context(net::TlsClientOptions().trustRoot(trust));
  const auto options = net::optionsForClientTLS(host, context);
  auto transport = co_await network.connect("127.0.0.1", port);
  net::Stream stream(co_await net::startTLS(std::move(transport), options));
  const net::TlsFacts& facts = *stream.transport().tlsFacts();
  std::printf("%s with %s, vouched for by %s\n", net::tlsVersionName(facts.version()).c_str(), host.c_str(), facts.peerCertificate()->issuer().c_str());
  co_await stream.write(line + "\n");
  std::string answer = co_await stream.readUntil("\n");
  std::printf("echoed: %s", answer.c_str());
  co_await stream.close();
}

Deferred<> together(net::Network& network) {
  const net::CertificateAuthority authority("an authority of our own");
  const auto port = serve(network, 0, authority);
  const auto trust = net::trustRootFromCertificates({authority.certificate()});
  co_await say(network, port->getHost().port(), "localhost", trust, "hello over TLS");
  try {
    co_await say(network, port->getHost().port(), "example.com", trust, "not sent");
  } catch (const net::CertificateError& error) {
    std::printf("refused: %s\n", error.what());
  }
}

Deferred<> run(Reactor& reactor, const Arguments& arguments) {
  net::TcpNetwork network(reactor);
  const auto port = static_cast<std::uint16_t>(arguments.number("--port", 0));
  if (arguments.has("--serve")) {
    const net::CertificateAuthority authority("an authority of our own");
    std::ofstream(arguments.text("--ca", "tls_echo_ca.pem")) << authority.certificate().toPEM();
    const auto listening = serve(network, port, authority);
    std::printf("listening on %s\n", listening->getHost().toString().c_str());
    std::fflush(stdout);
    Deferred<> interrupted;                            // a signal cancels it
    co_await interrupted;
  } else if (arguments.has("--connect")) {
    const auto trust = net::trustRootFromCertificates(net::Certificate::allFromFile(arguments.text("--ca", "tls_echo_ca.pem")));
    co_await say(network, port, arguments.text("--host", "localhost"), trust, arguments.text("--say", "hello over TLS"));
  } else {
    co_await together(network);
  }
}

int main(int argc, char** argv) {
  const Arguments arguments(argc, argv,
                            "tls_echo [--serve | --connect] [--port N] [--ca FILE] [--host NAME] [--say TEXT]\n\n"
                            "An echo over TLS on this machine; without --serve or --connect the server and its client in one program.\n"
                            "  --serve      serve until interrupted, with a certificate for localhost\n"
                            "  --connect    send one line\n"
                            "  --port N     the port; to serve on any free one, leave it out\n"
                            "  --ca FILE    the authority's certificate: written by --serve, trusted by --connect (tls_echo_ca.pem)\n"
                            "  --host NAME  whom the server must prove to be (localhost)\n"
                            "  --say TEXT   the line\n");
  return react([&arguments](Reactor& reactor) { return run(reactor, arguments); }, argc, argv);
}
