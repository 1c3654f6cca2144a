#include <weft/net/protocols/frame_receiver.hpp>

#include "every_way.hpp"

#include <weft/net/transport.hpp>

#include <doctest/doctest.h>

using namespace weft;
using namespace weft::net;

namespace {

using Log = std::vector<std::string>;

class Records : public FrameReceiver {
 public:
  Log log;
  std::size_t size = 4;

 protected:
  std::size_t findFrame(std::string_view bytes) override { return bytes.size() < size ? kMore : size; }
  void frameReceived(std::string_view record) override { log.emplace_back(record); }
};

/// Gives the connection to another protocol at the first frame.
class Upgrading : public Records {
 public:
  explicit Upgrading(std::shared_ptr<Records> next) : next_(std::move(next)) {}

 protected:
  void frameReceived(std::string_view record) override {
    Records::frameReceived(record);
    const std::string unread = takeUnread();
    Transport& carrier = transport();
    carrier.setProtocol(next_);
    next_->dataReceived(unread);
  }

 private:
  std::shared_ptr<Records> next_;
};

}  // namespace

TEST_CASE("a framing of one's own needs the length of a frame only") {
  CHECK(everyWay([] { return std::make_shared<Records>(); }, "aaaabbbbccccdd") == Log{"aaaa", "bbbb", "cccc"});
}

TEST_CASE("a receiver that hands its connection on gives what is unread to the next protocol") {
  auto next = std::make_shared<Records>();
  auto first = std::make_shared<Upgrading>(next);
  StringTransport transport;
  transport.setProtocol(first);
  transport.receive("aaaabbbbcc");
  transport.receive("ccdddd");
  CHECK(first->log == Log{"aaaa"});
  CHECK(next->log == Log{"bbbb", "cccc", "dddd"});
}

TEST_CASE("pausing and resuming within a frame goes on after it") {
  class Fickle : public Records {
    void frameReceived(std::string_view record) override {
      Records::frameReceived(record);
      pauseProducing();
      resumeProducing();
    }
  };
  auto fickle = std::make_shared<Fickle>();
  StringTransport transport;
  transport.setProtocol(fickle);
  transport.receive("aaaabbbbcccc");
  CHECK(fickle->log == Log{"aaaa", "bbbb", "cccc"});
  CHECK(!transport.readingPaused());
}

TEST_CASE("an unfinished frame that a reader drops does not stay behind") {
  auto records = std::make_shared<Records>();
  StringTransport transport;
  transport.setProtocol(records);
  transport.receive("aa");
  transport.loseConnection();
  transport.receive("aabbbb");
  CHECK(records->log.empty());
}
