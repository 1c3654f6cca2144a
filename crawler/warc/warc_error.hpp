// What can be wrong with a WARC file.
#pragma once

#include <weft/crawler/error.hpp>

#include <cstdint>
#include <string>
#include <utility>

namespace weft::crawler {

/// A WARC file cannot be opened, read or written, or breaks the rules of ISO 28500. The text names the file, and the place where there is one.
class WarcError : public Error {
 public:
  explicit WarcError(const std::string& text, int code = 0) : Error(text), code(code) {}
  int code;                                            ///< errno; 0 when it was not the system that refused
};

/// A request whose answer is not in the file that a crawl is replayed from. Nobody else is asked.
class NotInWarc : public Error {
 public:
  using Error::Error;
};

}  // namespace weft::crawler
