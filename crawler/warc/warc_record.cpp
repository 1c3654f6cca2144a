#include <weft/crawler/warc/warc_record.hpp>

#include <weft/http/headers.hpp>
#include <weft/net/digest.hpp>

#include <cstdio>
#include <ctime>

namespace weft::crawler {

namespace {

// RFC 4648 section 6, of a length that needs no padding.
std::string base32(std::string_view bytes) {
  constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
  std::string text;
  unsigned bits = 0, count = 0;
  for (const char c : bytes) {
    bits = (bits << 8 | static_cast<unsigned char>(c)) & 0xFFFF;
    for (count += 8; count >= 5; count -= 5) text += kAlphabet[bits >> (count - 5) & 31];
  }
  return text;
}

}  // namespace

std::string_view WarcRecord::field(std::string_view name) const noexcept {
  for (const auto& [own, value] : fields)
    if (http::equalIgnoringCase(own, name)) return value;
  return {};
}

std::string_view WarcRecord::targetUri() const noexcept {
  std::string_view uri = field("WARC-Target-URI");
  if (uri.size() >= 2 && uri.front() == '<' && uri.back() == '>') uri = uri.substr(1, uri.size() - 2);
  return uri;
}

std::string WarcRecord::text() const {
  std::string text = "WARC/1.1\r\n";
  for (const auto& [name, value] : fields) text.append(name).append(": ").append(value).append("\r\n");
  text.append("Content-Length: ").append(std::to_string(block.size())).append("\r\n\r\n");
  return text.append(block).append("\r\n\r\n");
}

std::string warcDigest(std::string_view bytes) { return "sha1:" + base32(net::digest(net::DigestKind::Sha1, bytes)); }

std::string warcRecordId() {
  std::string bytes = net::randomBytes(16);
  bytes[6] = static_cast<char>((bytes[6] & 0x0F) | 0x40);        // version 4, RFC 9562
  bytes[8] = static_cast<char>((bytes[8] & 0x3F) | 0x80);
  std::string text = net::toHex(bytes);
  for (const std::size_t at : {20, 16, 12, 8}) text.insert(at, 1, '-');
  return "<urn:uuid:" + text + '>';
}

std::string warcDate(std::chrono::system_clock::time_point when) {
  const auto micros = std::chrono::floor<std::chrono::microseconds>(when.time_since_epoch()).count();
  const std::time_t seconds = static_cast<std::time_t>(micros / 1'000'000);
  std::tm parts{};
  ::gmtime_r(&seconds, &parts);
  char text[64];
  const std::size_t length = std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &parts);
  std::snprintf(text + length, sizeof text - length, ".%06dZ", static_cast<int>(micros % 1'000'000));
  return text;
}

}  // namespace weft::crawler
