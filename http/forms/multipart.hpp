// Multipart: forms with files, as multipart/form-data.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace weft::http {

/// A form with files, written part by part. RFC 7578; names are escaped as the HTML standard has it (section 4.10.22.8). A value.
///
///     Multipart form;
///     form.add("title", "My cat").addFile("picture", "cat.png", bytes, "image/png");
///     request.setMultipart(form);
class Multipart {
 public:
  /// With a boundary of 120 random bits, which no content holds but by design of its author, who cannot know it.
  Multipart();
  /// With this boundary; throws HeaderError unless it is 1 to 70 of the characters that RFC 2046 section 5.1.1 allows.
  explicit Multipart(std::string boundary);

  Multipart& add(std::string_view name, std::string_view value);
  /// Throws HeaderError when `contentType` contains a control character.
  Multipart& addFile(std::string_view name, std::string_view fileName, std::string_view content, std::string_view contentType = "application/octet-stream");

  const std::string& boundary() const noexcept { return boundary_; }
  /// "multipart/form-data; boundary=…"
  std::string contentType() const;
  /// The body so far, with its end.
  std::string toString() const { return body_ + "--" + boundary_ + "--\r\n"; }

 private:
  void begin(std::string_view name);

  std::string boundary_;
  std::string body_;
};

}  // namespace weft::http
