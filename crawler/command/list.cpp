#include <weft/crawler/command/command.hpp>

#include <cstdio>

namespace weft::crawler::command {

int list() {
  for (const std::string& name : SpiderRegistry::names()) std::puts(name.c_str());
  return kComplete;
}

}  // namespace weft::crawler::command
