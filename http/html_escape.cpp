#include <weft/http/html_escape.hpp>

namespace weft::http {

void appendHtmlEscaped(std::string& out, std::string_view text) {
  constexpr std::string_view kMarkup = "&<>\"'";
  for (std::size_t at; (at = text.find_first_of(kMarkup)) != std::string_view::npos; text.remove_prefix(at + 1)) {
    out += text.substr(0, at);
    switch (text[at]) {
      case '&': out += "&amp;"; break;
      case '<': out += "&lt;"; break;
      case '>': out += "&gt;"; break;
      case '"': out += "&quot;"; break;
      default: out += "&#39;";
    }
  }
  out += text;
}

std::string htmlEscaped(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  appendHtmlEscaped(out, text);
  return out;
}

}  // namespace weft::http
