// PlainFields: the fields of a head that is all there and has nothing odd about it.
#pragma once

#include <weft/http/internal/headers_writer.hpp>

#include <array>
#include <cstddef>
#include <span>
#include <string_view>

namespace weft::http::detail {

/// Finds the fields of a whole head in one scan of sixteen bytes a step: nearly every head comes in one piece, and llhttp takes a step per byte and a callback per part.
///
/// It takes only what llhttp takes, and finds in it what llhttp finds: names that are tokens, values without control characters, lines that end in CRLF and are not folded,
/// one Content-Length of digits or one Transfer-Encoding of "chunked". It decides nothing: the lines that frame a message are given to llhttp as they stand, and every
/// other head, good or bad, is left to it as a whole.
class PlainFields {
 public:
  static constexpr std::size_t kMost = 64;

  /// Scans `bytes`, which begin with the first field's line. False: not such a head, or not all of it is here.
  bool scan(std::string_view bytes) noexcept;

  /// Of the last scan that gave true.
  std::span<const FieldSpan> fields() const noexcept { return {fields_.data(), count_}; }
  std::size_t size() const noexcept { return size_; }                            ///< up to and with the empty line
  std::size_t textBytes() const noexcept { return textBytes_; }                  ///< names and values, as llhttp counts them: with the blanks behind a value
  /// Those that say how the message goes on, in order: Content-Length, Transfer-Encoding, Connection, Proxy-Connection, Upgrade. With their CRLF.
  std::span<const std::string_view> framingLines() const noexcept { return {framing_.data(), framingCount_}; }

 private:
  bool noteFraming(std::string_view name, std::string_view value, std::string_view line) noexcept;

  std::array<FieldSpan, kMost> fields_;
  std::array<std::string_view, 8> framing_;
  std::size_t count_ = 0;
  std::size_t framingCount_ = 0;
  std::size_t size_ = 0;
  std::size_t textBytes_ = 0;
  bool framed_ = false;                                // Content-Length or Transfer-Encoding was seen
};

}  // namespace weft::http::detail
