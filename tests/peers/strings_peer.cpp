// A program of ours for other people's programs to talk to: netstrings that come back reversed, lines that come back in capitals.
//
//     strings_peer serve                 prints "netstrings on 127.0.0.1:N, lines on 127.0.0.1:N"
//     strings_peer netstrings ENDPOINT   asks such a server for what its standard input says, one string for each line, and prints the answers
//     strings_peer lines ENDPOINT
#include <weft/defer.hpp>
#include <weft/net.hpp>

#include <algorithm>
#include <cstdio>
#include <iostream>
#include <memory>
#include <string>
#include <vector>

using namespace weft;

namespace {

class Reversing : public net::NetstringReceiver {
 public:
  void stringReceived(std::string_view string) override { sendString(std::string(string.rbegin(), string.rend())); }
};

class Capitals : public net::LineReceiver {
 public:
  void lineReceived(std::string_view line) override {
    std::string answer(line);
    for (char& c : answer)
      if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 32);
    sendLine(answer);
  }
};

// Sends all questions at once, and prints as many answers.
template <class Receiver> class Asking : public Receiver {
 public:
  explicit Asking(std::vector<std::string> questions) : questions_(std::move(questions)) {}
  /// Asked for once, when the connection is made.
  Deferred<> done() {
    Deferred<> deferred;
    ended_ = deferred.takeTrigger();
    return deferred;
  }
  void connectionMade() override {
    for (const std::string& question : questions_) send(question);
  }
  void connectionLost(const Failure& reason) override {
    if (answers_ == questions_.size()) ended_.callback();
    else ended_.errback(reason);
  }

 protected:
  virtual void send(const std::string& question) = 0;
  void answer(std::string_view text) {
    std::cout << text << '\n';
    if (++answers_ == questions_.size()) this->transport().loseConnection();
  }

 private:
  std::vector<std::string> questions_;
  std::size_t answers_ = 0;
  Trigger<> ended_;
};

class AskingNetstrings : public Asking<net::NetstringReceiver> {
  using Asking::Asking;
  void send(const std::string& question) override { sendString(question); }
  void stringReceived(std::string_view string) override { answer(string); }
};

class AskingLines : public Asking<net::LineOnlyReceiver> {
  using Asking::Asking;
  void send(const std::string& question) override { sendLine(question); }
  void lineReceived(std::string_view line) override { answer(line); }
};

template <class Client> Deferred<> ask(net::Network& network, std::string endpoint) {
  std::vector<std::string> questions;
  for (std::string line; std::getline(std::cin, line);) questions.push_back(line);
  const auto client = net::clientFromString(network, endpoint);
  auto asking = co_await net::connectProtocol(*client, std::make_shared<Client>(std::move(questions)));
  co_await asking->done();
}

Deferred<> run(Reactor& reactor, std::vector<std::string> words) {
  net::TcpNetwork network(reactor);
  if (words.size() == 2 && words[0] == "netstrings") {
    co_await ask<AskingNetstrings>(network, words[1]);
  } else if (words.size() == 2 && words[0] == "lines") {
    co_await ask<AskingLines>(network, words[1]);
  } else if (words.size() == 1 && words[0] == "serve") {
    const auto endpoint = net::serverFromString(network, "tcp:0:interface=127.0.0.1");
    const auto netstrings = co_await endpoint->listen(net::factoryOf<Reversing>());
    const auto lines = co_await endpoint->listen(net::factoryOf<Capitals>());
    std::cout << "netstrings on " << netstrings->getHost().toString() << ", lines on " << lines->getHost().toString() << std::endl;
    Deferred<> stopped;
    co_await stopped;
  } else {
    std::cerr << "strings_peer serve | netstrings ENDPOINT | lines ENDPOINT\n";
    throw SystemExit(2);
  }
}

}  // namespace

int main(int argc, char** argv) { return react(run, argc, argv); }
