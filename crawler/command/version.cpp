#include <weft/crawler/command/command.hpp>

#include <cstdio>

namespace weft::crawler::command {

int version() {
  std::puts("weft " WEFT_VERSION);
  return kComplete;
}

}  // namespace weft::crawler::command
