// Finger 05: the users are in a file, which is read on another thread for each question; and the connection is a Stream, in a coroutine.
#include "../arguments.hpp"
#include "../serving.hpp"

#include <fstream>
#include <string>

using namespace weft;

// Of lines such as "alice: Happy and well".
std::string lookUp(const std::string& file, const std::string& name) {
  std::ifstream users(file);
  if (!users) throw Error("cannot read " + file);
  for (std::string line; std::getline(users, line);)
    if (line.starts_with(name + ": ")) return line.substr(name.size() + 2);
  return "No such user";
}

Deferred<> finger(Reactor& reactor, std::string file, net::Stream stream) {
  stream.setTimeout(30);                               // for those who connect and say nothing
  const auto name = co_await stream.readLine(512);
  if (!name) co_return;
  auto looking = deferToThread(reactor, [file, name = *name] { return lookUp(file, name); });
  const Outcome<std::string> found = co_await looking.outcome();
  const std::string answer = found ? *found : "Something went wrong here, sorry";
  co_await stream.write(answer + "\r\n");
  co_await stream.close();
}

Deferred<> run(Reactor& reactor, const Arguments& arguments) {
  net::TcpNetwork network(reactor);
  const std::string file = arguments.text("--users", "users.txt");
  auto serveOne = [&reactor, file](net::Stream stream) { return finger(reactor, file, std::move(stream)); };
  co_await serve(network, arguments.text("--listen", "tcp:7979:interface=127.0.0.1"), net::streamFactory(serveOne));
}

int main(int argc, char** argv) {
  const Arguments arguments(argc, argv,
                            "finger_05_file [--listen ENDPOINT] [--users FILE]\n\n"
                            "Reads who is known from a file.\n"
                            "  --listen ENDPOINT   tcp:7979:interface=127.0.0.1 unless given; port 0 is any free one\n"
                            "  --users FILE        lines such as \"alice: Happy and well\"; users.txt unless given\n");
  return react([&](Reactor& reactor) { return orSay(run(reactor, arguments)); }, argc, argv);
}
