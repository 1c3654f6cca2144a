#include <weft/crawler/html/names.hpp>

#include <weft/crawler/html/internal/hash.hpp>

#include <array>

namespace weft::html {
namespace {

#define WEFT_HTML_NAME(identifier, text) text,
constexpr std::array<std::string_view, known::kCount> kTexts = {"", WEFT_HTML_NAMES(WEFT_HTML_NAME)};
#undef WEFT_HTML_NAME

constexpr std::size_t kKnownSlots = 1024;  // four times the names: most are found at the first look

constexpr std::size_t knownSlot(std::string_view text) noexcept {
  std::uint32_t hash = static_cast<std::uint32_t>(text.size()) * 0x9E3779B1u;
  for (char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x01000193u;
  return (hash ^ (hash >> 15)) % kKnownSlots;
}

constexpr std::array<std::uint16_t, kKnownSlots> kKnown = [] {
  std::array<std::uint16_t, kKnownSlots> slots{};
  for (std::size_t i = 1; i < kTexts.size(); ++i) {
    std::size_t slot = knownSlot(kTexts[i]);
    while (slots[slot]) slot = (slot + 1) % kKnownSlots;
    slots[slot] = static_cast<std::uint16_t>(i);
  }
  return slots;
}();

constexpr std::size_t kLongestKnown = [] {
  std::size_t longest = 0;
  for (std::string_view text : kTexts) longest = text.size() > longest ? text.size() : longest;
  return longest;
}();

}  // namespace

Atom knownName(std::string_view text) noexcept {
  if (text.empty() || text.size() > kLongestKnown) return known::kNone;
  for (std::size_t slot = knownSlot(text); kKnown[slot]; slot = (slot + 1) % kKnownSlots)
    if (kTexts[kKnown[slot]] == text) return kKnown[slot];
  return known::kNone;
}

std::size_t NameTable::slotOf(std::string_view text) const noexcept {
  std::size_t slot = internal::hashOf(text) & (slots_.size() - 1);
  while (slots_[slot] && this->text(known::kCount + slots_[slot] - 1) != text) slot = (slot + 1) & (slots_.size() - 1);
  return slot;
}

void NameTable::grow() {
  slots_.assign(slots_.empty() ? 32 : slots_.size() * 2, 0);
  for (std::size_t i = 0; i < names_.size(); ++i)
    slots_[slotOf(text(static_cast<Atom>(known::kCount + i)))] = static_cast<std::uint32_t>(i + 1);
}

Atom NameTable::intern(std::string_view text) {
  if (const Atom atom = knownName(text)) return atom;
  if (text.empty()) return known::kNone;
  if (slots_.size() < 2 * (names_.size() + 1)) grow();
  const std::size_t slot = slotOf(text);
  if (!slots_[slot]) {
    names_.push_back({static_cast<std::uint32_t>(characters_.size()), static_cast<std::uint32_t>(text.size())});
    characters_ += text;
    slots_[slot] = static_cast<std::uint32_t>(names_.size());
  }
  return known::kCount + slots_[slot] - 1;
}

Atom NameTable::find(std::string_view text) const noexcept {
  if (const Atom atom = knownName(text)) return atom;
  if (slots_.empty() || text.empty()) return known::kNone;
  const std::size_t slot = slotOf(text);
  return slots_[slot] ? known::kCount + slots_[slot] - 1 : known::kNone;
}

std::string_view NameTable::text(Atom atom) const noexcept {
  if (atom < known::kCount) return kTexts[atom];
  const Name& name = names_[atom - known::kCount];
  return std::string_view(characters_).substr(name.offset, name.size);
}

}  // namespace weft::html
