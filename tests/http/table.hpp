// Conformance tables: JSON files under tests/conformance.
#pragma once

#include <rapidjson/document.h>

#include <fstream>
#include <sstream>
#include <stdexcept>
#include <string>
#include <string_view>

namespace weft::test {

/// Reads tests/conformance/<name>.
inline rapidjson::Document readTable(const std::string& name) {
  std::ifstream file(std::string(WEFT_TESTS_DIR "/conformance/") + name, std::ios::binary);
  if (!file) throw std::runtime_error("no table tests/conformance/" + name);
  std::stringstream bytes;
  bytes << file.rdbuf();
  std::string text = bytes.str();
  // JSON allows an escaped lone surrogate, rapidjson does not: it becomes U+FFFD, as in all UTF-8.
  const auto surrogate = [&text](std::size_t at, char low, char high) {
    return at + 6 <= text.size() && text[at] == '\\' && text[at + 1] == 'u' && (text[at + 2] | 32) == 'd' && (text[at + 3] | 32) >= low &&
           (text[at + 3] | 32) <= high;
  };
  for (std::size_t at = text.find("\\u"); at != std::string::npos; at = text.find("\\u", at + 2)) {
    const bool first = surrogate(at, '8', '9') || surrogate(at, 'a', 'b');
    if (first && surrogate(at + 6, 'c', 'f')) at += 6;
    else if (first || surrogate(at, 'c', 'f')) text.replace(at, 6, "\\ufffd");
  }
  rapidjson::Document document;
  document.Parse(text.c_str());
  if (document.HasParseError()) throw std::runtime_error("tests/conformance/" + name + " is no JSON");
  return document;
}

inline std::string unhex(std::string_view hex) {
  const auto value = [](char c) { return c <= '9' ? c - '0' : (c | 32) - 'a' + 10; };
  std::string bytes;
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2) bytes.push_back(static_cast<char>(value(hex[i]) * 16 + value(hex[i + 1])));
  return bytes;
}

/// A string of a table: plain, {"$utf16be": hex} (a lone surrogate becomes U+FFFD, as everywhere in our UTF-8), or {"$hex": hex}.
inline std::string textOf(const rapidjson::Value& value) {
  if (value.IsString()) return {value.GetString(), value.GetStringLength()};
  if (value.HasMember("$hex")) return unhex(value["$hex"].GetString());
  const std::string units = unhex(value["$utf16be"].GetString());
  std::string text;
  const auto unitAt = [&units](std::size_t i) {
    return i + 1 < units.size() ? (static_cast<unsigned char>(units[i]) << 8 | static_cast<unsigned char>(units[i + 1])) : 0;
  };
  for (std::size_t i = 0; i + 1 < units.size(); i += 2) {
    unsigned code = static_cast<unsigned>(unitAt(i));
    if (code >= 0xD800 && code < 0xDC00 && unitAt(i + 2) >= 0xDC00 && unitAt(i + 2) < 0xE000) {
      code = 0x10000 + ((code - 0xD800) << 10) + (static_cast<unsigned>(unitAt(i + 2)) - 0xDC00);
      i += 2;
    } else if (code >= 0xD800 && code < 0xE000) {
      code = 0xFFFD;
    }
    const auto push = [&text](unsigned byte) { text.push_back(static_cast<char>(byte)); };
    if (code < 0x80) {
      push(code);
    } else if (code < 0x800) {
      push(0xC0 | code >> 6), push(0x80 | (code & 63));
    } else if (code < 0x10000) {
      push(0xE0 | code >> 12), push(0x80 | (code >> 6 & 63)), push(0x80 | (code & 63));
    } else {
      push(0xF0 | code >> 18), push(0x80 | (code >> 12 & 63)), push(0x80 | (code >> 6 & 63)), push(0x80 | (code & 63));
    }
  }
  return text;
}

}  // namespace weft::test
