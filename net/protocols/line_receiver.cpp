#include <weft/net/protocols/line_receiver.hpp>

#include <weft/net/transport.hpp>

#include <stdexcept>
#include <utility>

namespace weft::net {

LineOnlyReceiver::LineOnlyReceiver(std::string delimiter) { setDelimiter(std::move(delimiter)); }

void LineOnlyReceiver::setDelimiter(std::string delimiter) {
  if (delimiter.empty()) throw std::invalid_argument("LineReceiver: the delimiter of lines can't be empty");
  delimiter_ = std::move(delimiter);
  searched_ = 0;
}

void LineOnlyReceiver::forgetLine() noexcept {
  searched_ = 0;
  dropping_ = false;
}

void LineOnlyReceiver::lineLengthExceeded(std::string_view) { transport().loseConnection(); }

void LineOnlyReceiver::sendLine(std::string_view line) { transport().writeSequence({line, delimiter_}); }

std::size_t LineOnlyReceiver::findFrame(std::string_view bytes) {
  const std::size_t overlap = delimiter_.size() - 1;   // bytes at the end that may be the beginning of a delimiter
  const std::size_t end = bytes.find(delimiter_, searched_);
  if (end != std::string_view::npos) {
    searched_ = 0;
    if (dropping_) found_ = Found::RestOfTooLong;
    else found_ = end <= maxLength_ ? Found::Line : Found::TooLong;
    dropping_ = false;
    return end + delimiter_.size();
  }
  if (!dropping_ && bytes.size() <= maxLength_ + overlap) {
    searched_ = bytes.size() > overlap ? bytes.size() - overlap : 0;
    return kMore;
  }
  if (bytes.size() <= overlap) return kMore;
  searched_ = 0;
  found_ = dropping_ ? Found::RestOfTooLong : Found::TooLong;
  dropping_ = true;
  return bytes.size() - overlap;
}

void LineOnlyReceiver::frameReceived(std::string_view frame) {
  if (found_ == Found::Line) [[likely]] lineReceived(frame.substr(0, frame.size() - delimiter_.size()));
  else if (found_ == Found::TooLong) lineLengthExceeded(frame.substr(0, maxLength_));
}

void LineReceiver::rawDataReceived(std::string_view) {
  throw std::logic_error("LineReceiver: setRawMode() was called, but rawDataReceived() is not overridden");
}

void LineReceiver::setLineMode(std::string_view extra) {
  raw_ = false;
  addUnread(extra);
  giveUnread();
}

void LineReceiver::setRawMode() {
  raw_ = true;
  forgetLine();
  lookAgain();
}

std::string LineReceiver::clearLineBuffer() {
  forgetLine();
  return takeUnread();
}

std::size_t LineReceiver::findFrame(std::string_view bytes) { return raw_ ? bytes.size() : LineOnlyReceiver::findFrame(bytes); }

void LineReceiver::frameReceived(std::string_view frame) {
  if (raw_) rawDataReceived(frame);
  else LineOnlyReceiver::frameReceived(frame);
}

}  // namespace weft::net
