// JSON pointers: one place in a JSON document.
#pragma once

#include <weft/crawler/error.hpp>
#include <weft/http/json.hpp>

#include <string>
#include <string_view>

namespace weft::crawler {

/// A text is no JSON pointer: it does not begin with '/', or has a '~' that neither 0 nor 1 follows.
class JsonPointerError : public Error {
 public:
  JsonPointerError(std::string_view pointer, std::string_view reason)
      : Error("the JSON pointer '" + std::string(pointer) + "': " + std::string(reason)), pointer(pointer), reason(reason) {}
  std::string pointer, reason;
};

/// What the pointer points at (RFC 6901), within `document`; nullptr if there is nothing. "" is the document itself,
/// "/products/0/name" a name, "/a~1b" the member "a/b". Throws JsonPointerError.
const http::Json* findByPointer(const http::Json& document, std::string_view pointer);

}  // namespace weft::crawler
