// What a mistyped option was probably meant to be.
#pragma once

#include <weft/core/internal/suggest.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace weft::crawler {

/// "; did you mean --output?" for the first of the words that is written as a long option and is none of the CLI11 app's; else "". (A template, so that this header need not include CLI11.)
template <class App> std::string optionHint(const App& app, int argc, char** argv) {
  std::vector<std::string> names;
  for (const auto* option : app.get_options())
    for (const std::string& name : option->get_lnames()) names.push_back("--" + name);
  const std::vector<std::string_view> known(names.begin(), names.end());
  for (int i = 1; i < argc; ++i) {
    std::string_view word = argv[i];
    word = word.substr(0, word.find('='));
    if (!word.starts_with("--") || word.size() == 2) continue;
    bool there = false;
    for (std::string_view name : known) there = there || name == word;
    if (!there) return suggestion(word, known);
  }
  return {};
}

}  // namespace weft::crawler
