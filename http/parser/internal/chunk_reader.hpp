// ChunkReader: the framing of a chunked body.
#pragma once

#include <weft/http/parser.hpp>

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace weft::http::detail {

/// What is wrong with a message, and in a few words what of it.
struct Refusal {
  ParseProblem problem = ParseProblem::StartLine;
  std::string_view detail = {};                        // a literal
};

/// Tells chunk lines from data, up to the line of the last chunk; the trailers behind it are llhttp's again. RFC 9112 section 7.1.
///
/// Our own, because llhttp takes no bare LF and no blank behind a size, which servers send and browsers take, and because a chunk of 64 bytes costs it five callbacks.
///
///     while (i < bytes.size() && !chunks.ended())
///       if (std::size_t size = chunks.takeData(bytes.size() - i)) …            // so many, from bytes[i]
///       else if (!chunks.readFraming(bytes, i)) throw … chunks.refusal() …     // i has moved
class ChunkReader {
 public:
  explicit ChunkReader(const ParserOptions& options) : lenient_(options.lenient), maxExtensions_(options.maxChunkExtensions) {}

  /// A message begins: what it may still hold of extensions, and what was let pass.
  void restart() noexcept;

  /// How many of the next `available` bytes are data. They are the caller's with this call. 0: a line comes first.
  std::size_t takeData(std::size_t available) noexcept;
  /// Reads a line, or what there is of it, and moves `at` behind it. False: it is refused, and `at` is the byte in question.
  bool readFraming(std::string_view bytes, std::size_t& at) noexcept;
  const Refusal& refusal() const noexcept { return refusal_; }
  /// Has the line of the last chunk been read?
  bool ended() const noexcept { return state_ == State::Ended; }
  /// Has lenient mode let a line pass that strict mode refuses?
  bool wasRepaired() const noexcept { return repaired_; }

 private:
  enum class State : std::uint8_t { Size, Blank, Extension, Value, Quoted, QuotedPair, AfterQuoted, LineLf, Data, DataEnd, DataLf, Ended };

  void readPlainLine(std::string_view bytes, std::size_t& at) noexcept;
  bool read(char c) noexcept;
  bool readSize(char c) noexcept;
  bool readExtension(char c) noexcept;
  bool endSize(char c) noexcept;
  bool repair(ParseProblem problem, std::string_view detail) noexcept;
  bool count() noexcept;
  bool refuse(ParseProblem problem, std::string_view detail = {}) noexcept;
  void beginChunk() noexcept;
  void endLine() noexcept { state_ = left_ ? State::Data : State::Ended; }

  Refusal refusal_{};
  std::uint64_t left_ = 0;
  std::size_t extensionBytes_ = 0;
  unsigned digits_ = 0;
  State state_ = State::Size;
  bool extensionHasText_ = false;
  bool repaired_ = false;
  const bool lenient_;
  const std::size_t maxExtensions_;
};

}  // namespace weft::http::detail
