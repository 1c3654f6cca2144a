#include <weft/http/request.hpp>

namespace weft::http {

Request& Request::setMethod(std::string_view method) {
  if (!isToken(method)) throw HeaderError(method, "a method must be a token such as GET");
  method_ = method;
  return *this;
}

Request& Request::setBody(std::string bytes, std::string_view contentType) {
  headers.set("Content-Type", contentType);
  return setBody(std::move(bytes));
}

bool isIdempotent(std::string_view method) noexcept {
  return method == "GET" || method == "HEAD" || method == "PUT" || method == "DELETE" || method == "OPTIONS" ||
         method == "TRACE";
}

}  // namespace weft::http
