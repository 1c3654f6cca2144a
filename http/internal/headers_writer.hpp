// Fills a Headers from a parser, piece by piece.
#pragma once

#include <weft/http/headers.hpp>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>

namespace weft::http {

/// Where a field is in a text of whole field lines.
struct FieldSpan {
  std::uint32_t nameAt;
  std::uint32_t valueAt;
  std::uint32_t valueSize;                             // without blanks around it
  std::uint16_t nameSize;
};

/// Appends fields whose bytes arrive in pieces. The caller has checked them: what is written here is not looked at again.
class HeadersWriter {
 public:
  /// Where the fields go; must outlive the use. It must not be changed otherwise while a field is open.
  void attach(Headers& headers) noexcept { headers_ = &headers; }

  void beginName() {
    Headers& h = *headers_;
    h.reserve(h.block_ ? kRoom : kFirstRoom, 1);
    nameAt_ = h.textSize_;
  }
  void name(std::string_view piece) { write(piece); }
  void beginValue() {
    Headers& h = *headers_;
    nameEnd_ = h.textSize_;
    write(": ");
    valueAt_ = h.textSize_;
  }
  void value(std::string_view piece) { write(piece); }
  /// Ends the field; spaces at the value's end are dropped.
  void end();

  std::string_view openName() const noexcept { return {headers_->block_ + nameAt_, nameEnd_ - nameAt_}; }
  std::string_view openValue() const noexcept { return {headers_->block_ + valueAt_, headers_->textSize_ - valueAt_}; }
  char* openValueBytes() noexcept { return headers_->block_ + valueAt_; }
  /// Adds all fields of `lines`, each of which ends in CRLF and begins where the one before it ended.
  void addLines(std::string_view lines, std::span<const FieldSpan> fields);
  /// Drops the open field.
  void abandon() noexcept { headers_->textSize_ = nameAt_; }

 private:
  static constexpr std::size_t kRoom = 96;                                 // most fields fit: one check of the room per field
  static constexpr std::size_t kFirstRoom = 1000;                          // the largest block that is recycled; most heads fit

  void write(std::string_view piece) {
    Headers& h = *headers_;
    h.reserve(piece.size(), 1);
    std::memcpy(h.block_ + h.textSize_, piece.data(), piece.size());
    h.textSize_ += static_cast<std::uint32_t>(piece.size());
  }

  Headers* headers_ = nullptr;
  std::uint32_t nameAt_ = 0;
  std::uint32_t nameEnd_ = 0;
  std::uint32_t valueAt_ = 0;
};

}  // namespace weft::http
