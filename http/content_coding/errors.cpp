#include <weft/http/content_coding/errors.hpp>

#include <weft/core/internal/text.hpp>

namespace weft::http {
namespace {


}  // namespace

ContentCodingError::ContentCodingError(std::string_view coding, std::uint64_t offset, std::string_view reason, bool truncated)
    : Error("decoding a body in the content coding \"" + weft::detail::printable(coding, 80) + "\" at byte " + std::to_string(offset) + ": " +
            std::string(reason)),
      coding(coding),
      offset(offset),
      reason(reason),
      truncated(truncated) {}

DecodedTooLarge::DecodedTooLarge(std::string_view codings, std::uint64_t limit, std::uint64_t encoded)
    : Error("decoding a body in the content coding \"" + weft::detail::printable(codings, 80) + "\": it is over the limit of " + std::to_string(limit) +
            " bytes after " + std::to_string(encoded) + " coded bytes; ContentDecoderOptions::setMaxBytes() allows more"),
      limit(limit),
      encoded(encoded) {}

DecompressionRatio::DecompressionRatio(std::string_view codings, double limit, std::uint64_t encoded, std::uint64_t decoded)
    : Error("decoding a body in the content coding \"" + weft::detail::printable(codings, 80) + "\": " + std::to_string(encoded) + " coded bytes became " +
            std::to_string(decoded) + ", more than " + std::to_string(static_cast<std::uint64_t>(limit)) +
            " times as many; ContentDecoderOptions::setMaxRatio() allows more"),
      limit(limit),
      encoded(encoded),
      decoded(decoded) {}

}  // namespace weft::http
