#include <weft/crawler/command/print_out.hpp>

#include <weft/crawler/internal/crawl_program.hpp>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <string>

namespace weft::crawler::command {

int printOut(std::string_view text) {
  if (std::fwrite(text.data(), 1, text.size(), stdout) == text.size() && std::fflush(stdout) == 0) return kComplete;
  return complain(std::string("cannot write to the standard output: ") + std::strerror(errno), kStartError);
}

}  // namespace weft::crawler::command
