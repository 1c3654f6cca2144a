// ContentEncoder: a body in a content coding.
#pragma once

#include <weft/http/content_coding/errors.hpp>

#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace weft::http {

namespace detail {
class EncodingLayer;
}

/// Applies one content coding to a body as it comes: gzip (RFC 1952), br (RFC 7932) or zstd (RFC 8878).
///
///     ContentEncoder encoder("gzip");
///     encoder.feed(piece, out);                      // may hold bytes back, to find more that repeats
///     encoder.flush(out);                            // all that was fed can be decoded now: for bodies that are waited for
///     encoder.finish(out);
///
/// Memory: 256 KB for gzip, about 1 MB for br and 1 to 4 MB for zstd, taken from a pool of the thread where that is dear. Not thread-safe; may be moved to another thread between calls.
class ContentEncoder {
 public:
  /// `level` as the coding counts: gzip 1 to 9, br 0 to 11, zstd 1 to 19; none: one that suits answers that are made for each request (gzip 5, br 4, zstd 3). Throws ContentCodingError for a coding that is none
  /// of these.
  explicit ContentEncoder(std::string_view coding, std::optional<int> level = std::nullopt);
  ContentEncoder(ContentEncoder&&) noexcept;
  ContentEncoder& operator=(ContentEncoder&&) noexcept;
  ~ContentEncoder();

  /// Each appends to `out`.
  void feed(std::string_view bytes, std::string& out);
  void flush(std::string& out);
  /// The body has ended. The last call.
  void finish(std::string& out);

 private:
  std::unique_ptr<detail::EncodingLayer> layer_;
};

}  // namespace weft::http
