#include <weft/http/headers.hpp>

#include <weft/core/block_pool.hpp>
#include <weft/core/internal/text.hpp>
#include <weft/http/internal/headers_writer.hpp>

#include <array>
#include <cstring>
#include <utility>

namespace weft::http {
namespace {

using weft::detail::lower;

constexpr std::array<bool, 256> kTokenBytes = [] {
  std::array<bool, 256> table{};
  for (char c : std::string_view("!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"))
    table[static_cast<unsigned char>(c)] = true;
  return table;
}();

// Tells most names apart without looking at their letters.
std::uint16_t tagOf(std::string_view name) noexcept {
  if (name.empty()) return 0;
  const auto letter = [name](std::size_t i) { return static_cast<unsigned>(static_cast<unsigned char>(name[i]) | 32); };
  return static_cast<std::uint16_t>(name.size() ^ (letter(0) << 4) ^ (letter(name.size() / 2) << 7) ^
                                    (letter(name.size() - 1) << 9));
}

void check(std::string_view name, std::string_view value) {
  if (name.empty()) throw HeaderError(name, "its name is empty");
  if (name.size() > 0xFFFF) throw HeaderError(name, "its name is over 65535 bytes long");
  if (!isToken(name)) throw HeaderError(name, "its name contains a character that no field name may contain");
  for (char c : value) {
    const auto byte = static_cast<unsigned char>(c);
    if ((byte >= 0x20 && byte != 0x7F) || byte == '\t') [[likely]]
      continue;
    throw HeaderError(name, byte == '\r' || byte == '\n' ? "its value contains a line break"
                            : byte == 0                  ? "its value contains a NUL"
                                                         : "its value contains a control character");
  }
}

}  // namespace

HeaderError::HeaderError(std::string_view name, std::string_view reason)
    : Error("setting the header field \"" + weft::detail::printable(name, 80) + "\": " + std::string(reason)),
      name(weft::detail::printable(name, 80)),
      reason(reason) {}

bool isToken(std::string_view text) noexcept {
  for (char c : text)
    if (!kTokenBytes[static_cast<unsigned char>(c)]) return false;
  return !text.empty();
}

bool equalIgnoringCase(std::string_view a, std::string_view b) noexcept {
  if (a.size() != b.size()) return false;
  for (std::size_t i = 0; i < a.size(); ++i)
    if (lower(a[i]) != lower(b[i])) return false;
  return true;
}

std::string_view trimmed(std::string_view text) noexcept {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

Headers::Headers(std::initializer_list<HeaderField> fields) {
  for (const HeaderField& field : fields) add(field.name, field.value);
}

Headers::Headers(const Headers& other) {
  if (other.count_ == 0) return;
  reserve(other.textSize_, other.count_);
  std::memcpy(block_, other.block_, other.textSize_);
  std::memcpy(&entry(other.count_ - 1), &other.entry(other.count_ - 1), other.count_ * sizeof(Entry));
  textSize_ = other.textSize_;
  count_ = other.count_;
}

void Headers::swap(Headers& other) noexcept {
  std::swap(block_, other.block_);
  std::swap(capacity_, other.capacity_);
  std::swap(textSize_, other.textSize_);
  std::swap(count_, other.count_);
}

void Headers::release() noexcept {
  if (block_) weft::detail::deallocate(block_, capacity_);
}

void Headers::clear() noexcept { textSize_ = count_ = 0; }

void Headers::grow(std::size_t moreText, std::size_t moreFields) {
  const std::size_t need = textSize_ + moreText + (count_ + moreFields) * sizeof(Entry);
  if (need > kMaxBytes) throw HeaderError("", "the header is over 16 MiB");
  std::size_t capacity = capacity_ == 0 ? 256 : std::size_t{capacity_} * 2;
  while (capacity < need) capacity *= 2;
  auto* block = static_cast<char*>(weft::detail::allocate(capacity));
  if (block_) {
    std::memcpy(block, block_, textSize_);
    std::memcpy(block + capacity - count_ * sizeof(Entry), block_ + capacity_ - count_ * sizeof(Entry),
                count_ * sizeof(Entry));
    weft::detail::deallocate(block_, capacity_);
  }
  block_ = block;
  capacity_ = static_cast<std::uint32_t>(capacity);
}

std::size_t Headers::find(std::string_view name, std::size_t from) const noexcept {
  const std::uint16_t tag = tagOf(name);
  for (std::size_t i = from; i < count_; ++i) {
    const Entry& e = entry(i);
    if (e.tag == tag && equalIgnoringCase({block_ + e.nameAt, e.nameSize}, name)) return i;
  }
  return count_;
}

void Headers::append(std::string_view name, std::string_view value) {
  reserve(name.size() + value.size() + 4, 1);
  const Entry field{textSize_, textSize_ + static_cast<std::uint32_t>(name.size()) + 2,
                    static_cast<std::uint32_t>(value.size()), static_cast<std::uint16_t>(name.size()), tagOf(name)};
  char* at = block_ + textSize_;
  std::memcpy(at, name.data(), name.size());
  at += name.size();
  std::memcpy(at, ": ", 2);
  if (!value.empty()) std::memcpy(at + 2, value.data(), value.size());
  std::memcpy(at + 2 + value.size(), "\r\n", 2);
  textSize_ += static_cast<std::uint32_t>(name.size() + value.size() + 4);
  entry(count_++) = field;
}

Headers& Headers::add(std::string_view name, std::string_view value) {
  value = trimmed(value);
  check(name, value);
  return addChecked(name, value);
}

Headers& Headers::addChecked(std::string_view name, std::string_view value) {
  if (block_ && ((name.data() >= block_ && name.data() < block_ + capacity_) ||
                 (value.data() >= block_ && value.data() < block_ + capacity_))) {
    append(std::string(name), std::string(value));                         // our own text: growing would move it
  } else {
    append(name, value);
  }
  return *this;
}

Headers& Headers::set(std::string_view name, std::string_view value) {
  value = trimmed(value);
  check(name, value);
  const std::size_t index = find(name, 0);
  if (index == count_) return addChecked(name, value);
  const std::string keptName(name);
  const std::string kept(value);
  for (std::size_t i = find(keptName, index + 1); i < count_; i = find(keptName, i)) erase(i);
  replaceValue(index, kept);
  return *this;
}

Headers& Headers::setDefault(std::string_view name, std::string_view value) {
  return has(name) ? *this : add(name, value);
}

std::size_t Headers::remove(std::string_view name) {
  std::size_t i = find(name, 0);
  if (i == count_) return 0;
  const std::string kept(name);                                            // it may be our own text
  const std::size_t before = count_;
  for (; i < count_; i = find(kept, i)) erase(i);
  return before - count_;
}

// Moves the text behind a changed field, and what the table says of the fields there.
void Headers::moveTail(std::size_t from, std::size_t to, std::size_t firstEntry) noexcept {
  std::memmove(block_ + to, block_ + from, textSize_ - from);
  const auto shift = static_cast<std::uint32_t>(to - from);                // wraps: adding it moves back
  for (std::size_t i = firstEntry; i < count_; ++i) {
    entry(i).nameAt += shift;
    entry(i).valueAt += shift;
  }
  textSize_ += shift;
}

void Headers::erase(std::size_t index) noexcept {
  const Entry gone = entry(index);
  moveTail(gone.valueAt + gone.valueSize + 2, gone.nameAt, index + 1);
  for (std::size_t i = index + 1; i < count_; ++i) entry(i - 1) = entry(i);
  --count_;
}

void Headers::replaceValue(std::size_t index, std::string_view value) {
  if (value.size() > entry(index).valueSize) reserve(value.size() - entry(index).valueSize, 0);
  Entry& field = entry(index);
  moveTail(field.valueAt + field.valueSize, field.valueAt + value.size(), index + 1);
  if (!value.empty()) std::memcpy(block_ + field.valueAt, value.data(), value.size());
  field.valueSize = static_cast<std::uint32_t>(value.size());
}

HeaderField Headers::operator[](std::size_t index) const noexcept {
  const Entry& e = entry(index);
  return {{block_ + e.nameAt, e.nameSize}, {block_ + e.valueAt, e.valueSize}};
}

std::optional<std::string_view> Headers::get(std::string_view name) const noexcept {
  const std::size_t index = find(name, 0);
  if (index == count_) return std::nullopt;
  return (*this)[index].value;
}

std::vector<std::string_view> Headers::getAll(std::string_view name) const {
  std::vector<std::string_view> values;
  for (std::size_t i = find(name, 0); i < count_; i = find(name, i + 1)) values.push_back((*this)[i].value);
  return values;
}

std::string Headers::getCombined(std::string_view name) const {
  std::string list;
  for (std::size_t i = find(name, 0); i < count_; i = find(name, i + 1)) {
    if (!list.empty()) list += ", ";
    list += (*this)[i].value;
  }
  return list;
}

bool Headers::hasToken(std::string_view name, std::string_view token) const noexcept {
  for (std::size_t i = find(name, 0); i < count_; i = find(name, i + 1)) {
    std::string_view list = (*this)[i].value;
    for (;;) {
      const std::size_t comma = list.find(',');
      if (equalIgnoringCase(trimmed(list.substr(0, comma)), token)) return true;
      if (comma == std::string_view::npos) break;
      list.remove_prefix(comma + 1);
    }
  }
  return false;
}

void HeadersWriter::end() {
  Headers& h = *headers_;
  const std::string_view value = trimmed(openValue());
  if (value.data() != h.block_ + valueAt_ && !value.empty())
    std::memmove(h.block_ + valueAt_, value.data(), value.size());
  h.textSize_ = valueAt_ + static_cast<std::uint32_t>(value.size());
  const Headers::Entry field{nameAt_, valueAt_, static_cast<std::uint32_t>(value.size()),
                             static_cast<std::uint16_t>(nameEnd_ - nameAt_), tagOf(openName())};
  write("\r\n");
  h.entry(h.count_++) = field;
}

void HeadersWriter::addLines(std::string_view lines, std::span<const FieldSpan> fields) {
  if (fields.empty()) return;
  Headers& h = *headers_;
  h.reserve(lines.size() + fields.size(), fields.size());                        // a line without its blank grows by one byte
  std::size_t copied = 0;                                                        // of the lines: those that stand as they are sent are copied together
  const auto copyTo = [&](std::size_t end) {
    std::memcpy(h.block_ + h.textSize_, lines.data() + copied, end - copied);
    h.textSize_ += static_cast<std::uint32_t>(end - copied);
    copied = end;
  };
  for (std::size_t i = 0; i < fields.size(); ++i) {
    const FieldSpan& field = fields[i];
    const std::size_t end = i + 1 < fields.size() ? fields[i + 1].nameAt : lines.size();
    const std::string_view name = lines.substr(field.nameAt, field.nameSize);
    const std::size_t colon = field.nameAt + std::size_t{field.nameSize};
    if (field.valueAt == colon + 2 && lines[colon + 1] == ' ' && end == std::size_t{field.valueAt} + field.valueSize + 2) [[likely]] {
      const auto shift = h.textSize_ - static_cast<std::uint32_t>(copied);       // wraps
      h.entry(h.count_++) = {field.nameAt + shift, field.valueAt + shift, field.valueSize, field.nameSize, tagOf(name)};
      continue;
    }
    copyTo(field.nameAt);
    h.append(name, lines.substr(field.valueAt, field.valueSize));
    copied = end;
  }
  copyTo(lines.size());
}

}  // namespace weft::http
