// LineReceiver, LineOnlyReceiver: protocols that speak in lines.
#pragma once

#include <weft/net/protocols/frame_receiver.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace weft::net {

/// Receives lines, and nothing but lines.
///
///     class Shout : public LineOnlyReceiver {
///       void lineReceived(std::string_view line) override { sendLine(upper(line)); }
///     };
class LineOnlyReceiver : public FrameReceiver {
 public:
  static constexpr std::size_t kMaxLength = 16384;

  /// `delimiter` ends each line, here and in sendLine. Throws std::invalid_argument when it is empty.
  explicit LineOnlyReceiver(std::string delimiter = "\r\n");

  /// A line without its delimiter; a view that dies when this returns.
  virtual void lineReceived(std::string_view line) = 0;
  /// A line is longer than maxLength; `beginning` is its first maxLength bytes. As it stands, the connection is closed. Overridden to leave it open, the rest of
  /// that line is dropped and the next one is received.
  virtual void lineLengthExceeded(std::string_view beginning);

  /// Sends `line` and the delimiter, in one packet where they fit.
  void sendLine(std::string_view line);

  /// In bytes, without the delimiter.
  void setMaxLength(std::size_t bytes) noexcept { maxLength_ = bytes; }
  std::size_t maxLength() const noexcept { return maxLength_; }
  /// For the lines to come. Throws std::invalid_argument when it is empty.
  void setDelimiter(std::string delimiter);
  const std::string& delimiter() const noexcept { return delimiter_; }

 protected:
  std::size_t findFrame(std::string_view bytes) override;
  void frameReceived(std::string_view frame) override;
  void forgetLine() noexcept;                          // the beginning of a line that was looked at is none

 private:
  enum class Found : std::uint8_t { Line, TooLong, RestOfTooLong };
  std::string delimiter_;
  std::size_t maxLength_ = kMaxLength;
  std::size_t searched_ = 0;                           // where in the unfinished line to look for the delimiter next
  Found found_ = Found::Line;
  bool dropping_ = false;                              // until the next delimiter
};

/// Receives lines, and raw bytes where lines announce them.
///
/// setRawMode() takes effect with the byte after the line that is being received: what comes then goes to rawDataReceived. There, setLineMode(rest) gives back what does not belong
/// to the raw part. However often that happens in one read, it is a loop without recursion.
///
///     class Upload : public LineReceiver {
///       void lineReceived(std::string_view line) override { left_ = number(line); setRawMode(); }
///       void rawDataReceived(std::string_view data) override {
///         const auto part = data.substr(0, left_);
///         file_.append(part);
///         if ((left_ -= part.size()) == 0) setLineMode(data.substr(part.size()));
///       }
///     };
class LineReceiver : public LineOnlyReceiver {
 public:
  using LineOnlyReceiver::LineOnlyReceiver;

  /// In raw mode: whatever has come; a view that dies when this returns. As it stands, throws std::logic_error: who calls setRawMode() overrides it.
  virtual void rawDataReceived(std::string_view data);

  /// Lines from now on. `extra` is received before what is still to come: at once, or after the callback that is running.
  void setLineMode(std::string_view extra = {});
  /// Raw bytes from now on.
  void setRawMode();
  bool inRawMode() const noexcept { return raw_; }
  /// What has come and was not yet received, an unfinished line too: takes it, for whoever goes on with this connection.
  std::string clearLineBuffer();

 protected:
  std::size_t findFrame(std::string_view bytes) override;
  void frameReceived(std::string_view frame) override;

 private:
  bool raw_ = false;
};

}  // namespace weft::net
