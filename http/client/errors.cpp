#include <weft/http/client/errors.hpp>

#include <weft/core/internal/text.hpp>

#include <utility>

namespace weft::http {
namespace {


}  // namespace

RequestError::RequestError(std::string_view url, std::string_view what)
    : Error("requesting " + weft::detail::printable(url, 200) + ": " + std::string(what)), url(url) {}

UnsupportedScheme::UnsupportedScheme(std::string_view url, std::string_view scheme)
    : RequestError(url, "the scheme \"" + std::string(scheme) + "\" is not supported"), scheme(scheme) {}

RequestTimeout::RequestTimeout(std::string_view url, std::string_view what, double seconds)
    : RequestError(url, std::string(what) + " after " + weft::detail::plainNumber(seconds) + " s"), seconds(seconds) {}

ResponseTooSlow::ResponseTooSlow(std::string_view url, std::uint64_t bytes, double rate, double seconds)
    : RequestTimeout(url, "only " + std::to_string(bytes) + " bytes of the response came, less than " + weft::detail::plainNumber(rate) + " a second,", seconds),
      bytes(bytes),
      rate(rate) {}

RequestBodyFailed::RequestBodyFailed(std::string_view url, Failure reason)
    : RequestError(url, std::string("the body to send could not be had: ") + reason.what()), reason(std::move(reason)) {}

RequestBodyLengthError::RequestBodyLengthError(std::string_view url, std::uint64_t announced, std::uint64_t given)
    : RequestError(url, "the body to send has " + std::string(given > announced ? "at least " : "only ") + std::to_string(given) +
                            " bytes, and " + std::to_string(announced) + " were announced"),
      announced(announced),
      given(given) {}

ResponseNeverReceived::ResponseNeverReceived(std::string_view url, Failure reason)
    : RequestError(url, std::string("the connection ended before the response began: ") + reason.what()),
      reason(std::move(reason)) {}

ResponseFailed::ResponseFailed(std::string_view url, Failure reason)
    : RequestError(url, reason.what()), reason(std::move(reason)) {}

BodyTooLarge::BodyTooLarge(std::string_view url, std::uint64_t limit, std::uint64_t announced)
    : RequestError(url, "the body" + (announced > 0 ? " of " + std::to_string(announced) + " bytes" : std::string()) +
                            " is over the limit of " + std::to_string(limit) + " bytes"),
      limit(limit),
      announced(announced) {}

}  // namespace weft::http
