#include <weft/crawler/command/command.hpp>

#include <cstdio>

namespace weft::crawler::command {

int list() {
  const auto names = SpiderRegistry::names();
  for (const std::string& name : names) std::puts(name.c_str());
  if (names.empty()) return complain("this program has no spiders of its own; a URL needs none (weft crawl URL), and a file is run by weft runspider FILE.cpp", kComplete);
  return kComplete;
}

}  // namespace weft::crawler::command
