// Chat: everybody who is connected reads what one of them writes. A protocol of lines, and a factory that knows all who are there.
#include "arguments.hpp"
#include "serving.hpp"

#include <map>
#include <memory>
#include <string>

using namespace weft;

class Chatter;

class Room : public net::Factory {
 public:
  std::shared_ptr<net::Protocol> buildProtocol(const net::Address&) override;
  bool enter(const std::string& name, Chatter& chatter) { return chatters_.emplace(name, &chatter).second; }
  void leave(const std::string& name) { chatters_.erase(name); }
  void tell(const std::string& line);
  std::string names() const {
    std::string names;
    for (const auto& [name, chatter] : chatters_) names += ' ' + name;
    return names;
  }

 private:
  std::map<std::string, Chatter*> chatters_;
};

class Chatter : public net::LineOnlyReceiver {
 public:
  explicit Chatter(Room& room) : LineOnlyReceiver("\n"), room_(room) { setMaxLength(1000); }

  void connectionMade() override { sendLine("Who are you?"); }
  void lineReceived(std::string_view line) override {
    if (line.ends_with('\r')) line.remove_suffix(1);                     // of a telnet
    if (!name_.empty()) {
      room_.tell(name_ + ": " + std::string(line));
    } else if (line.empty() || !room_.enter(std::string(line), *this)) {
      sendLine("That name is taken. Who are you?");
    } else {
      name_ = line;
      room_.tell("* " + name_ + " has come");
      sendLine("Here are:" + room_.names());
    }
  }
  void connectionLost(const Failure&) override {
    if (name_.empty()) return;
    room_.leave(name_);
    room_.tell("* " + name_ + " has gone");
  }
  void hear(const std::string& line) {
    if (transport().buffered() < 100'000) sendLine(line);
    else transport().abortConnection();                // does not read: the others need not remember everything for this one
  }

 private:
  Room& room_;                                         // lives as long as the server
  std::string name_;
};

std::shared_ptr<net::Protocol> Room::buildProtocol(const net::Address&) { return std::make_shared<Chatter>(*this); }

void Room::tell(const std::string& line) {
  for (const auto& [name, chatter] : chatters_) chatter->hear(line);
}

Deferred<> run(Reactor& reactor, std::shared_ptr<Room> room, std::string listen) {
  net::TcpNetwork network(reactor);
  co_await serve(network, listen, room);
}

int main(int argc, char** argv) {
  const Arguments arguments(argc, argv,
                            "chat [--listen ENDPOINT]\n\n"
                            "A room to talk in. Enter it with `nc 127.0.0.1 7010`: the first line is your name, the others are read by everybody.\n"
                            "  --listen ENDPOINT   tcp:7010:interface=127.0.0.1 unless given; port 0 is any free one\n");
  const auto room = std::make_shared<Room>();          // outlives the reactor, and so all its connections
  return react([&](Reactor& reactor) { return orSay(run(reactor, room, arguments.text("--listen", "tcp:7010:interface=127.0.0.1"))); }, argc, argv);
}
