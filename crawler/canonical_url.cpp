#include <weft/crawler/canonical_url.hpp>

#include <weft/http/percent_encoding.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <span>
#include <string_view>
#include <vector>

namespace weft::crawler {
namespace {

constexpr std::array<bool, 256> kUnreserved = [] {
  std::array<bool, 256> table{};
  for (char c : std::string_view("-._~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")) table[static_cast<unsigned char>(c)] = true;
  return table;
}();
constexpr bool isUnreserved(char c) noexcept { return kUnreserved[static_cast<unsigned char>(c)]; }

char* writeEscape(char* to, char c) noexcept {
  static constexpr char kHex[] = "0123456789ABCDEF";
  const auto byte = static_cast<unsigned char>(c);
  to[0] = '%';
  to[1] = kHex[byte >> 4];
  to[2] = kHex[byte & 15];
  return to + 3;
}

// The byte that %XX at `at` stands for, or -1.
int escapedByte(std::string_view text, std::size_t at) noexcept {
  if (text[at] != '%' || at + 2 >= text.size()) return -1;
  const int high = http::detail::hexValue(text[at + 1]), low = http::detail::hexValue(text[at + 2]);
  return high < 0 || low < 0 ? -1 : high * 16 + low;
}

void appendPath(std::string& out, std::string_view path) {
  std::size_t from = 0;
  for (std::size_t i = path.find('%'); i != std::string_view::npos; i = path.find('%', i + 1)) {
    const int byte = escapedByte(path, i);
    if (byte < 0) continue;
    out.append(path, from, i - from);
    char escape[3] = {static_cast<char>(byte)};
    out.append(escape, isUnreserved(escape[0]) ? escape + 1 : writeEscape(escape, escape[0]));
    from = i + 3;
  }
  out.append(path, from);
}

// A name or a value in the one spelling that it has in a query.
char* writeForm(char* to, std::string_view text) noexcept {
  for (std::size_t i = 0; i < text.size(); ++i) {
    char c = text[i];
    if (isUnreserved(c)) [[likely]] {
      *to++ = c;
      continue;
    }
    if (const int byte = escapedByte(text, i); byte >= 0) {
      c = static_cast<char>(byte);
      i += 2;
    } else if (c == '+') {
      c = ' ';
    }
    if (isUnreserved(c)) *to++ = c;
    else if (c == ' ') *to++ = '+';
    else to = writeEscape(to, c);
  }
  return to;
}

// Two texts of that spelling, in the order of what they mean.
int compareForm(std::string_view a, std::string_view b) noexcept {
  const auto next = [](std::string_view& text) -> unsigned {
    const auto byte = text[0] == '%' ? static_cast<unsigned>(escapedByte(text, 0)) : text[0] == '+' ? ' ' : static_cast<unsigned char>(text[0]);
    text.remove_prefix(text[0] == '%' ? 3 : 1);
    return byte;
  };
  while (!a.empty() && !b.empty())
    if (const unsigned x = next(a), y = next(b); x != y) return x < y ? -1 : 1;
  return static_cast<int>(!a.empty()) - static_cast<int>(!b.empty());
}

// "name=value" in that spelling
struct Pair {
  const char* begin;
  const char* value;
  const char* end;
  std::string_view text() const noexcept { return {begin, end}; }
  bool operator<(const Pair& other) const noexcept {
    const int order = compareForm({begin, value - 1}, {other.begin, other.value - 1});
    return order != 0 ? order < 0 : compareForm({value, end}, {other.value, other.end}) < 0;
  }
};

void appendQuery(std::string& out, std::string_view query) {
  std::array<Pair, 16> few;                            // not initialised
  std::vector<Pair> many;
  std::size_t count = 0;
  const std::size_t start = out.size();
  out.resize(start + 3 * query.size() + 3);            // the most that it can be: each byte as %XX, and '=' behind each name
  char* to = out.data() + start;
  for (;;) {
    const std::size_t end = query.find('&');
    if (const std::string_view text = query.substr(0, end); !text.empty()) {
      const std::size_t equals = std::min(text.find('='), text.size());
      *to++ = count == 0 ? '?' : '&';
      Pair pair;
      pair.begin = to;
      to = writeForm(to, text.substr(0, equals));
      *to++ = '=';
      pair.value = to;
      pair.end = to = writeForm(to, text.substr(std::min(equals + 1, text.size())));
      if (count == few.size()) many.assign(few.begin(), few.end());
      if (count < few.size()) few[count] = pair;
      else many.push_back(pair);
      ++count;
    }
    if (end == std::string_view::npos) break;
    query.remove_prefix(end + 1);
  }
  const std::span<Pair> pairs = many.empty() ? std::span<Pair>(few).first(count) : std::span<Pair>(many);
  if (!std::is_sorted(pairs.begin(), pairs.end())) {
    std::sort(pairs.begin(), pairs.end());
    std::string sorted;
    sorted.reserve(static_cast<std::size_t>(to - out.data()) - start);
    for (const Pair& pair : pairs) sorted.append(sorted.empty() ? "?" : "&").append(pair.text());
    std::copy(sorted.begin(), sorted.end(), out.data() + start);
  }
  out.resize(static_cast<std::size_t>(to - out.data()));
}

}  // namespace

std::string canonicalUrl(const http::Url& url) {
  const std::string_view whole = url.withoutFragment();
  if (url.hasOpaquePath()) return std::string(whole);
  std::string out;
  out.reserve(whole.size() + (url.hasQuery() ? 2 * url.query().size() + 64 : 0));
  out.append(whole.substr(0, static_cast<std::size_t>(url.path().data() - whole.data())));
  appendPath(out, url.path());
  if (url.hasQuery()) appendQuery(out, url.query());
  return out;
}

bool isPlainlyCanonical(const http::Url& url) noexcept { return url.hasOpaquePath() || (!url.hasQuery() && url.path().find('%') == std::string_view::npos); }

}  // namespace weft::crawler
