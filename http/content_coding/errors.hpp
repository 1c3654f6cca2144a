// What can go wrong with a coded body.
#pragma once

#include <weft/http/error.hpp>

#include <cstdint>
#include <string>
#include <string_view>

namespace weft::http {

/// A body is not what its Content-Encoding says, or it ends too soon, or the coding is one that is not known here.
class ContentCodingError : public Error {
 public:
  ContentCodingError(std::string_view coding, std::uint64_t offset, std::string_view reason, bool truncated = false);
  std::string coding;                ///< "gzip"
  std::uint64_t offset;              ///< in the bytes that this coding was given: of the body for the last coding of the list, of what that one decoded to for the one before
  std::string reason;                ///< "incorrect data check"
  bool truncated;                    ///< the bytes were right as far as they went
};

/// A body is larger decoded than ContentDecoderOptions::maxBytes. What fits has been given out.
class DecodedTooLarge : public Error {
 public:
  DecodedTooLarge(std::string_view codings, std::uint64_t limit, std::uint64_t encoded);
  std::uint64_t limit;
  std::uint64_t encoded;             ///< bytes of the body that were read so far
};

/// A body grows more than ContentDecoderOptions::maxRatio times when it is decoded: a bomb.
class DecompressionRatio : public Error {
 public:
  DecompressionRatio(std::string_view codings, double limit, std::uint64_t encoded, std::uint64_t decoded);
  double limit;
  std::uint64_t encoded;
  std::uint64_t decoded;
};

}  // namespace weft::http
