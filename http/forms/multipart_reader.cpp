#include <weft/http/forms/multipart_reader.hpp>

#include <weft/core/internal/text.hpp>
#include <weft/http/forms/internal/boundary.hpp>

#include <algorithm>

namespace weft::http {
MalformedForm::MalformedForm(std::string_view reason, std::uint64_t offset)
    : StatusError(400, "the form is malformed at byte " + std::to_string(offset) + ": " + std::string(reason)), reason(reason), offset(offset) {}

FormTooLarge::FormTooLarge(std::string_view what, std::uint64_t limit)
    : StatusError(413, "the form has too many " + weft::detail::printable(what, 80) + ": more than " + std::to_string(limit)), subject(what), limit(limit) {}

MultipartReader::MultipartReader(std::string_view boundary, Limits limits) : delimiter_("\r\n--" + std::string(boundary)), limits_(limits) {
  if (!detail::isBoundary(boundary)) throw MalformedForm("its Content-Type gives no boundary of 1 to 70 characters that may be one", 0);
}

void MultipartReader::refuse(std::string_view reason) const { throw MalformedForm(reason, offset()); }

void MultipartReader::feed(std::string_view bytes) {
  data_ = {};
  before_ += at_;
  buffer_.erase(0, at_);
  scanned_ -= std::min(scanned_, at_);
  if (found_ != std::string::npos) found_ -= at_;
  at_ = 0;
  if (state_ == State::Over) before_ += bytes.size();
  else buffer_.append(bytes);
}

// Linear: a delimiter has one CR only, its first byte, so no two attempts overlap.
bool MultipartReader::findDelimiter() {
  if (found_ != std::string::npos) return true;
  found_ = buffer_.find(delimiter_, std::max(at_, scanned_));
  if (found_ == std::string::npos) scanned_ = buffer_.size() - std::min(buffer_.size(), delimiter_.size() - 1);
  return found_ != std::string::npos;
}

// What follows the boundary: "--", or padding and a line's end, which stays: a part without header lines begins with an empty one. False: more is needed.
bool MultipartReader::readDelimiter() {
  const std::string_view rest = std::string_view(buffer_).substr(at_);
  if (padding_ == 0 && rest.starts_with("--")) {
    at_ += 2;
    state_ = State::Over;
    return true;
  }
  if (rest.size() < 2 && (rest.empty() || rest == "-" || rest == "\r")) return false;
  const std::size_t padding = std::min(rest.find_first_not_of(" \t"), rest.size());
  if (padding > 0) {
    at_ += padding;
    padding_ += padding;
    if (padding_ > limits_.maxHeadBytes) refuse("too many spaces follow a boundary");
    return at_ < buffer_.size() && readDelimiter();
  }
  if (!rest.starts_with("\r\n")) refuse("a boundary is followed by something else than a line's end");
  state_ = State::Head;
  scanned_ = at_;
  return true;
}

void MultipartReader::readHead(std::string_view head) {
  headers_.clear();
  while (!head.empty()) {
    const std::string_view line = head.substr(0, head.find("\r\n"));
    head.remove_prefix(std::min(head.size(), line.size() + 2));
    if (headers_.size() == limits_.maxHeaders) throw FormTooLarge("header lines in one part", limits_.maxHeaders);
    const std::size_t colon = line.find(':');
    if (line.starts_with(' ') || line.starts_with('\t')) refuse("a header line of a part begins with a space");
    if (colon == std::string_view::npos) refuse("a header line of a part has no colon");
    try {
      headers_.add(line.substr(0, colon), line.substr(colon + 1));
    } catch (const HeaderError& error) {
      refuse(error.what());
    }
  }
}

MultipartReader::Event MultipartReader::next() {
  data_ = {};
  for (;;) {
    switch (state_) {
      case State::Preamble:
        if (!findDelimiter()) {
          if (before_ + buffer_.size() > limits_.maxHeadBytes + delimiter_.size()) refuse("it does not begin with its boundary");
          at_ = scanned_;
          return Event::More;
        }
        if (before_ + found_ > limits_.maxHeadBytes) refuse("it does not begin with its boundary");
        at_ = found_ + delimiter_.size();
        found_ = std::string::npos;
        scanned_ = 0;
        padding_ = 0;
        state_ = State::Delimiter;
        break;
      case State::Delimiter:
        if (!readDelimiter()) return Event::More;
        if (state_ == State::Over) {
          before_ += buffer_.size() - at_;
          buffer_.resize(at_);
          return Event::End;
        }
        break;
      case State::Head: {
        const std::size_t end = buffer_.find("\r\n\r\n", std::max(at_, scanned_));
        const std::size_t earliest = end == std::string::npos ? std::max<std::size_t>(buffer_.size(), 3) - 3 : end;      // where the head can end
        if (earliest > at_ + limits_.maxHeadBytes) throw FormTooLarge("bytes in the head of one part", limits_.maxHeadBytes);
        if (end == std::string::npos) {
          scanned_ = buffer_.size() - std::min<std::size_t>(buffer_.size(), 3);
          return Event::More;
        }
        if (parts_ == limits_.maxParts) throw FormTooLarge("parts", limits_.maxParts);
        if (end > at_) readHead(std::string_view(buffer_).substr(at_ + 2, end - at_ - 2));
        else headers_.clear();
        ++parts_;
        at_ = scanned_ = end + 4;
        found_ = std::string::npos;
        state_ = State::Data;
        return Event::Part;
      }
      case State::Data: {
        const bool ends = findDelimiter();
        const std::size_t end = ends ? found_ : std::max(at_, scanned_);
        if (end > at_) {
          data_ = std::string_view(buffer_).substr(at_, end - at_);
          at_ = end;
          return Event::Data;
        }
        if (!ends) return Event::More;
        at_ = found_ + delimiter_.size();
        found_ = std::string::npos;
        scanned_ = 0;
        padding_ = 0;
        state_ = State::Delimiter;
        return Event::PartEnd;
      }
      case State::Over: return Event::End;
    }
  }
}

void MultipartReader::finish() const {
  if (state_ != State::Over) refuse("it ends before its last boundary");
}

}  // namespace weft::http
