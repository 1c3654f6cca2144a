// MultipartReader: takes a body of several parts apart while it comes.
#pragma once

#include <weft/http/forms/errors.hpp>
#include <weft/http/headers.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace weft::http {

/// Reads multipart bodies (RFC 2046 section 5.1) in any pieces: however they are cut, the same parts come out. For forms see readForm(), which keeps fields and files; this is the tool below it, for
/// who wants the bytes themselves.
///
///     MultipartReader reader(boundary);
///     reader.feed(piece);
///     for (auto event = reader.next(); event != MultipartReader::Event::More; event = reader.next()) …
///     reader.finish();
///
/// Takes linear time, and holds no more than what was last fed, a boundary and a part's head. What stands before the first boundary is passed over up to maxHeadBytes, what follows the last one always.
/// Strict: lines end with CRLF, and a line that begins with the boundary is one. Throws MalformedForm and FormTooLarge; then only destroy it.
class MultipartReader {
 public:
  enum class Event : std::uint8_t {
    More,                              ///< feed() it
    Part,                              ///< a part begins: headers()
    Data,                              ///< some of its bytes: data(), until the next call
    PartEnd,
    End,                               ///< the last boundary; nothing more comes
  };
  /// What a form may be made of; more is an error.
  struct Limits {
    std::size_t maxParts = 1000;
    std::size_t maxHeadBytes = 16 * 1024;              ///< of a part's header lines together
    std::size_t maxHeaders = 32;                       ///< of a part
  };

  explicit MultipartReader(std::string_view boundary) : MultipartReader(boundary, Limits()) {}
  /// Throws MalformedForm unless the boundary is 1 to 70 of the characters that RFC 2046 section 5.1.1 allows.
  MultipartReader(std::string_view boundary, Limits limits);

  void feed(std::string_view bytes);
  Event next();
  /// The body has ended. Throws MalformedForm when its last boundary has not come.
  void finish() const;

  const Headers& headers() const noexcept { return headers_; }
  std::string_view data() const noexcept { return data_; }
  std::size_t parts() const noexcept { return parts_; }
  /// How many bytes of the body have been taken apart.
  std::uint64_t offset() const noexcept { return before_ + at_ < kBefore ? 0 : before_ + at_ - kBefore; }

 private:
  enum class State : std::uint8_t { Preamble, Delimiter, Head, Data, Over };
  static constexpr std::size_t kBefore = 2;            // the CRLF that the first boundary may lack is put there

  [[noreturn]] void refuse(std::string_view reason) const;
  bool findDelimiter();
  bool readDelimiter();
  void readHead(std::string_view head);

  const std::string delimiter_;
  const Limits limits_;
  std::string buffer_ = "\r\n";
  std::size_t at_ = 0;                                 // what is before has been used
  std::size_t scanned_ = 0;                            // what is looked for does not begin before
  std::size_t found_ = std::string::npos;              // where a delimiter begins
  std::uint64_t before_ = 0;                           // bytes that the buffer has lost
  std::size_t parts_ = 0;
  Headers headers_;
  std::string_view data_;
  State state_ = State::Preamble;
  std::size_t padding_ = 0;                            // spaces since the boundary
};

}  // namespace weft::http
