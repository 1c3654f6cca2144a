// TrafficLoggingFactory: what goes over the wire, in the log.
#pragma once

#include <weft/core/log.hpp>
#include <weft/net/policies/protocol_wrapper.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

namespace weft::net {

/// Logs each connection's beginning, data both ways and end, at level Debug under "weft.net.traffic" (or another name). Control characters are escaped; of each piece the first
/// `most` bytes are shown, and its size. Mind what passwords come by.
///
///     127.0.0.1:40112 received 18 bytes: GET / HTTP/1.1\r\n…
class TrafficLoggingFactory : public WrappingFactory {
 public:
  explicit TrafficLoggingFactory(std::shared_ptr<Factory> wrapped, std::size_t most = 1024, std::string_view logger = "weft.net.traffic")
      : WrappingFactory(std::move(wrapped)), log_(logger), most_(most) {}

 protected:
  std::shared_ptr<Protocol> wrap(std::shared_ptr<Protocol> protocol, const Address& peer) override;

 private:
  Logger log_;
  std::size_t most_;
};

}  // namespace weft::net
