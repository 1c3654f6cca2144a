// What every sample does with its command line.
#pragma once

#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

/// Options of the forms `--name` and `--name VALUE`. `--help` prints the usage and ends the program; what is not in the usage, too, with 2.
class Arguments {
 public:
  Arguments(int argc, char** argv, std::string usage) : usage_(std::move(usage)), words_(argv + 1, argv + argc) {
    for (const std::string& word : words_) {
      if (word == "--help" || word == "-h") {
        std::printf("%s", usage_.c_str());
        std::exit(0);
      }
      if (word.starts_with("--") && !isInUsage(word)) fail("there is no option " + word);
    }
  }
  bool has(std::string_view name) const {
    for (const std::string& word : words_)
      if (word == name) return true;
    return false;
  }
  std::string text(std::string_view name, std::string otherwise) const {
    for (std::size_t i = 0; i + 1 < words_.size(); ++i)
      if (words_[i] == name) return words_[i + 1];
    if (has(name)) fail(std::string(name) + " needs a value");
    return otherwise;
  }
  long number(std::string_view name, long otherwise) const {
    const std::string given = text(name, "");
    if (given.empty()) return otherwise;
    long value = 0;
    const auto [end, error] = std::from_chars(given.data(), given.data() + given.size(), value);
    if (error != std::errc() || end != given.data() + given.size() || value < 0)
      fail(std::string(name) + " takes a number, not \"" + given + '"');
    return value;
  }

 private:
  // As a whole word: "--prox" is not "--proxy".
  bool isInUsage(const std::string& word) const {
    for (std::size_t at = usage_.find(word); at != std::string::npos; at = usage_.find(word, at + 1)) {
      const std::size_t end = at + word.size();
      if (end == usage_.size() || std::string_view(" ]|,\n").find(usage_[end]) != std::string_view::npos) return true;
    }
    return false;
  }
  [[noreturn]] void fail(const std::string& why) const {
    std::fprintf(stderr, "%s\n\n%s", why.c_str(), usage_.c_str());
    std::exit(2);
  }
  std::string usage_;
  std::vector<std::string> words_;
};
