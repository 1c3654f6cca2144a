// MediaType: the value of a Content-Type field.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace weft::http {

/// A media type: text/html; charset=utf-8. A value.
///
///     auto type = MediaType::parse(response.headers.get("Content-Type", ""));
///     if (type && type->isHtml()) …
class MediaType {
 public:
  MediaType() = default;
  /// Both as they are, in lower case.
  MediaType(std::string_view type, std::string_view subtype);

  /// As browsers read it: spaces around, parameters without a value, and repeated ones are passed over; text after quotes is dropped. nullopt when type or
  /// subtype is missing or no token. WHATWG MIME Sniffing section 4.4; it takes all that RFC 9110 section 8.3.1 allows.
  static std::optional<MediaType> parse(std::string_view text);

  std::string type;          ///< "text", in lower case
  std::string subtype;       ///< "html", in lower case
  std::vector<std::pair<std::string, std::string>> parameters;   ///< names in lower case, values as they are

  std::string essence() const { return type + "/" + subtype; }
  /// The parameter's value, in any case of its name.
  std::optional<std::string_view> parameter(std::string_view name) const noexcept;
  /// Adds the parameter, or changes its value. Throws HeaderError when its name is no token or the value has a control character.
  MediaType& setParameter(std::string_view name, std::string_view value);

  bool isHtml() const noexcept { return type == "text" && subtype == "html"; }
  /// text/xml, application/xml, and all that end in +xml. WHATWG MIME Sniffing section 4.6.
  bool isXml() const noexcept;
  /// application/json, text/json, and all that end in +json.
  bool isJson() const noexcept;

  /// "text/html;charset=utf-8". WHATWG MIME Sniffing section 4.5.
  std::string toString() const;

  friend bool operator==(const MediaType&, const MediaType&) = default;
};

}  // namespace weft::http
