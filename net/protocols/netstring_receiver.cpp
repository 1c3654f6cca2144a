#include <weft/net/protocols/netstring_receiver.hpp>

#include <weft/core/log.hpp>
#include <weft/net/transport.hpp>

#include <charconv>
#include <utility>

namespace weft::net {

namespace {
std::string quoted(char c) {
  std::string text;
  weft::detail::appendEscaped(text, std::string_view(&c, 1));
  return '"' + text + '"';
}
}  // namespace

void NetstringReceiver::sendString(std::string_view string) {
  char prefix[24];
  char* end = std::to_chars(prefix, prefix + sizeof prefix - 1, string.size()).ptr;
  *end++ = ':';
  transport().writeSequence({std::string_view(prefix, static_cast<std::size_t>(end - prefix)), string, ","});
}

// The prefix is a few bytes: reading it anew each time costs less than remembering where it ended.
std::size_t NetstringReceiver::findFrame(std::string_view bytes) {
  const auto wrong = [&](std::string why) {
    error_ = std::move(why);
    return bytes.size();
  };
  std::size_t length = 0;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    const char c = bytes[i];
    if (c == ':' && i > 0) {
      if (bytes.size() - i - 1 <= length) return kMore;
      if (const char end = bytes[i + 1 + length]; end != ',') return wrong("a netstring of " + std::to_string(length) + " bytes ends with a comma, not with " + quoted(end));
      prefix_ = i + 1;
      return prefix_ + length + 1;
    }
    if (c < '0' || c > '9') return wrong("a netstring begins with its length and a colon, not with " + quoted(c) + " after " + std::to_string(i) + " digits");
    if (i > 0 && length == 0) return wrong("the length of a netstring has no leading zero");
    const auto digit = static_cast<std::size_t>(c - '0');
    if (length > maxLength_ / 10 || digit > maxLength_ - length * 10)
      return wrong("a netstring is longer than " + std::to_string(maxLength_) + " bytes");
    length = length * 10 + digit;
  }
  return kMore;
}

void NetstringReceiver::frameReceived(std::string_view frame) {
  if (error_.empty()) [[likely]] {
    stringReceived(frame.substr(prefix_, frame.size() - prefix_ - 1));
    return;
  }
  parseFailed(NetstringParseError(error_));
  if (hasTransport()) transport().loseConnection();
}

}  // namespace weft::net
