#include <weft/net/names/record.hpp>

#include <weft/net/internal/names_text.hpp>

#include <array>
#include <charconv>

namespace weft::net {

namespace {

constexpr std::array<std::pair<RecordType, std::string_view>, 7> kTypeNames{{{RecordType::A, "A"},
                                                                            {RecordType::AAAA, "AAAA"},
                                                                            {RecordType::CNAME, "CNAME"},
                                                                            {RecordType::MX, "MX"},
                                                                            {RecordType::PTR, "PTR"},
                                                                            {RecordType::SRV, "SRV"},
                                                                            {RecordType::TXT, "TXT"}}};

constexpr std::string_view kReverse4 = ".in-addr.arpa";
constexpr std::string_view kReverse6 = ".ip6.arpa";

// As in a zone file (RFC 1035 section 5.1).
std::string zoneText(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') (out += '\\') += c;
    else if (c >= ' ' && c <= '~') out += c;
    else {
      const auto byte = static_cast<unsigned char>(c);
      out += '\\';
      for (const int digit : {byte / 100, byte / 10 % 10, byte % 10}) out += static_cast<char>('0' + digit);
    }
  }
  return out += '"';
}

}  // namespace

std::string_view recordTypeName(RecordType type) noexcept {
  for (const auto& [known, name] : kTypeNames)
    if (known == type) return name;
  return "?";
}

std::optional<RecordType> recordTypeFromName(std::string_view name) noexcept {
  for (const auto& [type, known] : kTypeNames)
    if (detail::equalNames(known, name)) return type;
  return {};
}

std::string TxtRecord::text() const {
  std::string all;
  for (const std::string& part : strings) all += part;
  return all;
}

RecordType Record::type() const noexcept {
  if (const auto* at = as<AddressRecord>()) return at->address.family() == Address::Family::IPv6 ? RecordType::AAAA : RecordType::A;
  if (as<CnameRecord>()) return RecordType::CNAME;
  if (as<PtrRecord>()) return RecordType::PTR;
  if (as<MxRecord>()) return RecordType::MX;
  if (as<SrvRecord>()) return RecordType::SRV;
  return RecordType::TXT;
}

std::string Record::toString() const {
  std::string text = name + ' ' + std::to_string(ttl.count()) + ' ' + std::string(recordTypeName(type())) + ' ';
  if (const auto* at = as<AddressRecord>()) return text + at->address.host();
  if (const auto* alias = as<CnameRecord>()) return text + alias->target;
  if (const auto* pointer = as<PtrRecord>()) return text + pointer->target;
  if (const auto* mail = as<MxRecord>()) return text + std::to_string(mail->preference) + ' ' + (mail->exchange.empty() ? "." : mail->exchange);
  if (const auto* service = as<SrvRecord>())
    return text + std::to_string(service->priority) + ' ' + std::to_string(service->weight) + ' ' + std::to_string(service->port) + ' ' +
           (service->target.empty() ? "." : service->target);
  const auto& strings = std::get<TxtRecord>(data).strings;
  for (std::size_t i = 0; i < strings.size(); ++i) (i ? text += ' ' : text) += zoneText(strings[i]);
  return text;
}

std::size_t Record::size() const noexcept {
  std::size_t bytes = sizeof *this + name.size();
  if (const auto* alias = as<CnameRecord>()) bytes += alias->target.size();
  if (const auto* pointer = as<PtrRecord>()) bytes += pointer->target.size();
  if (const auto* mail = as<MxRecord>()) bytes += mail->exchange.size();
  if (const auto* service = as<SrvRecord>()) bytes += service->target.size();
  if (const auto* text = as<TxtRecord>())
    for (const std::string& part : text->strings) bytes += sizeof part + part.size();
  return bytes;
}

std::string reverseName(const Address& address) {
  std::string name;
  if (address.family() == Address::Family::IPv4) {
    for (int i = 3; i >= 0; --i) (name += std::to_string(address.bytes()[static_cast<std::size_t>(i)])) += i ? "." : "";
    return name += kReverse4;
  }
  static constexpr char digits[] = "0123456789abcdef";
  for (std::size_t i = 16; i-- > 0;) {
    const std::uint8_t byte = address.bytes()[i];
    for (const int digit : {byte & 15, byte >> 4}) (name += digits[digit]) += '.';
  }
  name.pop_back();
  return name += kReverse6;
}

std::optional<Address> addressOfReverseName(std::string_view name) noexcept {
  std::array<std::uint8_t, 16> bytes{};
  if (name.size() > kReverse4.size() && detail::equalNames(name.substr(name.size() - kReverse4.size()), kReverse4)) {
    const char* at = name.data();
    const char* const end = at + (name.size() - kReverse4.size());
    for (std::size_t i = 4; i-- > 0;) {
      const auto [next, error] = std::from_chars(at, end, bytes[i]);
      if (error != std::errc() || (next == end) != (i == 0) || (next != end && *next != '.')) return {};
      at = next + 1;
    }
    return Address(Address::Family::IPv4, bytes, 0);
  }
  if (name.size() != 63 + kReverse6.size() || !detail::equalNames(name.substr(63), kReverse6)) return {};
  for (std::size_t i = 0; i < 32; ++i) {
    const char c = detail::lowerLetter(name[2 * i]);
    const int digit = c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
    if (digit < 0 || (i < 31 && name[2 * i + 1] != '.')) return {};
    bytes[15 - i / 2] = static_cast<std::uint8_t>(bytes[15 - i / 2] | digit << (i % 2 * 4));
  }
  return Address(Address::Family::IPv6, bytes, 0);
}

}  // namespace weft::net
