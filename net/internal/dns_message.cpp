#include <weft/net/internal/dns_message.hpp>

#include <weft/net/internal/names_text.hpp>

#include <algorithm>
#include <array>
#include <cstdint>
#include <utility>

namespace weft::net::detail {

namespace {

using std::chrono::seconds;

constexpr int kInternet = 1;
constexpr int kSoa = 6;
constexpr int kMostAliases = 16;
constexpr int kMostJumps = 64;                         // a name has at most 127 labels, and none needs a pointer for each
constexpr std::size_t kLongestName = 255;

struct Malformed {};

/// Reads a message from front to back. Throws Malformed.
class Reader {
 public:
  Reader(std::span<const unsigned char> message, std::size_t at, std::size_t end) : message_(message), at_(at), end_(end) {}
  std::size_t at() const noexcept { return at_; }
  std::size_t left() const noexcept { return end_ - at_; }

  unsigned byte() {
    need(1);
    return message_[at_++];
  }
  unsigned number16() {
    const unsigned high = byte();
    return high << 8 | byte();
  }
  std::uint32_t number32() {
    const std::uint32_t high = number16();
    return high << 16 | number16();
  }
  seconds ttl() {
    const std::uint32_t value = number32();
    return seconds(value > 0x7fffffff ? 0 : value);    // RFC 2181 section 8
  }
  std::string bytes(std::size_t count) {
    need(count);
    std::string text(reinterpret_cast<const char*>(message_.data() + at_), count);
    at_ += count;
    return text;
  }
  Reader part(std::size_t count) {
    need(count);
    Reader inner(message_, at_, at_ + count);
    at_ += count;
    return inner;
  }

  // RFC 1035 section 4.1.4. A pointer must lead back, to before the piece of the name that it ends: so none goes in a circle.
  std::string name() {
    std::string text;
    std::size_t from = at_;
    std::size_t piece = at_;
    std::size_t end = end_;
    std::size_t length = 1;
    bool jumped = false;
    for (int jumps = 0;;) {
      if (from >= end) throw Malformed();
      const unsigned size = message_[from];
      if (size >= 0xc0) {
        if (from + 1 >= end || ++jumps > kMostJumps) throw Malformed();
        const std::size_t to = (size & 0x3f) << 8 | message_[from + 1];
        if (to >= piece) throw Malformed();
        if (!jumped) at_ = from + 2;
        jumped = true;
        from = piece = to;
        end = message_.size();
        continue;
      }
      if (size >= 0x40) throw Malformed();
      ++from;
      if (size == 0) break;
      length += size + 1;
      if (length > kLongestName || size > end - from) throw Malformed();
      if (!text.empty()) text += '.';
      for (std::size_t i = 0; i < size; ++i) appendEscaped(text, static_cast<char>(message_[from + i]));
      from += size;
    }
    if (!jumped) at_ = from;
    return text;
  }

 private:
  void need(std::size_t count) const {
    if (count > end_ - at_) throw Malformed();
  }
  static void appendEscaped(std::string& text, char c) {
    if (c > ' ' && c <= '~') {
      if (c == '.' || c == '\\') text += '\\';
      text += c;
      return;
    }
    const auto byte = static_cast<unsigned char>(c);
    text += '\\';
    for (const int digit : {byte / 100, byte / 10 % 10, byte % 10}) text += static_cast<char>('0' + digit);
  }

  std::span<const unsigned char> message_;
  std::size_t at_;
  std::size_t end_;
};

Record::Data readData(Reader& data, RecordType type) {
  switch (type) {
    case RecordType::A:
    case RecordType::AAAA: {
      const bool four = type == RecordType::A;
      std::array<std::uint8_t, 16> bytes{};
      if (data.left() != (four ? 4u : 16u)) throw Malformed();
      for (std::size_t i = 0; data.left() > 0; ++i) bytes[i] = static_cast<std::uint8_t>(data.byte());
      return AddressRecord(Address(four ? Address::Family::IPv4 : Address::Family::IPv6, bytes, 0));
    }
    case RecordType::CNAME: return CnameRecord(data.name());
    case RecordType::PTR: return PtrRecord(data.name());
    case RecordType::MX: {
      const auto preference = static_cast<std::uint16_t>(data.number16());
      return MxRecord(preference, data.name());
    }
    case RecordType::SRV: {
      const auto priority = static_cast<std::uint16_t>(data.number16());
      const auto weight = static_cast<std::uint16_t>(data.number16());
      const auto port = static_cast<std::uint16_t>(data.number16());
      return SrvRecord(priority, weight, port, data.name());
    }
    case RecordType::TXT: {
      std::vector<std::string> strings;
      while (data.left() > 0) strings.push_back(data.bytes(data.byte()));
      return TxtRecord(std::move(strings));
    }
  }
  throw Malformed();
}

}  // namespace

std::optional<DnsAnswer> parseDnsAnswer(std::span<const unsigned char> message, std::string_view name, RecordType type) try {
  if (!name.empty() && name.back() == '.') name.remove_suffix(1);
  Reader reader(message, 0, message.size());
  DnsAnswer answer;
  reader.number16();
  answer.code = static_cast<int>(reader.number16() & 15);
  const unsigned questions = reader.number16();
  const unsigned answers = reader.number16();
  const unsigned authorities = reader.number16();
  reader.number16();
  for (unsigned i = 0; i < questions; ++i) {
    reader.name();
    reader.number32();
  }
  std::vector<Record> found;
  std::vector<Record> aliases;
  for (unsigned i = 0; i < answers + authorities; ++i) {
    std::string owner = reader.name();
    const int kind = static_cast<int>(reader.number16());
    const int family = static_cast<int>(reader.number16());
    const seconds ttl = reader.ttl();
    Reader data = reader.part(reader.number16());
    if (family != kInternet) continue;
    if (i >= answers) {
      if (kind != kSoa || answer.negativeTtl) continue;
      data.name();
      data.name();
      for (int skipped = 0; skipped < 4; ++skipped) data.number32();
      answer.negativeTtl = std::min(ttl, data.ttl());
    } else if (kind == static_cast<int>(type)) {
      found.emplace_back(std::move(owner), ttl, readData(data, type));
    } else if (kind == static_cast<int>(RecordType::CNAME)) {
      aliases.emplace_back(std::move(owner), ttl, readData(data, RecordType::CNAME));
    }
  }
  std::string owner(name);
  seconds ttl = seconds::max();
  for (int followed = 0;; ++followed) {
    const auto alias = std::find_if(aliases.begin(), aliases.end(), [&](const Record& record) { return equalNames(record.name, owner); });
    if (alias == aliases.end()) break;
    if (followed == kMostAliases) return {};
    ttl = std::min(ttl, alias->ttl);
    owner = alias->as<CnameRecord>()->target;
  }
  for (Record& record : found) {
    if (!equalNames(record.name, owner)) continue;
    record.ttl = std::min(record.ttl, ttl);
    answer.records.push_back(std::move(record));
  }
  return answer;
} catch (const Malformed&) {
  return {};
}

std::optional<DnsQuestion> questionOfDnsAnswer(std::span<const unsigned char> message) try {
  Reader reader(message, 0, message.size());
  reader.number16();
  DnsQuestion question{static_cast<int>(reader.number16() & 15), {}, 0};
  if (reader.number16() == 0) return {};
  reader.bytes(6);
  question.name = reader.name();
  question.type = reader.number16();
  return question;
} catch (const Malformed&) {
  return {};
}

}  // namespace weft::net::detail
