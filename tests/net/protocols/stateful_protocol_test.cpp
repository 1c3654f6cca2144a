#include <weft/net/protocols/stateful_protocol.hpp>

#include "every_way.hpp"

#include <doctest/doctest.h>

using namespace weft;
using namespace weft::net;

namespace {

using Log = std::vector<std::string>;

/// A digit, then so many bytes; '0' is followed by another digit.
class Digits : public StatefulProtocol {
 public:
  State getInitialState() override { return header(); }
  State header() {
    return State(1, [this](std::string_view digit) -> std::optional<State> {
      if (digit == "0") return std::nullopt;
      return body(static_cast<std::size_t>(digit[0] - '0'));
    });
  }
  State body(std::size_t size) {
    return State(size, [this](std::string_view bytes) {
      log.emplace_back(bytes);
      return header();
    });
  }
  Log log;
};

}  // namespace

// H29
TEST_CASE("each state gets exactly the bytes that it waits for, and says what follows") {
  CHECK(everyWay([] { return std::make_shared<Digits>(); }, "3abc005hello1x9unfinish") == Log{"abc", "hello", "x"});
}

TEST_CASE("a state that waits for no byte is refused") {
  CHECK_THROWS_AS(StatefulProtocol::State(0, [](std::string_view) { return std::nullopt; }), std::invalid_argument);
}
