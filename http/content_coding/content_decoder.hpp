// ContentDecoder: a body without its Content-Encoding.
#pragma once

#include <weft/http/content_coding/errors.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace weft::http {

namespace detail {
class DecodingLayer;
}

/// How much a ContentDecoder gives out, and what it lets pass.
class ContentDecoderOptions {
 public:
  enum class Unknown : std::uint8_t {
    Refuse,                          ///< ContentCodingError from the constructor
    PassThrough,                     ///< what can be undone is; the rest of the list is in ContentDecoder::remaining()
  };

  std::uint64_t maxBytes = std::uint64_t{1} << 30;  ///< decoded bytes of one body
  /// Decoded bytes for each coded byte, looked at once `ratioFrom` bytes are decoded: real pages reach 50, deflate's most is 1032. 0: no limit.
  double maxRatio = 200;
  std::uint64_t ratioFrom = 8 * 1024 * 1024;
  std::size_t maxLayers = 3;                        ///< codings in one list, "identity" not counted
  Unknown unknown = Unknown::Refuse;
  /// A body that ends inside a coding is no error, but partial().
  bool allowPartial = false;

  ContentDecoderOptions& setMaxBytes(std::uint64_t value) { return maxBytes = value, *this; }
  ContentDecoderOptions& setMaxRatio(double value) { return maxRatio = value, *this; }
  ContentDecoderOptions& setRatioFrom(std::uint64_t value) { return ratioFrom = value, *this; }
  ContentDecoderOptions& setMaxLayers(std::size_t value) { return maxLayers = value, *this; }
  ContentDecoderOptions& setUnknown(Unknown value) { return unknown = value, *this; }
  ContentDecoderOptions& setAllowPartial(bool value) { return allowPartial = value, *this; }
};

/// Undoes the content codings of one body, in the order of RFC 9110 section 8.4: gzip (and x-gzip), deflate in both forms, br, zstd, identity.
///
/// However the body is cut into pieces, the same bytes come out; and between two calls it holds no output, only what its libraries need: 40 KB for gzip and deflate, up to
/// 16 MiB for br and 8 MiB for zstd, as the sender's window asks. Checksums and lengths are checked. An empty body is empty in every coding. What follows the end
/// of the coded data is ignored, as browsers do.
///
///     ContentDecoder decoder("gzip");
///     decoder.feed(piece, page);                     // throws ContentCodingError, DecodedTooLarge, DecompressionRatio
///     decoder.finish();                              // throws ContentCodingError when the body was cut
///
/// Not thread-safe; may be moved to another thread between calls. After an error only destroy it.
class ContentDecoder {
 public:
  /// `contentEncoding` is the field's value, of several fields joined by commas. Throws ContentCodingError for a coding that is not known, or too many of them.
  explicit ContentDecoder(std::string_view contentEncoding, const ContentDecoderOptions& options = ContentDecoderOptions());
  ContentDecoder(ContentDecoder&&) noexcept;
  ContentDecoder& operator=(ContentDecoder&&) noexcept;
  ~ContentDecoder();

  /// Is there nothing to undo? feed() then copies.
  bool isIdentity() const noexcept { return stages_.empty(); }
  /// The codings that the body is still in when it comes out: empty but for Unknown::PassThrough.
  const std::string& remaining() const noexcept { return remaining_; }

  /// Appends to `out` all that `bytes` decodes to. A small piece may become much: see decode() where memory counts.
  void feed(std::string_view bytes, std::string& out);
  /// Takes bytes off the front of `bytes` until they are used up or `out` has grown by `room`; whether there may be more to come without further bytes. For a reader
  /// that is slower than its peer.
  bool decode(std::string_view& bytes, std::string& out, std::size_t room);
  /// The body has ended.
  void finish();

  /// After finish() with allowPartial: the body was cut.
  bool partial() const noexcept { return partial_; }
  std::uint64_t encodedBytes() const noexcept { return encoded_; }
  std::uint64_t decodedBytes() const noexcept { return decoded_; }

 private:
  struct Stage;

  std::size_t pull(std::size_t index, char* out, std::size_t room);

  std::vector<Stage> stages_;                       // the first undoes the last coding of the list
  std::string codings_;                             // as the field had them, for errors
  std::string remaining_;
  ContentDecoderOptions options_;
  std::string_view input_;                          // within a call
  std::uint64_t encoded_ = 0;
  std::uint64_t decoded_ = 0;
  bool partial_ = false;
};

}  // namespace weft::http
