// HeadLines: where a head ends, and whether its lines end as they must.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace weft::http::detail {

/// The first CR or LF at or after `from`, or the size.
std::size_t findLineEnd(std::string_view bytes, std::size_t from) noexcept;

/// The discipline of lines, which llhttp does not keep: no CR without its LF; in strict mode no LF without its CR, and no line that begins with a space. RFC 9112 section 2.2.
class HeadLines {
 public:
  struct Check {
    std::size_t end = std::string_view::npos;          ///< where the head ends, or is broken; npos: neither is in these bytes
    bool broken = false;
    bool bareLf = false;                               ///< lenient mode met one
  };

  /// A head begins.
  void restart() noexcept { line_ = Line::First; }
  /// The start line has been read by somebody else.
  void startLineWasRead() noexcept {
    line_ = Line::Start;
    afterStartLine_ = true;
  }
  /// The bytes that follow those of the last call, of which no more than `end` may be taken.
  Check read(std::string_view bytes, bool strict) noexcept;

 private:
  enum class Line : std::uint8_t { First, FirstCr, Start, Inside, AfterCr, LastCr };

  Line line_ = Line::First;
  bool afterStartLine_ = false;                        // the next line is the first field's: there is nothing yet that it could continue
};

}  // namespace weft::http::detail
