#include <weft/http/websocket/options.hpp>

#include <stdexcept>

namespace weft::http {

WebSocketCompression& WebSocketCompression::setWindowBits(int value) {
  if (value < 9 || value > 15) throw std::invalid_argument("WebSocketCompression: windowBits must be 9 to 15, not " + std::to_string(value));
  return windowBits = value, *this;
}

WebSocketCompression& WebSocketCompression::setLevel(int value) {
  if (value < 1 || value > 9) throw std::invalid_argument("WebSocketCompression: level must be 1 to 9, not " + std::to_string(value));
  return level = value, *this;
}

}  // namespace weft::http
