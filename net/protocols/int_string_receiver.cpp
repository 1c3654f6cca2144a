#include <weft/net/protocols/int_string_receiver.hpp>

#include <weft/net/transport.hpp>

#include <algorithm>
#include <string>

namespace weft::net {

StringTooLongError::StringTooLongError(std::size_t length, std::size_t most)
    : Error("a string of " + std::to_string(length) + " bytes can't be sent: its length prefix says at most " + std::to_string(most)), length(length), most(most) {}

void IntStringReceiver::lengthLimitExceeded(std::size_t) { transport().loseConnection(); }

void IntStringReceiver::sendString(std::string_view string) {
  const std::uint64_t most = (std::uint64_t{1} << (8 * prefixBytes_)) - 1;
  if (string.size() > most) throw StringTooLongError(string.size(), most);
  char prefix[4];
  for (std::size_t i = 0; i < prefixBytes_; ++i) prefix[i] = static_cast<char>(string.size() >> (8 * (prefixBytes_ - 1 - i)));
  transport().writeSequence({std::string_view(prefix, prefixBytes_), string});
}

std::size_t IntStringReceiver::findFrame(std::string_view bytes) {
  tooLong_ = dropped_ = false;
  if (dropping_) {
    const std::size_t part = std::min<std::uint64_t>(bytes.size(), dropping_);
    dropping_ -= part;
    dropped_ = true;
    return part;
  }
  if (bytes.size() < prefixBytes_) return kMore;
  announced_ = 0;
  for (std::size_t i = 0; i < prefixBytes_; ++i) announced_ = announced_ << 8 | static_cast<unsigned char>(bytes[i]);
  if (announced_ > maxLength_) {
    tooLong_ = true;
    dropping_ = announced_;
    return prefixBytes_;
  }
  const std::size_t size = prefixBytes_ + announced_;
  return bytes.size() < size ? kMore : size;
}

void IntStringReceiver::frameReceived(std::string_view frame) {
  if (tooLong_) lengthLimitExceeded(announced_);
  else if (!dropped_) stringReceived(frame.substr(prefixBytes_));
}

}  // namespace weft::net
