#include <weft/crawler/canonical_url.hpp>

#include <weft/http/percent_encoding.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
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

// A name and a value, decoded; places in a text.
struct Pair {
  std::uint32_t name, value, end;
};

char* writeForm(char* to, std::string_view bytes) noexcept {
  for (const char c : bytes) {
    if (isUnreserved(c)) [[likely]]
      *to++ = c;
    else if (c == ' ')
      *to++ = '+';
    else
      to = writeEscape(to, c);
  }
  return to;
}

void appendQuery(std::string& out, std::string_view query) {
  std::array<Pair, 24> few;
  std::vector<Pair> many;
  std::size_t count = 1 + static_cast<std::size_t>(std::count(query.begin(), query.end(), '&'));
  if (count > few.size()) many.resize(count);
  const std::span<Pair> room = count > few.size() ? std::span<Pair>(many) : std::span<Pair>(few);
  std::string decoded(query.size(), '\0');
  char* to = decoded.data();
  const auto here = [&] { return static_cast<std::uint32_t>(to - decoded.data()); };
  count = 0;
  for (std::size_t i = 0; i < query.size(); ++i) {
    if (query[i] == '&') continue;
    Pair pair{here(), 0, 0};
    bool named = false;
    for (; i < query.size() && query[i] != '&'; ++i) {
      if (query[i] == '=' && !named) {
        named = true;
        pair.value = here();
      } else if (const int byte = escapedByte(query, i); byte >= 0) [[unlikely]] {
        *to++ = static_cast<char>(byte);
        i += 2;
      } else {
        *to++ = query[i] == '+' ? ' ' : query[i];
      }
    }
    pair.end = here();
    if (!named) pair.value = pair.end;
    room[count++] = pair;
  }
  const auto name = [&decoded](const Pair& pair) { return std::string_view(decoded.data() + pair.name, pair.value - pair.name); };
  const auto value = [&decoded](const Pair& pair) { return std::string_view(decoded.data() + pair.value, pair.end - pair.value); };
  const std::span<Pair> pairs = room.first(count);
  std::sort(pairs.begin(), pairs.end(), [&](const Pair& a, const Pair& b) {
    const int order = name(a).compare(name(b));
    return order != 0 ? order < 0 : value(a) < value(b);
  });
  const std::size_t size = out.size();
  out.resize(size + 3 * here() + 2 * count);                                     // the most that it can be
  char* write = out.data() + size;
  char before = '?';
  for (const Pair& pair : pairs) {
    *write++ = before;
    write = writeForm(write, name(pair));
    *write++ = '=';
    write = writeForm(write, value(pair));
    before = '&';
  }
  out.resize(static_cast<std::size_t>(write - out.data()));
}

}  // namespace

std::string canonicalUrl(const http::Url& url) {
  const std::string_view whole = url.withoutFragment();
  if (url.hasOpaquePath()) return std::string(whole);
  std::string out;
  out.reserve(whole.size() + (url.hasQuery() ? 2 * url.query().size() + 32 : 0));
  out.append(whole.substr(0, static_cast<std::size_t>(url.path().data() - whole.data())));
  appendPath(out, url.path());
  if (url.hasQuery()) appendQuery(out, url.query());
  return out;
}

bool isPlainlyCanonical(const http::Url& url) noexcept { return url.hasOpaquePath() || (!url.hasQuery() && url.path().find('%') == std::string_view::npos); }

}  // namespace weft::crawler
