// The root of weft's errors.
#pragma once

#include <stdexcept>
#include <string>

namespace weft {

/// Whatever weft throws or errbacks derives from this one, through one root per floor (DeferError, net::Error, http::Error, …), and carries
/// its facts as members. The text says what was being done, to what, and what came back.
class Error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// The root of core's own errors.
class CoreError : public Error {
 public:
  using Error::Error;
};

}  // namespace weft
