#include <weft/http/content_coding/errors.hpp>

namespace weft::http {
namespace {

// A coding comes from a header field: it may be long, but holds no control characters.
std::string shortened(std::string_view text) {
  std::string kept(text.substr(0, 80));
  if (text.size() > 80) kept += "…";
  return kept;
}

}  // namespace

ContentCodingError::ContentCodingError(std::string_view coding, std::uint64_t offset, std::string_view reason, bool truncated)
    : Error("decoding a body in the content coding \"" + shortened(coding) + "\" at byte " + std::to_string(offset) + ": " +
            std::string(reason)),
      coding(coding),
      offset(offset),
      reason(reason),
      truncated(truncated) {}

DecodedTooLarge::DecodedTooLarge(std::string_view codings, std::uint64_t limit, std::uint64_t encoded)
    : Error("decoding a body in the content coding \"" + shortened(codings) + "\": it is over the limit of " + std::to_string(limit) +
            " bytes after " + std::to_string(encoded) + " coded bytes; ContentDecoderOptions::setMaxBytes() allows more"),
      limit(limit),
      encoded(encoded) {}

DecompressionRatio::DecompressionRatio(std::string_view codings, double limit, std::uint64_t encoded, std::uint64_t decoded)
    : Error("decoding a body in the content coding \"" + shortened(codings) + "\": " + std::to_string(encoded) + " coded bytes became " +
            std::to_string(decoded) + ", more than " + std::to_string(static_cast<std::uint64_t>(limit)) +
            " times as many; ContentDecoderOptions::setMaxRatio() allows more"),
      limit(limit),
      encoded(encoded),
      decoded(decoded) {}

}  // namespace weft::http
