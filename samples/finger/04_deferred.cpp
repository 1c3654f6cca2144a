// Finger 04: an answer that takes time. The look-up gives a Deferred, so that everybody else is served meanwhile.
#include "../arguments.hpp"
#include "../serving.hpp"

#include <functional>
#include <string>

using namespace weft;

using Lookup = std::function<Deferred<std::string>(std::string name)>;

class Finger : public net::LineOnlyReceiver {
 public:
  explicit Finger(Lookup lookup) : lookup_(std::move(lookup)) {}
  void lineReceived(std::string_view name) override {
    pauseProducing();                                  // one question at a time
    answer_ = lookup_(std::string(name))
                  .addErrback([](Failure) { return std::string("Something went wrong here, sorry"); })
                  .addCallback([this](std::string text) {
                    sendLine(text);
                    transport().loseConnection();
                  });
  }
  void connectionLost(const Failure&) override { answer_ = nullptr; }     // nobody is left to hear it

 private:
  Lookup lookup_;
  Deferred<> answer_{nullptr};
};

Deferred<std::string> slowLookup(Reactor& reactor, std::string name) {
  co_await deferLater(reactor, 0.05);                  // a database far away
  if (name == "alice") co_return "Happy and well";
  if (name == "eve") throw Error("the database burns");
  co_return "No such user";
}

Deferred<> run(Reactor& reactor, const Arguments& arguments) {
  net::TcpNetwork network(reactor);
  const Lookup lookup = [&reactor](std::string name) { return slowLookup(reactor, std::move(name)); };
  co_await serve(network, arguments.text("--listen", "tcp:7979:interface=127.0.0.1"), net::factoryOf<Finger>(lookup));
}

int main(int argc, char** argv) {
  const Arguments arguments(argc, argv,
                            "finger_04_deferred [--listen ENDPOINT]\n\n"
                            "Looks users up in no hurry: alice is known, and eve is trouble.\n"
                            "  --listen ENDPOINT   tcp:7979:interface=127.0.0.1 unless given; port 0 is any free one\n");
  return react([&](Reactor& reactor) { return orSay(run(reactor, arguments)); }, argc, argv);
}
