#include <weft/crawler/internal/usage.hpp>

#include <weft/core/internal/suggest.hpp>

#include <CLI/CLI.hpp>

#include <algorithm>
#include <string_view>
#include <vector>

namespace weft::crawler {

namespace {

// "there is no option --otput; did you mean --output?", for the first word that looks like one.
std::string unknownOption(const CLI::App& app, int argc, char** argv) {
  std::vector<std::string> names;
  for (const CLI::Option* option : app.get_options()) {
    for (const std::string& name : option->get_lnames()) names.push_back("--" + name);
    for (const std::string& name : option->get_snames()) names.push_back("-" + name);
  }
  const auto known = [&names](std::string_view name) { return std::find(names.begin(), names.end(), name) != names.end(); };
  for (int i = 1; i < argc; ++i) {
    std::string_view word = argv[i];
    if (word == "--") break;
    if (word.size() < 2 || word[0] != '-' || (word[1] >= '0' && word[1] <= '9')) continue;
    word = word[1] == '-' ? word.substr(0, word.find('=')) : word.substr(0, 2);        // -oFILE is one word
    if (known(word)) continue;
    std::vector<std::string_view> alike;
    for (const std::string& name : names)
      if (name.starts_with("--") && word.starts_with("--")) alike.push_back(name);
    return "there is no option " + std::string(word) + suggestion(word, alike);
  }
  return {};
}

// "URL" for a place, "--job DIR" for an option, "--list" for a flag.
std::string nameOf(const CLI::Option& option) {
  const std::string text = option.get_items_expected_max() == 0 ? std::string() : option.get_option_text();
  return option.get_positional() ? text : option.get_name() + (text.empty() ? "" : " ") + text;
}

// The option that the error's text is about.
const CLI::Option* optionOf(const CLI::App& app, const std::string& what) {
  for (const CLI::Option* option : app.get_options())
    if (what.starts_with(option->get_name() + ":") || what.starts_with(option->get_name() + " ") || what.find(": " + option->get_name() + " = ") != std::string::npos) return option;
  return nullptr;
}

std::string problem(const CLI::App& app, const CLI::ParseError& error, int argc, char** argv) {
  if (std::string unknown = unknownOption(app, argc, argv); !unknown.empty()) return unknown;
  const std::string what = error.what();
  if (dynamic_cast<const CLI::ExtrasError*>(&error)) {
    for (const std::string& word : app.remaining())
      if (!word.starts_with('-')) return "\"" + word + "\" is one word too many";
  }
  if (dynamic_cast<const CLI::RequiredError*>(&error)) {
    for (const CLI::Option* option : app.get_options())
      if (option->get_required() && option->count() == 0) return nameOf(*option) + " is missing";
  }
  if (const CLI::Option* option = optionOf(app, what)) {
    const bool flag = option->get_items_expected_max() == 0;
    if (option->count() > 1 && dynamic_cast<const CLI::ArgumentMismatch*>(&error)) return option->get_name() + " can be given once";
    if (dynamic_cast<const CLI::ArgumentMismatch*>(&error)) return option->get_name() + " takes " + option->get_option_text() + ", which is missing";
    if (flag && dynamic_cast<const CLI::ConversionError*>(&error)) return option->get_name() + " takes no value";
  }
  return what;
}

}  // namespace

std::string usageProblem(const CLI::App& app, const CLI::ParseError& error, int argc, char** argv, const std::string& help) { return problem(app, error, argc, argv) + " (" + help + " lists the options)"; }

}  // namespace weft::crawler
