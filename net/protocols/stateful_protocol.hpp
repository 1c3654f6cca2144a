// StatefulProtocol: a protocol as states, each waiting for so many bytes.
#pragma once

#include <weft/net/protocols/frame_receiver.hpp>

#include <cstddef>
#include <functional>
#include <optional>
#include <stdexcept>
#include <string_view>
#include <utility>

namespace weft::net {

/// For binary protocols of fixed parts: each state says how many bytes it waits for, and its function says which state follows.
///
///     class Record : public StatefulProtocol {
///       State getInitialState() override { return header(); }
///       State header() { return State(4, [this](std::string_view bytes) { return body(number(bytes)); }); }
///       State body(std::size_t size) { return State(size, [this](std::string_view bytes) { use(bytes); return header(); }); }
///     };
class StatefulProtocol : public FrameReceiver {
 public:
  /// `handle` gets exactly that many bytes (at least 1, std::invalid_argument otherwise) and returns the next state; nothing: the same once more. What a state waits for is
  /// held in memory: it is the protocol's own to limit it.
  class State {
   public:
    using Handle = std::function<std::optional<State>(std::string_view bytes)>;
    State(std::size_t bytes, Handle handle) : bytes_(bytes), handle_(std::move(handle)) {
      if (bytes == 0) throw std::invalid_argument("StatefulProtocol: a state waits for at least one byte");
    }

   private:
    friend StatefulProtocol;
    std::size_t bytes_;
    Handle handle_;
  };

  /// Asked when the first bytes come.
  virtual State getInitialState() = 0;

 protected:
  std::size_t findFrame(std::string_view bytes) final {
    if (!state_) state_ = getInitialState();
    return bytes.size() < state_->bytes_ ? kMore : state_->bytes_;
  }
  void frameReceived(std::string_view frame) final {
    State state = std::move(*state_);
    auto following = state.handle_(frame);
    state_ = following ? std::move(*following) : std::move(state);
  }

 private:
  std::optional<State> state_;
};

}  // namespace weft::net
