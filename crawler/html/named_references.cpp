#include <weft/crawler/html/named_references.hpp>

#include <algorithm>
#include <array>

namespace weft::html {
namespace {

using Row = const NamedReference*;

/// Where the rows of each first letter begin: names start with a letter, and nothing else.
const std::array<std::uint16_t, 130>& firstLetterIndex() noexcept {
  static const std::array<std::uint16_t, 130> index = [] {
    std::array<std::uint16_t, 130> starts{};
    std::size_t row = 0;
    for (std::size_t letter = 0; letter < starts.size(); ++letter) {
      while (row < kNamedReferenceCount && static_cast<unsigned char>(kNamedReferences[row].name[0]) < letter) ++row;
      starts[letter] = static_cast<std::uint16_t>(row);
    }
    return starts;
  }();
  return index;
}

/// 0x80 to 0x9F as windows-1252 has them; 0 where the code point stays.
constexpr std::array<char16_t, 32> kWindows1252 = {0x20AC, 0,      0x201A, 0x0192, 0x201E, 0x2026, 0x2020, 0x2021,
                                                   0x02C6, 0x2030, 0x0160, 0x2039, 0x0152, 0,      0x017D, 0,
                                                   0,      0x2018, 0x2019, 0x201C, 0x201D, 0x2022, 0x2013, 0x2014,
                                                   0x02DC, 0x2122, 0x0161, 0x203A, 0x0153, 0,      0x017E, 0x0178};

}  // namespace

const NamedReference* findNamedReference(std::string_view text) noexcept {
  if (text.empty() || static_cast<unsigned char>(text[0]) >= 128) return nullptr;
  const auto& index = firstLetterIndex();
  const auto letter = static_cast<unsigned char>(text[0]);
  Row low = kNamedReferences + index[letter], high = kNamedReferences + index[letter + 1u];
  Row best = nullptr;
  // Each round keeps the rows whose first `length` bytes agree with the text. As the table is sorted, the row that is
  // exactly that long comes first.
  for (std::size_t length = 1; low != high; ++length) {
    if (low->name.size() == length) best = low++;
    if (length == text.size()) break;
    const char next = text[length];
    low = std::partition_point(low, high, [&](const NamedReference& row) {
      return row.name.size() <= length ||
             static_cast<unsigned char>(row.name[length]) < static_cast<unsigned char>(next);
    });
    high = std::partition_point(low, high, [&](const NamedReference& row) { return row.name[length] == next; });
  }
  return best;
}

char32_t numericReference(std::uint32_t number) noexcept {
  if (number == 0 || number > 0x10FFFF || (number >= 0xD800 && number <= 0xDFFF)) return 0xFFFD;
  if (number >= 0x80 && number <= 0x9F && kWindows1252[number - 0x80]) return kWindows1252[number - 0x80];
  return number;
}

}  // namespace weft::html
