#include <weft/net/endpoints/endpoint_string.hpp>

#include "../tls_world.hpp"

#include <weft/defer/testing.hpp>
#include <weft/net/endpoints/tcp_endpoint.hpp>

#include <doctest/doctest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

using namespace weft;
using namespace weft::net;

namespace {

class Quiet : public Protocol {
  void dataReceived(std::string_view) override {}
};

/// A type of our own, "show", whose arguments can be seen.
EndpointTypes shows(std::vector<std::string> declared, std::string& shown) {
  EndpointTypes types;
  types.addClient("show", std::move(declared), [&shown](Network& network, const EndpointArguments& arguments) -> std::shared_ptr<ClientEndpoint> {
    shown.clear();
    for (const char* name : {"a", "b", "words"}) {
      const auto values = arguments.rest(name);
      for (const std::string& value : values) shown += std::string(name) + "=<" + value + ">";
    }
    return std::make_shared<TCPClientEndpoint>(network, "localhost", 1);
  });
  return types;
}

std::string readAs(const std::string& text, std::vector<std::string> declared = {"a", "b"}) {
  ManualClock clock;
  MemoryNetwork network(clock);
  std::string shown;
  const EndpointTypes types = shows(std::move(declared), shown);
  static_cast<void>(clientFromString(network, text, types));
  return shown;
}

template <class Call> std::string refusal(Call call) {
  try {
    call();
  } catch (const EndpointStringError& error) {
    return error.what();
  }
  return "no error";
}

std::string refusedClient(std::string_view text) {
  ManualClock clock;
  MemoryNetwork network(clock);
  return refusal([&] { static_cast<void>(clientFromString(network, text)); });
}

/// A folder of our own with the files of a server for "localhost".
struct Files {
  Files() {
    std::string name = std::filesystem::temp_directory_path() / "weft-endpoint-XXXXXX";
    REQUIRE(mkdtemp(name.data()));
    folder = name;
    const PrivateCertificate& server = localhostCertificate();
    write("ca.pem", testAuthority().certificate().toPEM());
    write("cert.pem", server.certificate().toPEM());
    write("key.pem", server.key().toPEM());
    write("both.pem", server.certificate().toPEM() + server.key().toPEM());
    write("bad.pem", "nothing");
    std::filesystem::create_directory(folder + "/authorities");
    write("authorities/one.pem", testAuthority().certificate().toPEM());
    std::filesystem::create_directory(folder + "/empty");
  }
  Files(const Files&) = delete;
  Files& operator=(const Files&) = delete;
  ~Files() { std::filesystem::remove_all(folder); }
  void write(const std::string& name, const std::string& text) { std::ofstream(folder + '/' + name) << text; }
  std::string folder;
};

std::string refusedServer(std::string_view text) {
  ManualClock clock;
  MemoryNetwork network(clock);
  return refusal([&] { static_cast<void>(serverFromString(network, text)); });
}

}  // namespace

// J6
TEST_CASE("arguments come by position, by name, or both") {
  CHECK(readAs("show:1:2") == "a=<1>b=<2>");
  CHECK(readAs("show:b=2:a=1") == "a=<1>b=<2>");
  CHECK(readAs("show:1:b=2") == "a=<1>b=<2>");
  CHECK(readAs("show:b=2:1") == "a=<1>b=<2>");
  CHECK(readAs("show:") == "");
  CHECK(readAs("show") == "");
  CHECK(readAs("show::2") == "a=<>b=<2>");
}

TEST_CASE("a backslash or brackets take characters as they are") {
  CHECK(readAs(R"(show:a\:b)") == "a=<a:b>");
  CHECK(readAs(R"(show:a\\b)") == R"(a=<a\b>)");
  CHECK(readAs(R"(show:a\=b)") == "a=<a=b>");
  CHECK(readAs("show:a=b=c=d") == "a=<b=c=d>");
  CHECK(readAs("show:[::1]:b=[fe80::1%eth0]") == "a=<::1>b=<fe80::1%eth0>");
  CHECK(readAs(R"(show:a=\:\:1)") == "a=<::1>");
}

TEST_CASE("a last argument may take all that is left") {
  CHECK(readAs("show:1:x:y:z", {"a", "words..."}) == "a=<1>words=<x>words=<y>words=<z>");
  CHECK(readAs("show:1", {"a", "words..."}) == "a=<1>");
}

TEST_CASE("tcp endpoints from strings connect to each other, in memory and on sockets") {
  const auto talk = [](auto& world, const std::string& serverText, const std::string& clientText) {
    auto port = resultOf(world, serverFromString(world.network, serverText)->listen(factoryOf<Quiet>()));
    const std::string text = clientText + std::to_string(port->getHost().port());
    auto client = clientFromString(world.network, text);
    return resultOf(world, client->connect())->getPeer().toString() == port->getHost().toString();
  };
  TcpWorld sockets;
  CHECK(talk(sockets, "tcp:0:interface=127.0.0.1", "tcp:127.0.0.1:"));
  CHECK(talk(sockets, "tcp:interface=127.0.0.1:port=0:backlog=50", "tcp:timeout=5:bindAddress=127.0.0.1:host=127.0.0.1:port="));
  MemoryWorld memory;
  CHECK(talk(memory, "tcp6:0:interface=[::1]", "tcp6:[::1]:"));
  CHECK(talk(memory, R"(tcp6:0:interface=\:\:1)", R"(tcp6:host=\:\:1:port=)"));
}

TEST_CASE("a client's string may set the timeout and the address to come from") {
  MemoryWorld world;
  world.network.setLink(MemoryLink().silent());
  auto endpoint = clientFromString(world.network, "tcp:127.0.0.1:80:timeout=2.5");
  auto connecting = endpoint->connect();
  world.time.advance(2.6);
  CHECK(failureResultOf<ConnectTimeout>(connecting).as<ConnectTimeout>()->seconds == 2.5);
}

TEST_CASE("a wrong string is an error that points at the wrong part") {
  CHECK(refusedClient("tcp:example.com:prot=80") ==
        "an endpoint of type tcp has no argument \"prot\"; did you mean port?\n"
        "  tcp:example.com:prot=80\n"
        "                  ^");
  CHECK(refusedClient("tpc:example.com:80") ==
        "there is no type of client endpoints called \"tpc\"; did you mean tcp?\n"
        "  tpc:example.com:80\n"
        "  ^");
  CHECK(refusedClient("tcp:example.com:http") ==
        "port is a number from 1 to 65535, not \"http\"\n"
        "  tcp:example.com:http\n"
        "                  ^");
  CHECK(refusedClient("tcp:b\xc3\xbc" "cher.example:0") ==
        "port is a number from 1 to 65535, not \"0\"\n"
        "  tcp:b\xc3\xbc" "cher.example:0\n"
        "                     ^");
  CHECK(refusedClient("tcp:example.com") ==
        "an endpoint of type tcp needs the argument port\n"
        "  tcp:example.com\n"
        "                 ^");
  CHECK(refusedClient("tcp::80").starts_with("host is empty\n"));
  CHECK(refusedClient("tcp:a:80:1:127.0.0.1:5").starts_with("an endpoint of type tcp has no more arguments than host, port, timeout and bindAddress\n"));
  CHECK(refusedClient("tcp:a:80:host=b").starts_with("the argument host is given twice\n"));
  CHECK(refusedClient("tcp:a:80:timeout=soon").starts_with("timeout is a number of seconds, not \"soon\"\n"));
  CHECK(refusedClient("tcp:a:80:timeout=-1").starts_with("timeout is a number of seconds, not \"-1\"\n"));
  CHECK(refusedClient("tcp:a:80:bindAddress=here").starts_with("bindAddress is a numeric address such as 127.0.0.1 or [::1], not \"here\"\n"));
  CHECK(refusedClient("tcp:a:80:=5").starts_with("the name of an argument is missing in front of \"=\"\n"));
  CHECK(refusedClient("tcp:[::1:80").starts_with("\"[\" is not closed\n"));
  CHECK(refusedClient("tcp:a:80\\").starts_with("a backslash takes the next character as it is, but here the endpoint ends\n"));
  CHECK(refusedClient("").starts_with("an endpoint begins with its type and a colon; there is "));
  CHECK(refusedServer("tcp:8080:interface=localhost").starts_with("interface is a numeric address"));
  CHECK(refusedServer("tcp:8080:interface=[::1]").starts_with("this is an IPv6 address: write tcp6 for it\n"));
  CHECK(refusedServer("tcp6:8080:interface=127.0.0.1").starts_with("this is an IPv4 address: write tcp for it\n"));
  CHECK(refusedServer("tcp:65536").starts_with("port is a number from 0 to 65535, not \"65536\"\n"));
  CHECK(refusedServer("tcp:80:backlog=0").starts_with("backlog is a number from 1 to 1000000, not \"0\"\n"));
  CHECK(refusedServer("tcp:80:colour=red").starts_with("an endpoint of type tcp has no argument \"colour\"; it takes port, interface and backlog\n"));
}

TEST_CASE("a wrong string with control characters shows none") {
  const std::string text = refusedClient("tcp:a\x1b[2J:x\ny");
  CHECK(text == "port is a number from 1 to 65535, not \"x\\ny\"\n  tcp:a?[2J:x?y\n            ^");
}

TEST_CASE("types of one's own stand beside the standard ones, and may wrap them") {
  MemoryWorld world;
  EndpointTypes types;
  types.addServer("outer", {":"}, [](Network& network, const EndpointArguments& arguments) { return arguments.wrappedServer(network); });
  types.addServer("only", {"port"}, [](Network& network, const EndpointArguments& arguments) -> std::shared_ptr<ServerEndpoint> {
    if (arguments.number("port", 0, 65535) != 7) arguments.fail("port", "this endpoint is for port 7");
    return std::make_shared<TCP4ServerEndpoint>(network, 7);
  });
  CHECK(resultOf(world, serverFromString(world.network, "outer:outer:tcp:80", types)->listen(factoryOf<Quiet>()))->getHost().port() == 80);
  CHECK(refusal([&] { static_cast<void>(serverFromString(world.network, "outer:tcp:x", types)); }) ==
        "port is a number from 0 to 65535, not \"x\"\n  outer:tcp:x\n            ^");
  CHECK(refusal([&] { static_cast<void>(serverFromString(world.network, "outer:only:8", types)); }) == "this endpoint is for port 7\n  outer:only:8\n             ^");
  CHECK(refusal([&] { static_cast<void>(clientFromString(world.network, "only:7", types)); }).starts_with("endpoints of type only are for servers only; there is "));
  CHECK(refusedServer("outer:tcp:80").starts_with("there is no type of server endpoints called \"outer\""));
}

TEST_CASE("tls endpoints from strings verify each other by the files that they name") {
  const Files files;
  const std::string in = files.folder + '/';
  for (const std::string& server : {"tls:0:certificate=" + in + "cert.pem:privateKey=" + in + "key.pem", "tls:0:" + in + "both.pem", "ssl:0:privateKey=" + in + "both.pem",
                                    "ssl:0:privateKey=" + in + "key.pem:certKey=" + in + "cert.pem:extraCertChain=" + in + "ca.pem:backlog=5"}) {
    CAPTURE(server);
    MemoryWorld world;
    auto port = resultOf(world, serverFromString(world.network, server)->listen(factoryOf<Quiet>()));
    const std::string number = std::to_string(port->getHost().port());
    for (const std::string& roots : {"tls:localhost:" + number + ":trustRoots=" + in + "ca.pem", "tls:localhost:" + number + ":trustRoots=" + in + "authorities",
                                     "ssl:localhost:" + number + ":caCertsDir=" + in + "authorities:timeout=5",
                                     "tls:localhost:" + number + ":trustRoots=" + in + "ca.pem:certificate=" + in + "both.pem"}) {
      CAPTURE(roots);
      auto client = clientFromString(world.network, roots);
      CHECK(resultOf(world, client->connect())->connected());
    }
    world.network.addHost("example.com");
    auto wrongName = clientFromString(world.network, "tls:example.com:" + number + ":trustRoots=" + in + "ca.pem");
    errorOf<CertificateError>(world, wrongName->connect());
  }
  MemoryWorld world;
  CHECK(resultOf(world, serverFromString(world.network, "tls:0:" + in + "both.pem:interface=[::1]")->listen(factoryOf<Quiet>()))->getHost().host() == "::1");
}

TEST_CASE("a tls endpoint whose files cannot be used is refused when it is read, with the file's name") {
  const Files files;
  const std::string in = files.folder + '/';
  CHECK(refusedServer("tls:443:" + in + "none.pem").find("none.pem") < 60);
  CHECK(refusedServer("tls:443:" + in + "bad.pem:privateKey=" + in + "key.pem").find("bad.pem") != std::string::npos);
  CHECK(refusedServer("tls:443:" + in + "ca.pem:privateKey=" + in + "key.pem").ends_with("\n          ^"));
  CHECK(refusedServer("tls:443").starts_with("an endpoint of type tls needs the argument certificate\n"));
  CHECK(refusedServer("ssl:443:certKey=" + in + "both.pem:extraCertChain=" + in + "none.pem").find("none.pem") != std::string::npos);
  CHECK(refusedClient("tls:localhost:443:trustRoots=" + in + "empty").starts_with("there are no .pem files in " + in + "empty\n"));
  CHECK(refusedClient("tls:b\xc3\xbc" "cher.example:443:trustRoots=" + in + "ca.pem").ends_with("\n      ^"));
}
