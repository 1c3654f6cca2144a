// Runs a fuzz target on every file of its corpus, so that what a fuzzer once found stays mended without one.
#include <algorithm>
#include <cstddef>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size);

int main(int argc, char** argv) {
  if (argc != 2) {
    std::fprintf(stderr, "usage: %s FOLDER\n", argv[0]);
    return 2;
  }
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(argv[1]))
    if (entry.is_regular_file()) files.push_back(entry.path());
  std::sort(files.begin(), files.end());
  int failed = 0;
  for (const auto& file : files) {
    std::ifstream in(file, std::ios::binary);
    const std::string bytes{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
    std::printf("%s\n", file.filename().c_str());
    std::fflush(stdout);                                 // a crash then shows the file that caused it
    try {
      // A block of its own, so that a sanitizer sees a read past its end.
      const std::vector<unsigned char> block(bytes.begin(), bytes.end());
      LLVMFuzzerTestOneInput(block.data(), block.size());
    } catch (const std::exception& error) {
      std::printf("  threw: %s\n", error.what());
      ++failed;
    }
  }
  std::printf("%d passed, %d failed\n", static_cast<int>(files.size()) - failed, failed);
  return failed || files.empty() ? 1 : 0;
}
