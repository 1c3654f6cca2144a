#include <weft/http/server/errors.hpp>

#include <weft/http/response.hpp>

namespace weft::http {
namespace {

std::string sentence(int status, std::string_view what) {
  if (!what.empty()) return std::string(what);
  return std::to_string(status).append(" ").append(reasonPhrase(status));
}

}  // namespace

StatusError::StatusError(int status, std::string_view what) : Error(sentence(status, what)), status(status) {}

UnsupportedMediaType::UnsupportedMediaType(std::string_view type, std::string_view wanted)
    : StatusError(415, std::string("a body of type ").append(wanted).append(" was expected").append(type.empty() ? ", and no type was given" : ", and not of ").append(type)), type(type) {}

BodyTimeout::BodyTimeout() : StatusError(408, "the body of the request came too slowly") {}

}  // namespace weft::http
