// TextDecoder: text in any encoding of the web, as UTF-8.
#pragma once

#include <weft/http/error.hpp>
#include <weft/http/text/encoding.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace weft::http {

namespace detail {
struct EncodingInfo;
class TextOutput;
}

/// A label that names no encoding.
class UnknownEncoding : public Error {
 public:
  explicit UnknownEncoding(std::string_view label);
  std::string label;
};

/// Decodes text piece by piece. However it is cut, the same text comes out: always UTF-8, what means nothing as U+FFFD, by the rules of the WHATWG Encoding standard (section 4.1,
/// "decode"). A byte order mark of the encoding is dropped. At most four bytes are held between two calls.
///
///     TextDecoder decoder("shift_jis");
///     decoder.feed(piece, text);
///     decoder.finish(text);                          // a character that was cut becomes U+FFFD
class TextDecoder {
 public:
  /// Any label that encodingForLabel() knows. Throws UnknownEncoding.
  explicit TextDecoder(std::string_view label);

  std::string_view encoding() const noexcept;
  void feed(std::string_view bytes, std::string& out);
  /// The text has ended. Then the decoder may be used for another one.
  void finish(std::string& out);

 private:
  void start(std::string_view bytes, std::string& out, bool last);
  void decode(std::string_view bytes, std::string& out, bool last);
  template <class Token> void decodeTokens(std::string_view bytes, std::string& out, bool last, Token token);
  std::size_t iso2022JpToken(const unsigned char* p, std::size_t size, detail::TextOutput& out, bool last);

  const detail::EncodingInfo* encoding_;
  std::array<unsigned char, 4> pending_{};           // a character that has begun
  std::uint8_t pendingSize_ = 0;
  std::uint8_t markSize_ = 0;                        // how much of a byte order mark has come
  bool started_ = false;
  // iso-2022-jp
  enum class Mode : std::uint8_t { Ascii, Roman, Katakana, Jis0208 } mode_ = Mode::Ascii;
  bool justSwitched_ = false;
};

/// Text, and what it was decoded from.
struct DecodedText {
  std::string text;                                  ///< UTF-8
  std::string_view encoding;                         ///< "windows-1252"
  EncodingSource source;
};

/// A page as text, in the encoding that detectEncoding() finds. Where it is UTF-8 already, or plain ASCII, `body` is moved through and nothing copied. Never fails.
DecodedText decodeText(std::string body, std::string_view contentType);

/// Appends `bytes`, which are in `encoding`, to `out` in UTF-8. Throws UnknownEncoding.
void appendDecoded(std::string& out, std::string_view bytes, std::string_view encoding);

}  // namespace weft::http
