#include <weft/http/text/text_decoder.hpp>

#include <weft/http/text/internal/encoding_index.hpp>
#include <weft/http/text/utf8.hpp>

#include <algorithm>
#include <cstring>

namespace weft::http {

using detail::Codec;
using detail::EncodingIndex;

namespace detail {

/// Collects characters, so that the string grows by kilobytes and not by letters.
class TextOutput {
 public:
  explicit TextOutput(std::string& out) noexcept : out_(out) {}
  ~TextOutput() { out_.append(buffer_, size_); }
  TextOutput(const TextOutput&) = delete;
  TextOutput& operator=(const TextOutput&) = delete;

  void bytes(const unsigned char* text, std::size_t size) {
    flush();
    out_.append(reinterpret_cast<const char*>(text), size);
  }
  /// A code point: no surrogate, at most U+10FFFF.
  void put(char32_t c) {
    if (size_ + 4 > sizeof buffer_) [[unlikely]]
      flush();
    char* const to = buffer_ + size_;
    const auto tail = [c](int shift) { return static_cast<char>(0x80 | ((c >> shift) & 0x3F)); };
    if (c < 0x80) {
      to[0] = static_cast<char>(c);
      size_ += 1;
    } else if (c < 0x800) {
      to[0] = static_cast<char>(0xC0 | (c >> 6)), to[1] = tail(0);
      size_ += 2;
    } else if (c < 0x10000) {
      to[0] = static_cast<char>(0xE0 | (c >> 12)), to[1] = tail(6), to[2] = tail(0);
      size_ += 3;
    } else {
      to[0] = static_cast<char>(0xF0 | (c >> 18)), to[1] = tail(12), to[2] = tail(6), to[3] = tail(0);
      size_ += 4;
    }
  }
  void replacement() { put(0xFFFD); }

 private:
  void flush() {
    out_.append(buffer_, size_);
    size_ = 0;
  }

  std::string& out_;
  std::size_t size_ = 0;
  char buffer_[2048];
};

}  // namespace detail

namespace {

using detail::TextOutput;
using Bytes = const unsigned char*;

constexpr bool within(unsigned value, unsigned low, unsigned high) noexcept { return value >= low && value <= high; }

// The tokens below decode one character, or what is none, at `p`, and return how many bytes that took; 0 when more are needed to tell. WHATWG Encoding sections 9 to 14.

// After two bytes that mean nothing together: a second one that is ASCII counts by itself.
std::size_t wrongPair(unsigned trail, TextOutput& out) {
  out.replacement();
  return trail < 0x80 ? 1 : 2;
}

std::size_t fromIndex(const EncodingIndex& index, std::size_t pointer, unsigned trail, TextOutput& out) {
  const char32_t c = pointer < index.size() ? index[pointer] : 0;
  if (!c) return wrongPair(trail, out);
  out.put(c);
  return 2;
}

constexpr std::size_t kNoPointer = static_cast<std::size_t>(-1);

std::size_t oneWrong(TextOutput& out) {
  out.replacement();
  return 1;
}

std::size_t big5Token(const EncodingIndex& index, Bytes p, std::size_t size, TextOutput& out) {
  if (!within(p[0], 0x81, 0xFE)) return oneWrong(out);
  if (size < 2) return 0;
  if (!within(p[1], 0x40, 0x7E) && !within(p[1], 0xA1, 0xFE)) return wrongPair(p[1], out);
  const std::size_t pointer = (p[0] - 0x81u) * 157 + p[1] - (p[1] < 0x7F ? 0x40 : 0x62);
  if (pointer == 1133 || pointer == 1135 || pointer == 1164 || pointer == 1166) {  // the four that are two code points
    out.put(pointer < 1150 ? 0xCA : 0xEA);
    out.put(pointer == 1133 || pointer == 1164 ? 0x304 : 0x30C);
    return 2;
  }
  return fromIndex(index, pointer, p[1], out);
}

std::size_t eucKrToken(const EncodingIndex& index, Bytes p, std::size_t size, TextOutput& out) {
  if (!within(p[0], 0x81, 0xFE)) return oneWrong(out);
  if (size < 2) return 0;
  return fromIndex(index, within(p[1], 0x41, 0xFE) ? (p[0] - 0x81u) * 190 + p[1] - 0x41 : kNoPointer, p[1], out);
}

std::size_t eucJpToken(Bytes p, std::size_t size, TextOutput& out) {
  if (p[0] != 0x8E && p[0] != 0x8F && !within(p[0], 0xA1, 0xFE)) return oneWrong(out);
  if (size < 2) return 0;
  if (p[0] == 0x8E) {
    if (!within(p[1], 0xA1, 0xDF)) return wrongPair(p[1], out);
    out.put(0xFF61u - 0xA1 + p[1]);
    return 2;
  }
  if (!within(p[1], 0xA1, 0xFE)) return wrongPair(p[1], out);
  if (p[0] != 0x8F) return fromIndex(detail::jis0208Index(), (p[0] - 0xA1u) * 94 + p[1] - 0xA1, p[1], out);
  if (size < 3) return 0;
  const std::size_t pointer = within(p[2], 0xA1, 0xFE) ? (p[1] - 0xA1u) * 94 + p[2] - 0xA1 : kNoPointer;
  return 1 + fromIndex(detail::jis0212Index(), pointer, p[2], out);
}

std::size_t shiftJisToken(const EncodingIndex& index, Bytes p, std::size_t size, TextOutput& out) {
  if (p[0] == 0x80 || within(p[0], 0xA1, 0xDF)) {
    out.put(p[0] == 0x80 ? 0x80u : 0xFF61u - 0xA1 + p[0]);
    return 1;
  }
  if (!within(p[0], 0x81, 0x9F) && !within(p[0], 0xE0, 0xFC)) return oneWrong(out);
  if (size < 2) return 0;
  if (!within(p[1], 0x40, 0x7E) && !within(p[1], 0x80, 0xFC)) return wrongPair(p[1], out);
  const std::size_t pointer = (p[0] - (p[0] < 0xA0 ? 0x81u : 0xC1u)) * 188 + p[1] - (p[1] < 0x7F ? 0x40 : 0x41);
  if (pointer >= 8836 && pointer <= 10715) {           // characters of a user's own
    out.put(static_cast<char32_t>(0xE000 - 8836 + pointer));
    return 2;
  }
  return fromIndex(index, pointer, p[1], out);
}

std::size_t gb18030Token(const EncodingIndex& index, Bytes p, std::size_t size, TextOutput& out) {
  if (p[0] == 0x80) {
    out.put(0x20AC);
    return 1;
  }
  if (p[0] == 0xFF) return oneWrong(out);
  if (size < 2) return 0;
  if (within(p[1], 0x30, 0x39)) {
    if (size < 3) return 0;
    if (!within(p[2], 0x81, 0xFE)) return oneWrong(out);
    if (size < 4) return 0;
    if (!within(p[3], 0x30, 0x39)) return oneWrong(out);
    const auto c = detail::gb18030RangesCodePoint(((p[0] - 0x81u) * 10 + p[1] - 0x30) * 1260 + (p[2] - 0x81u) * 10 + p[3] - 0x30);
    out.put(c.value_or(0xFFFD));
    return 4;
  }
  if (!within(p[1], 0x40, 0x7E) && !within(p[1], 0x80, 0xFE)) return wrongPair(p[1], out);
  return fromIndex(index, (p[0] - 0x81u) * 190 + p[1] - (p[1] < 0x7F ? 0x40 : 0x41), p[1], out);
}

template <int High> std::size_t utf16Token(Bytes p, std::size_t size, TextOutput& out) {
  constexpr int kLow = 1 - High;
  if (size < 2) return 0;
  const char32_t unit = static_cast<char32_t>(p[High] << 8 | p[kLow]);
  if (unit < 0xD800 || unit > 0xDFFF) {
    out.put(unit);
    return 2;
  }
  if (unit < 0xDC00) {
    if (size < 4) return 0;
    const char32_t second = static_cast<char32_t>(p[2 + High] << 8 | p[2 + kLow]);
    if (second >= 0xDC00 && second <= 0xDFFF) {
      out.put(0x10000 + ((unit - 0xD800) << 10) + (second - 0xDC00));
      return 4;
    }
  }
  out.replacement();
  return 2;
}

std::string_view markOf(Codec codec) noexcept {
  switch (codec) {
    case Codec::Utf8: return "\xEF\xBB\xBF";
    case Codec::Utf16Le: return "\xFF\xFE";
    case Codec::Utf16Be: return "\xFE\xFF";
    default: return {};
  }
}

}  // namespace

UnknownEncoding::UnknownEncoding(std::string_view label)
    : Error("decoding text: \"" + std::string(label.substr(0, 80)) + "\" is no encoding of the web; \"utf-8\" and \"windows-1252\" are two"), label(label) {}

TextDecoder::TextDecoder(std::string_view label) : encoding_(detail::findEncoding(encodingForLabel(label))) {
  if (!encoding_) throw UnknownEncoding(label);
}

std::string_view TextDecoder::encoding() const noexcept { return encoding_->name; }

void TextDecoder::feed(std::string_view bytes, std::string& out) {
  if (started_) [[likely]]
    decode(bytes, out, false);
  else if (!bytes.empty())
    start(bytes, out, false);
}

void TextDecoder::finish(std::string& out) {
  if (started_) decode({}, out, true);
  else start({}, out, true);
  pendingSize_ = markSize_ = 0;
  started_ = justSwitched_ = false;
  mode_ = Mode::Ascii;
}

// Looks for the byte order mark, which may come in pieces.
void TextDecoder::start(std::string_view bytes, std::string& out, bool last) {
  const std::string_view mark = markOf(encoding_->codec);
  while (markSize_ < mark.size() && !bytes.empty() && bytes.front() == mark[markSize_]) {
    bytes.remove_prefix(1);
    ++markSize_;
  }
  if (markSize_ < mark.size() && bytes.empty() && !last) return;
  started_ = true;
  if (markSize_ < mark.size()) decode(mark.substr(0, markSize_), out, false);
  decode(bytes, out, last);
}

// Runs `token` over what is pending and what is new, ASCII aside where the encoding has it.
template <class Token> void TextDecoder::decodeTokens(std::string_view bytes, std::string& text, bool last, Token token) {
  TextOutput out(text);
  auto p = reinterpret_cast<Bytes>(bytes.data());
  Bytes end = p + bytes.size();
  if (pendingSize_ > 0) {
    unsigned char joint[12];                           // a character is four bytes at the most
    const std::size_t more = std::min<std::size_t>(bytes.size(), 8);
    std::memcpy(joint, pending_.data(), pendingSize_);
    if (more) std::memcpy(joint + pendingSize_, p, more);
    const std::size_t size = pendingSize_ + more;
    std::size_t at = 0;
    while (at < pendingSize_) {
      const std::size_t used = token(joint + at, size - at, out);
      if (used == 0) break;
      at += used;
    }
    if (at < pendingSize_) {                           // all that came is in `joint`, and it is not enough
      std::memmove(pending_.data(), joint + at, size - at);
      pendingSize_ = static_cast<std::uint8_t>(size - at);
      p = end;
    } else {
      p += at - pendingSize_;
      pendingSize_ = 0;
    }
  }
  while (p != end) {
    const std::size_t used = token(p, static_cast<std::size_t>(end - p), out);
    if (used == 0) {
      pendingSize_ = static_cast<std::uint8_t>(end - p);
      std::memcpy(pending_.data(), p, pendingSize_);
      break;
    }
    p += used;
  }
  if (last && pendingSize_ > 0) {
    out.replacement();
    pendingSize_ = 0;
  }
}

namespace {

// A token that takes a whole run of ASCII at once, which is most of a page in any language: its markup.
template <class Token> auto withAscii(Token token) {
  return [token](Bytes p, std::size_t size, TextOutput& out) -> std::size_t {
    if (p[0] >= 0x80) return token(p, size, out);
    if (size == 1 || p[1] >= 0x80) {
      out.put(p[0]);
      return 1;
    }
    const std::size_t run = asciiPrefix({reinterpret_cast<const char*>(p), size});
    out.bytes(p, run);
    return run;
  };
}

}  // namespace

void TextDecoder::decode(std::string_view bytes, std::string& out, bool last) {
  switch (encoding_->codec) {
    case Codec::Utf8: {
      if (pendingSize_ > 0) {
        char joint[8];
        const std::size_t more = std::min<std::size_t>(bytes.size(), 3);
        std::memcpy(joint, pending_.data(), pendingSize_);
        if (more) std::memcpy(joint + pendingSize_, bytes.data(), more);
        const std::string_view begun(joint, pendingSize_ + more);
        if (!last && cutSequence(begun) == begun.size()) {
          std::memcpy(pending_.data(), joint, begun.size());
          pendingSize_ = static_cast<std::uint8_t>(begun.size());
          return;
        }
        // The first sequence of `joint` takes the pending bytes and some of the new ones; those are dropped from `bytes`.
        std::size_t size = pendingSize_;
        while (size < begun.size() && cutSequence(begun.substr(0, size)) == size) ++size;
        if (size > pendingSize_ && !isUtf8(begun.substr(0, size))) --size;  // the last one does not belong to it
        appendMended(out, begun.substr(0, size));
        bytes.remove_prefix(size - pendingSize_);
        pendingSize_ = 0;
      }
      const std::size_t cut = last ? 0 : cutSequence(bytes);
      appendMended(out, bytes.substr(0, bytes.size() - cut));
      if (cut) std::memcpy(pending_.data(), bytes.data() + bytes.size() - cut, cut);
      pendingSize_ = static_cast<std::uint8_t>(cut);
      return;
    }
    case Codec::Utf16Le: return decodeTokens(bytes, out, last, utf16Token<1>);
    case Codec::Utf16Be: return decodeTokens(bytes, out, last, utf16Token<0>);
    case Codec::SingleByte:
      return decodeTokens(bytes, out, last, withAscii([&index = detail::singleByteIndex(*encoding_)](Bytes p, std::size_t, TextOutput& to) -> std::size_t {
                            const char16_t c = index[p[0] - 0x80u];
                            to.put(c ? c : 0xFFFD);
                            return 1;
                          }));
    case Codec::Big5:
      return decodeTokens(bytes, out, last, withAscii([&index = detail::big5Index()](Bytes p, std::size_t n, TextOutput& to) { return big5Token(index, p, n, to); }));
    case Codec::EucKr:
      return decodeTokens(bytes, out, last, withAscii([&index = detail::eucKrIndex()](Bytes p, std::size_t n, TextOutput& to) { return eucKrToken(index, p, n, to); }));
    case Codec::EucJp: return decodeTokens(bytes, out, last, withAscii(eucJpToken));
    case Codec::ShiftJis:
      return decodeTokens(bytes, out, last,
                          withAscii([&index = detail::jis0208Index()](Bytes p, std::size_t n, TextOutput& to) { return shiftJisToken(index, p, n, to); }));
    case Codec::Gb18030:
      return decodeTokens(bytes, out, last,
                          withAscii([&index = detail::gb18030Index()](Bytes p, std::size_t n, TextOutput& to) { return gb18030Token(index, p, n, to); }));
    case Codec::Iso2022Jp:
      return decodeTokens(bytes, out, last, [this, last](Bytes p, std::size_t n, TextOutput& to) { return iso2022JpToken(p, n, to, last); });
    case Codec::UserDefined:
      return decodeTokens(bytes, out, last, withAscii([](Bytes p, std::size_t, TextOutput& to) -> std::size_t {
                            to.put(0xF780u + p[0] - 0x80);
                            return 1;
                          }));
    case Codec::Replacement:                           // a page that must not be read: one U+FFFD for all of it
      if (!bytes.empty() && pendingSize_ == 0) {
        appendUtf8(out, 0xFFFD);
        pendingSize_ = 1;
      }
      return;
  }
}

// Section 12.2.1.
std::size_t TextDecoder::iso2022JpToken(const unsigned char* p, std::size_t size, detail::TextOutput& out, bool last) {
  const unsigned byte = p[0];
  if (byte == 0x1B) {
    if (!last && (size < 2 || (size < 3 && (p[1] == 0x24 || p[1] == 0x28)))) return 0;
    const auto mode = [&]() -> int {
      if (size < 3) return -1;
      if (p[1] == 0x28) return p[2] == 0x42 ? static_cast<int>(Mode::Ascii) : p[2] == 0x4A ? static_cast<int>(Mode::Roman) : p[2] == 0x49 ? static_cast<int>(Mode::Katakana) : -1;
      return p[1] == 0x24 && (p[2] == 0x40 || p[2] == 0x42) ? static_cast<int>(Mode::Jis0208) : -1;
    }();
    if (mode < 0) {
      justSwitched_ = false;
      return oneWrong(out);
    }
    mode_ = static_cast<Mode>(mode);
    if (justSwitched_) out.replacement();              // two in a row could hide something from a filter
    justSwitched_ = true;
    return 3;
  }
  if (mode_ == Mode::Jis0208 && within(byte, 0x21, 0x7E)) {
    if (size < 2) {
      if (!last) return 0;
      return oneWrong(out);
    }
    justSwitched_ = false;
    if (p[1] == 0x1B) return oneWrong(out);
    const EncodingIndex& index = detail::jis0208Index();
    const std::size_t pointer = within(p[1], 0x21, 0x7E) ? (byte - 0x21) * 94 + p[1] - 0x21 : kNoPointer;
    const char32_t c = pointer < index.size() ? index[pointer] : 0;
    out.put(c ? c : 0xFFFD);
    return 2;
  }
  justSwitched_ = false;
  const bool plain = byte < 0x80 && byte != 0x0E && byte != 0x0F;
  if (mode_ == Mode::Katakana && within(byte, 0x21, 0x5F)) out.put(0xFF61u - 0x21 + byte);
  else if (mode_ == Mode::Roman && byte == 0x5C) out.put(0xA5);
  else if (mode_ == Mode::Roman && byte == 0x7E) out.put(0x203E);
  else if ((mode_ == Mode::Ascii || mode_ == Mode::Roman) && plain) out.put(byte);
  else out.replacement();
  return 1;
}

DecodedText decodeText(std::string body, std::string_view contentType) {
  const DetectedEncoding found = detectEncoding(body, contentType);
  const bool isMarked = found.name == "utf-8" && found.source == EncodingSource::ByteOrderMark;
  const Codec codec = detail::findEncoding(found.name)->codec;
  const bool keepsAscii = codec != Codec::Utf16Le && codec != Codec::Utf16Be && codec != Codec::Iso2022Jp && codec != Codec::Replacement;
  const bool isItself = found.source == EncodingSource::Utf8 || (!isMarked && (codec == Codec::Utf8 ? isUtf8(body) : keepsAscii && isPlainAscii(body)));
  if (isItself) return {std::move(body), found.name, found.source};
  DecodedText decoded{{}, found.name, found.source};
  appendDecoded(decoded.text, body, found.name);
  return decoded;
}

void appendDecoded(std::string& out, std::string_view bytes, std::string_view encoding) {
  TextDecoder decoder(encoding);
  out.reserve(out.size() + bytes.size() + bytes.size() / 8);
  decoder.feed(bytes, out);
  decoder.finish(out);
}

}  // namespace weft::http
