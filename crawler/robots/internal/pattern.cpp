#include <weft/crawler/robots/internal/pattern.hpp>

#include <weft/http/percent_encoding.hpp>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>

namespace weft::crawler::robots {

namespace {

enum class Spelling : std::uint8_t { Unreserved, Reserved, Escaped };

// RFC 3986 section 2.2 and 2.3. Of the reserved ones ' is compared escaped.
constexpr std::array<Spelling, 256> kSpellings = [] {
  std::array<Spelling, 256> table{};
  table.fill(Spelling::Escaped);
  for (unsigned c = 'a'; c <= 'z'; ++c) table[c] = table[c - 'a' + 'A'] = Spelling::Unreserved;
  for (unsigned c = '0'; c <= '9'; ++c) table[c] = Spelling::Unreserved;
  for (unsigned char c : std::string_view("-._~")) table[c] = Spelling::Unreserved;
  for (unsigned char c : std::string_view(":/?#[]@!&()+,;=")) table[c] = Spelling::Reserved;
  return table;
}();

Spelling spelling(char c) noexcept { return kSpellings[static_cast<unsigned char>(c)]; }

bool isEscape(std::string_view text, std::size_t at) noexcept {
  return at + 2 < text.size() && text[at] == '%' && http::detail::hexValue(text[at + 1]) >= 0 && http::detail::hexValue(text[at + 2]) >= 0;
}

char escapedByte(std::string_view text, std::size_t at) noexcept {
  return static_cast<char>(http::detail::hexValue(text[at + 1]) * 16 + http::detail::hexValue(text[at + 2]));
}

void appendEscape(std::string& out, char c) {
  constexpr char kHex[] = "0123456789ABCDEF";
  const auto byte = static_cast<unsigned char>(c);
  out += '%';
  out += kHex[byte >> 4];
  out += kHex[byte & 15];
}

// Where `piece` begins in `target`, at `from` or later. memmem() is linear, where std::string_view::find() may take the product of both lengths.
std::size_t find(std::string_view target, std::string_view piece, std::size_t from) noexcept {
  if (piece.empty()) return from;
  const void* found = memmem(target.data() + from, target.size() - from, piece.data(), piece.size());
  return found ? static_cast<std::size_t>(static_cast<const char*>(found) - target.data()) : std::string_view::npos;
}

}  // namespace

void appendNormalised(std::string& out, std::string_view path, bool starIsWildcard) {
  for (std::size_t at = 0; at < path.size(); ++at) {
    const char c = path[at];
    if (isEscape(path, at)) {
      const char byte = escapedByte(path, at);
      spelling(byte) == Spelling::Unreserved ? void(out += byte) : appendEscape(out, byte);
      at += 2;
    } else if (spelling(c) != Spelling::Escaped || (c == '*' && starIsWildcard)) {
      out += c;
    } else {
      appendEscape(out, c);
    }
  }
}

bool isNormalised(std::string_view path) noexcept {
  for (std::size_t at = 0; at < path.size(); ++at) {
    if (spelling(path[at]) != Spelling::Escaped) continue;
    if (!isEscape(path, at)) return false;
    const auto isLower = [](char c) { return c >= 'a'; };
    if (spelling(escapedByte(path, at)) == Spelling::Unreserved || isLower(path[at + 1]) || isLower(path[at + 2])) return false;
    at += 2;
  }
  return true;
}

bool matches(std::string_view pattern, bool anchored, std::string_view target, std::size_t* work) noexcept {
  std::size_t uncounted = 0;
  std::size_t& gone = work ? *work : uncounted;
  std::size_t star = std::min(pattern.find('*'), pattern.size());
  gone += star;
  if (!target.starts_with(pattern.substr(0, star))) return false;
  if (star == pattern.size()) return !anchored || target.size() == star;
  for (std::size_t at = star;;) {
    pattern.remove_prefix(star + 1);
    star = pattern.find('*');
    const std::string_view piece = pattern.substr(0, star);
    if (star == std::string_view::npos && anchored) {
      gone += piece.size();
      return target.size() - at >= piece.size() && target.ends_with(piece);
    }
    const std::size_t found = find(target, piece, at);
    gone += piece.size() + (std::min(found, target.size()) - at);
    if (found == std::string_view::npos) return false;
    if (star == std::string_view::npos) return true;
    at = found + piece.size();
  }
}

std::string_view productToken(std::string_view text) noexcept {
  const auto end = std::find_if_not(text.begin(), text.end(), [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' || c == '_'; });
  return text.substr(0, static_cast<std::size_t>(end - text.begin()));
}

}  // namespace weft::crawler::robots
