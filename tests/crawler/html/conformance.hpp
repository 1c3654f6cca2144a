// Reading the tables of tests/conformance. For tests only.
#pragma once

#include <rapidjson/document.h>
#include <rapidjson/error/en.h>

#include <fstream>
#include <random>
#include <sstream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace weft::testing {

/// The text of a file below tests/conformance.
inline std::string conformanceFile(const std::string& name) {
  const std::string path = WEFT_TESTS_DIR "/conformance/" + name;
  std::ifstream in(path, std::ios::binary);
  if (!in) throw std::runtime_error("reading " + path + ": cannot be opened");
  std::ostringstream text;
  text << in.rdbuf();
  return text.str();
}

/// A table, parsed. Its cases are table["cases"].
inline rapidjson::Document conformanceTable(const std::string& name) {
  rapidjson::Document table;
  const std::string text = conformanceFile(name);
  table.Parse(text.data(), text.size());
  if (table.HasParseError())
    throw std::runtime_error(name + ": " + rapidjson::GetParseError_En(table.GetParseError()) + " at " +
                             std::to_string(table.GetErrorOffset()));
  return table;
}

inline std::string text(const rapidjson::Value& value) { return {value.GetString(), value.GetStringLength()}; }

/// `input` cut at random places: pieces of one byte to a dozen.
inline std::vector<std::string_view> randomPieces(std::string_view input, std::mt19937& random) {
  std::vector<std::string_view> pieces;
  while (!input.empty()) {
    const std::size_t size = std::min<std::size_t>(input.size(), 1 + random() % 12);
    pieces.push_back(input.substr(0, size));
    input.remove_prefix(size);
  }
  return pieces;
}

inline std::vector<std::string_view> singleBytes(std::string_view input) {
  std::vector<std::string_view> pieces;
  for (std::size_t i = 0; i < input.size(); ++i) pieces.push_back(input.substr(i, 1));
  return pieces;
}

}  // namespace weft::testing
