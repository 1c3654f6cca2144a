#include <weft/http/parser/internal/chunk_reader.hpp>

#include <weft/http/percent_encoding.hpp>

#include <algorithm>

namespace weft::http::detail {

void ChunkReader::restart() noexcept {
  beginChunk();
  extensionBytes_ = 0;
  repaired_ = false;
}

void ChunkReader::beginChunk() noexcept {
  state_ = State::Size;
  left_ = digits_ = 0;
}

std::size_t ChunkReader::takeData(std::size_t available) noexcept {
  if (state_ != State::Data) return 0;
  const auto size = static_cast<std::size_t>(std::min<std::uint64_t>(left_, available));
  left_ -= size;
  if (left_ == 0) state_ = State::DataEnd;
  return size;
}

bool ChunkReader::readFraming(std::string_view bytes, std::size_t& at) noexcept {
  readPlainLine(bytes, at);
  for (; at < bytes.size() && state_ != State::Data && state_ != State::Ended; ++at)
    if (!read(bytes[at])) [[unlikely]]
      return false;
  return true;
}

// The line that nearly every chunk has, when all of it is here: the CRLF of the data before it, a size, CRLF. Anything else is left to read().
void ChunkReader::readPlainLine(std::string_view bytes, std::size_t& at) noexcept {
  if (state_ == State::DataEnd && bytes.substr(at).starts_with("\r\n")) {
    at += 2;
    beginChunk();
  }
  if (state_ != State::Size || digits_ != 0) return;
  std::uint64_t size = 0;
  std::size_t end = at;
  for (; end < bytes.size() && end - at < 15; ++end) {                           // fifteen digits fit
    const int digit = hexValue(bytes[end]);
    if (digit < 0) break;
    size = size << 4 | static_cast<unsigned>(digit);
  }
  if (end == at || !bytes.substr(end).starts_with("\r\n")) return;
  left_ = size;
  at = end + 2;
  endLine();
}

bool ChunkReader::read(char c) noexcept {
  switch (state_) {
    case State::DataEnd:
      if (c == '\r') {
        state_ = State::DataLf;
        break;
      }
      if (c != '\n') return refuse(ParseProblem::ChunkFraming);
      if (!repair(ParseProblem::ChunkFraming, "a bare LF")) return false;
      beginChunk();
      break;
    case State::DataLf:
      if (c != '\n') return refuse(ParseProblem::ChunkFraming);
      beginChunk();
      break;
    case State::Size: return readSize(c);
    case State::LineLf:
      if (c != '\n') return refuse(ParseProblem::LineEnding);
      endLine();
      break;
    case State::Blank:
      if (!count()) return false;
      return c == ' ' || c == '\t' || endSize(c);
    case State::Extension:
    case State::Value:
    case State::AfterQuoted:
    case State::Quoted:
    case State::QuotedPair:
      if (!count()) return false;
      return readExtension(c);
    case State::Data:
    case State::Ended: break;
  }
  return true;
}

bool ChunkReader::readSize(char c) noexcept {
  if (const int digit = hexValue(c); digit >= 0) {
    if (left_ >> 60) return refuse(ParseProblem::ChunkSize, "it is too large");
    left_ = left_ << 4 | static_cast<unsigned>(digit);
    if (digits_ == 16) return count();                 // zeros without end
    ++digits_;
    return true;
  }
  return digits_ == 0 ? refuse(ParseProblem::ChunkSize) : endSize(c);
}

bool ChunkReader::readExtension(char c) noexcept {
  if (state_ == State::Quoted || state_ == State::QuotedPair) {
    if ((static_cast<unsigned char>(c) < 0x20 && c != '\t') || c == 0x7F) return refuse(ParseProblem::ChunkSize, "an extension with a control character");
    if (state_ == State::QuotedPair) state_ = State::Quoted;
    else if (c == '\\') state_ = State::QuotedPair;
    else if (c == '"') state_ = State::AfterQuoted;
    return true;
  }
  if (c == '\r' || c == '\n' || (c == ';' && state_ != State::Extension)) {
    if (state_ != State::AfterQuoted && !extensionHasText_ && !lenient_) return refuse(ParseProblem::ChunkSize, "an extension without a name or value");
    return endSize(c);
  }
  if (c == ';') {
    if (!extensionHasText_ && !lenient_) return refuse(ParseProblem::ChunkSize, "an extension without a name");
    extensionHasText_ = false;
  } else if (lenient_ || c == ' ' || c == '\t') {
    return true;                                       // in lenient mode: whatever it is, it means nothing to us
  } else if (c == '=' && state_ == State::Extension && extensionHasText_) {
    state_ = State::Value;
    extensionHasText_ = false;
  } else if (c == '"' && state_ == State::Value && !extensionHasText_) {
    state_ = State::Quoted;
  } else if (state_ != State::AfterQuoted && isToken({&c, 1})) {
    extensionHasText_ = true;
  } else {
    return refuse(ParseProblem::ChunkSize, "an extension with a character that none may have");
  }
  return true;
}

// What may follow a size, or an extension.
bool ChunkReader::endSize(char c) noexcept {
  if (c == '\r') {
    state_ = State::LineLf;
  } else if (c == ';') {
    state_ = State::Extension;
    extensionHasText_ = false;
  } else if (c == '\n') {
    if (!repair(ParseProblem::LineEnding, "a bare LF")) return false;
    endLine();
  } else {
    if (c != ' ' && c != '\t') return refuse(ParseProblem::ChunkSize);
    if (!repair(ParseProblem::ChunkSize, "a blank behind it")) return false;
    state_ = State::Blank;
  }
  return true;
}

bool ChunkReader::repair(ParseProblem problem, std::string_view detail) noexcept {
  if (!lenient_) return refuse(problem, detail);
  repaired_ = true;
  return true;
}

bool ChunkReader::count() noexcept { return ++extensionBytes_ <= maxExtensions_ || refuse(ParseProblem::ChunkExtensionTooLong); }

bool ChunkReader::refuse(ParseProblem problem, std::string_view detail) noexcept {
  refusal_ = {problem, detail};
  return false;
}

}  // namespace weft::http::detail
