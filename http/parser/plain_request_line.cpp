#include <weft/http/parser/internal/plain_request_line.hpp>

#include <algorithm>
#include <array>
#include <string>

namespace weft::http::detail {
namespace {

struct Known {
  std::string_view method;                             // with its space
  llhttp_t behind;
};

// Those that nearly all requests have.
const std::array<Known, 3>& knownLines() {
  static const std::array<Known, 3> kLines = [] {
    std::array<Known, 3> lines{{{"GET ", {}}, {"POST ", {}}, {"HEAD ", {}}}};
    llhttp_settings_t settings;
    llhttp_settings_init(&settings);
    for (Known& line : lines) {
      llhttp_init(&line.behind, HTTP_REQUEST, &settings);
      const std::string text = std::string(line.method) + "/ HTTP/1.1\r\n";
      llhttp_execute(&line.behind, text.data(), text.size());
    }
    return lines;
  }();
  return kLines;
}

}  // namespace

const llhttp_t* plainRequestLine(std::string_view line, std::string_view& target) noexcept {
  static constexpr std::string_view kVersion = " HTTP/1.1";
  if (!line.ends_with(kVersion)) return nullptr;
  for (const Known& known : knownLines()) {
    if (!line.starts_with(known.method)) continue;
    if (line.size() <= known.method.size() + kVersion.size()) return nullptr;
    target = line.substr(known.method.size(), line.size() - known.method.size() - kVersion.size());
    const bool plain = target[0] == '/' && std::all_of(target.begin(), target.end(), [](char c) { return c > 0x20 && c < 0x7F && c != '#'; });
    return plain ? &known.behind : nullptr;
  }
  return nullptr;
}

}  // namespace weft::http::detail
