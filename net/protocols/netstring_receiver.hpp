// NetstringReceiver: strings as "5:hello,".
#pragma once

#include <weft/net/error.hpp>
#include <weft/net/protocols/frame_receiver.hpp>

#include <cstddef>
#include <string>
#include <string_view>

namespace weft::net {

/// What came is not a netstring.
class NetstringParseError : public Error {
 public:
  using Error::Error;
};

/// Netstrings (https://cr.yp.to/proto/netstrings.txt): the length in decimal, a colon, the bytes, a comma. Strict: no leading zeros, no sign, no space. After any error
/// there is no telling where the next string begins, so the connection is closed.
///
///     class Store : public NetstringReceiver {
///       void stringReceived(std::string_view string) override { sendString(answerTo(string)); }
///     };
class NetstringReceiver : public FrameReceiver {
 public:
  static constexpr std::size_t kMaxLength = 99999;

  /// A string without what is around it; a view that dies when this returns.
  virtual void stringReceived(std::string_view string) = 0;
  /// The peer sent something else, or announced more than maxLength. Called once; the connection is closed when it returns: override it to hear of it, or to abort.
  virtual void parseFailed(const NetstringParseError& error) { static_cast<void>(error); }

  void sendString(std::string_view string);

  /// Of a string that comes, in bytes.
  void setMaxLength(std::size_t bytes) noexcept { maxLength_ = bytes; }
  std::size_t maxLength() const noexcept { return maxLength_; }

 protected:
  std::size_t findFrame(std::string_view bytes) final;
  void frameReceived(std::string_view frame) final;

 private:
  std::size_t maxLength_ = kMaxLength;
  std::size_t prefix_ = 0;                             // bytes before the string, with the colon
  std::string error_;
};

}  // namespace weft::net
