// DecodingLayer: one content coding, undone as the bytes come.
#pragma once

#include <weft/http/content_coding/errors.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

namespace weft::http::detail {

/// Undoes one coding. Each of the implementations owns its library's context, from a pool of its thread where starting one is dear.
class DecodingLayer {
 public:
  struct Step {
    std::size_t used = 0;            // bytes taken off the input
    std::size_t written = 0;
  };

  virtual ~DecodingLayer() = default;
  /// Decodes until the input is used up or the output is full, whichever comes first; a full output may leave more to come without any input.
  /// Throws ContentCodingError.
  virtual Step step(std::string_view in, char* out, std::size_t room) = 0;
  /// May the input end here? True before the first byte as well: an empty body is empty in every coding.
  virtual bool atEnd() const noexcept = 0;
};

/// gzip (RFC 1952): one member or several; what follows the last one and does not begin another is ignored, as browsers do.
std::unique_ptr<DecodingLayer> makeGzipLayer();
/// deflate in either form: zlib's (RFC 1950), which the RFC means, or bare (RFC 1951), which some servers send.
std::unique_ptr<DecodingLayer> makeDeflateLayer();
/// br (RFC 7932).
std::unique_ptr<DecodingLayer> makeBrotliLayer();
/// zstd (RFC 8878) with a window of at most 8 MiB (RFC 9659).
std::unique_ptr<DecodingLayer> makeZstdLayer();

/// What the layers of this thread cost, for tests: contexts made, contexts taken from the pool, calls of the libraries.
struct CodecCounts {
  std::uint64_t made = 0;
  std::uint64_t reused = 0;
  std::uint64_t calls = 0;
};
CodecCounts& codecCounts() noexcept;

}  // namespace weft::http::detail
