// The root of http's errors.
#pragma once

#include <weft/core/error.hpp>

namespace weft::http {

/// Whatever this floor throws or errbacks derives from this one: UrlError, HeaderError, ParseError, and the client's and server's own.
class Error : public weft::Error {
 public:
  using weft::Error::Error;
};

}  // namespace weft::http
