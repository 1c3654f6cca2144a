#include <weft/http/server/access_log.hpp>

#include <array>
#include <ctime>
#include <string_view>

namespace weft::http {
namespace {

void appendQuoted(std::string& line, std::string_view text) {
  static constexpr char kHex[] = "0123456789abcdef";
  line += '"';
  if (text.empty()) line += '-';
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') line.append("\\").push_back(c);
    else if (byte >= 0x20 && byte < 0x7F) line += c;
    else line.append("\\x").append({kHex[byte >> 4], kHex[byte & 15]});
  }
  line += '"';
}

std::string timeText(std::chrono::system_clock::time_point at) {
  static constexpr std::array<std::string_view, 12> kMonths{"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const std::time_t seconds = std::chrono::system_clock::to_time_t(at);
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  const auto two = [](int value) { return std::string(value < 10 ? "0" : "").append(std::to_string(value)); };
  return two(parts.tm_mday).append("/").append(kMonths[static_cast<std::size_t>(parts.tm_mon)]).append("/").append(std::to_string(parts.tm_year + 1900)).append(":").append(two(parts.tm_hour))
      .append(":").append(two(parts.tm_min)).append(":").append(two(parts.tm_sec)).append(" +0000");
}

}  // namespace

std::string combinedLine(const AccessEntry& entry) {
  std::string line = entry.client ? entry.client.host() : "-";
  if (line.empty()) line = "-";
  line.append(" - ").append(entry.user.empty() ? "-" : "");
  if (!entry.user.empty()) {
    std::string user;
    appendQuoted(user, entry.user);
    line.append(user, 1, user.size() - 2);
  }
  line.append(" [").append(timeText(entry.at)).append("] ");
  std::string request;
  if (!entry.method.empty()) {
    request.append(entry.method).append(" ").append(entry.target).append(" HTTP/").append(std::to_string(entry.majorVersion));
    if (entry.majorVersion < 2) request.append(".").append(std::to_string(entry.minorVersion));
  }
  appendQuoted(line, request);
  line.append(" ").append(entry.status ? std::to_string(entry.status) : "499").append(" ");
  line.append(entry.bytes ? std::to_string(entry.bytes) : "-").append(" ");
  appendQuoted(line, entry.referer);
  line += ' ';
  appendQuoted(line, entry.userAgent);
  return line;
}

}  // namespace weft::http
