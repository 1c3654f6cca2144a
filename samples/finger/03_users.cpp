// Finger 03: what the protocols of a server share lives in their factory: here, who is known.
#include "../arguments.hpp"
#include "../serving.hpp"

#include <map>
#include <memory>
#include <string>

using namespace weft;

using Users = std::map<std::string, std::string, std::less<>>;

class Finger : public net::LineOnlyReceiver {
 public:
  explicit Finger(std::shared_ptr<const Users> users) : users_(std::move(users)) {}
  void lineReceived(std::string_view name) override {
    const auto user = users_->find(name);
    sendLine(user == users_->end() ? "No such user" : user->second);
    transport().loseConnection();
  }

 private:
  std::shared_ptr<const Users> users_;
};

Deferred<> run(Reactor& reactor, const Arguments& arguments) {
  net::TcpNetwork network(reactor);
  const auto users = std::make_shared<const Users>(Users{{"alice", "Happy and well"}, {"bob", "Away until Monday"}});
  co_await serve(network, arguments.text("--listen", "tcp:7979:interface=127.0.0.1"), net::factoryOf<Finger>(users));
}

int main(int argc, char** argv) {
  const Arguments arguments(argc, argv,
                            "finger_03_users [--listen ENDPOINT]\n\n"
                            "Knows alice and bob.\n"
                            "  --listen ENDPOINT   tcp:7979:interface=127.0.0.1 unless given; port 0 is any free one\n");
  return react([&](Reactor& reactor) { return orSay(run(reactor, arguments)); }, argc, argv);
}
