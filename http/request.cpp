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

Request& Request::setForm(const Form& form) { return setBody(form.toString(), "application/x-www-form-urlencoded"); }

Request& Request::setMultipart(const Multipart& form) { return setBody(form.toString(), form.contentType()); }

bool isIdempotent(std::string_view method) noexcept {
  return method == "GET" || method == "HEAD" || method == "PUT" || method == "DELETE" || method == "OPTIONS" ||
         method == "TRACE";
}

}  // namespace weft::http
