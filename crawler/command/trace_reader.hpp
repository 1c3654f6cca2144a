// What a file of `--trace` says of a URL.
#pragma once

#include <weft/crawler/error.hpp>
#include <weft/http/url.hpp>

#include <chrono>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace weft::crawler::command {

/// The trace cannot be read. The text names the file, and the line where there is one.
class TraceError : public Error {
 public:
  using Error::Error;
};

/// A span: once that the page was asked for.
struct Attempt {
  std::chrono::system_clock::time_point begin;
  double seconds = 0;                                  // from begin to end
  std::string method, outcome;                         // "200", or what went wrong
  std::string flags;                                   // "cached"
  std::int64_t retry = 0;                              // 0: the first
  std::vector<std::pair<std::string, double>> parts;   // "dns", "first byte", ... and its seconds, in order
};

/// Those whose URL is the same in its canonical form, in the order of the file. A last line that was not written in full is left out. Throws TraceError.
std::vector<Attempt> attemptsIn(const std::string& path, const http::Url& url);

}  // namespace weft::crawler::command
