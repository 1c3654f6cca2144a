#include <weft/http/forms/multipart.hpp>

#include <weft/http/forms/internal/boundary.hpp>
#include <weft/http/headers.hpp>
#include <weft/http/internal/field_reader.hpp>
#include <weft/net/digest.hpp>

#include <algorithm>
#include <utility>

namespace weft::http {
namespace {

// Line breaks and quotes as the HTML standard has it; no other control characters, so that a name stays in its line.
void appendName(std::string& out, std::string_view name) {
  out += '"';
  for (char c : name) {
    if (c == '\n') out += "%0A";
    else if (c == '\r') out += "%0D";
    else if (c == '"') out += "%22";
    else if (c != '\0') out += c;
  }
  out += '"';
}

}  // namespace

Multipart::Multipart() : boundary_("----weft" + net::toHex(net::randomBytes(15))) {}

Multipart::Multipart(std::string boundary) : boundary_(std::move(boundary)) {
  if (!detail::isBoundary(boundary_)) throw HeaderError("Content-Type", "its boundary must be 1 to 70 letters, digits or of '()+_,-./:=? and not end in a space");
}

void Multipart::begin(std::string_view name) {
  body_.append("--").append(boundary_).append("\r\nContent-Disposition: form-data; name=");
  appendName(body_, name);
}

Multipart& Multipart::add(std::string_view name, std::string_view value) {
  begin(name);
  body_.append("\r\n\r\n").append(value).append("\r\n");
  return *this;
}

Multipart& Multipart::addFile(std::string_view name, std::string_view fileName, std::string_view content, std::string_view contentType) {
  const Headers checked{{"Content-Type", contentType}};
  begin(name);
  body_ += "; filename=";
  appendName(body_, fileName);
  body_.append("\r\n").append(checked.wire()).append("\r\n").append(content).append("\r\n");
  return *this;
}

std::string Multipart::contentType() const {
  std::string text = "multipart/form-data; boundary=";
  detail::appendValue(text, boundary_);
  return text;
}

}  // namespace weft::http
