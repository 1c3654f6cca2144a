#include <weft/crawler/dashboard/dashboard_page.hpp>

namespace weft::crawler {

namespace {

// JSON within <script>: a "<" in it could end the element, or begin a comment. HTML section 4.12.1.3.
std::string scriptJson(const http::Json& json) {
  std::string text;
  for (const char c : json.dump()) {
    if (c == '<') text += "\\u003c";
    else text += c;
  }
  return text;
}

std::string page(std::string_view data) { return std::string(detail::kPageBefore).append(data).append(detail::kPageAfter); }

}  // namespace

std::string dashboardPage(std::string_view token) { return page("<meta name=\"token\" content=\"" + std::string(token) + "\">"); }

std::string reportPage(const CrawlSnapshot& snapshot) {
  return page("<meta http-equiv=\"Content-Security-Policy\" content=\"" + dashboardPolicy() + "\">\n<script type=\"application/json\" id=\"data\">" + scriptJson(toJson(snapshot)) + "</script>");
}

std::string dashboardPolicy() {
  return "default-src 'none'; style-src 'unsafe-inline'; connect-src 'self'; base-uri 'none'; form-action 'none'; script-src '" + std::string(detail::kPageScriptDigest) + "'";
}

}  // namespace weft::crawler
