// Finger 06: two protocols and a timer in one program, as services: started in order, stopped in reverse.
#include "../arguments.hpp"
#include "../serving.hpp"

#include <map>
#include <memory>
#include <string>

using namespace weft;

/// What all of them share: nobody is told anything that is older than an hour.
class Users {
 public:
  explicit Users(Clock& clock) : clock_(clock) {}
  void set(std::string name, std::string status) { all_[std::move(name)] = {std::move(status), clock_.seconds()}; }
  std::string get(std::string_view name) const {
    const auto user = all_.find(name);
    return user == all_.end() ? "No such user" : user->second.status;
  }
  void forgetOld() {
    std::erase_if(all_, [now = clock_.seconds()](const auto& user) { return user.second.since + 3600 < now; });
  }

 private:
  struct User {
    std::string status;
    double since;
  };
  Clock& clock_;
  std::map<std::string, User, std::less<>> all_;
};

class Finger : public net::LineOnlyReceiver {
 public:
  explicit Finger(std::shared_ptr<Users> users) : users_(std::move(users)) {}
  void lineReceived(std::string_view name) override {
    sendLine(users_->get(name));
    transport().loseConnection();
  }

 private:
  std::shared_ptr<Users> users_;
};

/// Two lines, a name and a status, and the finger server knows it.
class Setter : public net::LineOnlyReceiver {
 public:
  explicit Setter(std::shared_ptr<Users> users) : users_(std::move(users)) {}
  void lineReceived(std::string_view line) override {
    if (name_.empty()) {
      name_ = line;
      return;
    }
    users_->set(name_, std::string(line));
    sendLine("Thank you");
    transport().loseConnection();
  }

 private:
  std::shared_ptr<Users> users_;
  std::string name_;
};

Deferred<> run(Reactor& reactor, const Arguments& arguments) {
  net::TcpNetwork network(reactor);
  const auto users = std::make_shared<Users>(reactor);
  const auto listen = [&](const char* option, const char* otherwise, std::shared_ptr<net::Factory> factory) {
    return std::make_shared<net::StreamServerEndpointService>(net::serverFromString(network, arguments.text(option, otherwise)), std::move(factory));
  };
  MultiService program;
  auto& finger = program.addService(listen("--listen", "tcp:7979:interface=127.0.0.1", net::factoryOf<Finger>(users)));
  auto& setter = program.addService(listen("--set", "tcp:7978:interface=127.0.0.1", net::factoryOf<Setter>(users)));
  program.addService(std::make_shared<TimerService>(reactor, 60, [users] { users->forgetOld(); }));
  program.startService();
  std::printf("listening on %s, set on %s\n", finger.port()->getHost().toString().c_str(), setter.port()->getHost().toString().c_str());
  std::fflush(stdout);

  Deferred<> stopped;                                  // by a signal
  static_cast<void>(co_await stopped.outcome());
  co_await stopWithin(program, 5, reactor);
  std::printf("all services have stopped\n");
}

int main(int argc, char** argv) {
  const Arguments arguments(argc, argv,
                            "finger_06_services [--listen ENDPOINT] [--set ENDPOINT]\n\n"
                            "A finger server, and a second one that is told what to say: a name, and a line about it.\n"
                            "  --listen ENDPOINT   tcp:7979:interface=127.0.0.1 unless given; port 0 is any free one\n"
                            "  --set ENDPOINT      the second one: tcp:7978:interface=127.0.0.1 unless given\n");
  return react([&](Reactor& reactor) { return orSay(run(reactor, arguments)); }, argc, argv);
}
