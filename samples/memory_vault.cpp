// The memory vault: five million names are too many to carry around. A generator hands over one at a time.
#include "arguments.hpp"

#include <weft/core/generator.hpp>

#include <sys/resource.h>
#include <unistd.h>

#include <cstdio>
#include <fstream>
#include <stdexcept>
#include <string>
#include <vector>

using namespace weft;

Generator<std::string> lines(std::string path) {
  std::ifstream file(path);
  if (!file) throw std::runtime_error("cannot read " + path);
  for (std::string line; std::getline(file, line);) co_yield line;
}

std::vector<std::string> allLines(const std::string& path) {
  std::vector<std::string> all;
  for (const std::string& line : lines(path)) all.push_back(line);
  return all;
}

void writeFruits(const std::string& path, long count) {
  const char* const kinds[] = {"apple", "banana", "cherry", "damson", "elderberry", "fig", "grape", "quince"};
  std::ofstream file(path);
  for (long i = 0; i < count; ++i) file << kinds[i % 8] << ' ' << i << '\n';
  if (!file.flush()) throw std::runtime_error("cannot write " + path);
}

long peakKilobytes() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return usage.ru_maxrss;
}

int main(int argc, char** argv) try {
  const Arguments arguments(argc, argv,
                            "memory_vault [--names N]\n\n"
                            "Counts the cherries in a file of N fruit names (5000000), lazily and then with all of them in memory,\n"
                            "and says by how much the peak of memory grew.\n");
  const std::string path = "/tmp/memory_vault." + std::to_string(getpid());
  writeFruits(path, arguments.number("--names", 5'000'000));

  const auto countCherries = [](auto&& names) {
    long cherries = 0;
    for (const std::string& name : names) cherries += name.starts_with("cherry");
    return cherries;
  };
  const long before = peakKilobytes();
  const long lazily = countCherries(lines(path));
  const long afterLazy = peakKilobytes();
  const long eagerly = countCherries(allLines(path));
  const long afterEager = peakKilobytes();
  unlink(path.c_str());

  std::printf("lazily:    %ld cherries, peak memory grew by %ld kB\n", lazily, afterLazy - before);
  std::printf("all first: %ld cherries, peak memory grew by %ld kB\n", eagerly, afterEager - afterLazy);
  return 0;
} catch (const std::exception& error) {
  std::fprintf(stderr, "memory_vault: %s\n", error.what());
  return 1;
}
