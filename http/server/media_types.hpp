// MediaTypes: what a file is, by the extension of its name.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>

namespace weft::http {

/// Media types by extension, in any case of its letters: a table of the usual ones, and what is added. Texts get a charset of UTF-8. A value.
///
///     MediaTypes types;
///     types.add("gmi", "text/gemini").add("txt", "text/plain; charset=windows-1252");
///     types.of("a/page.HTML");                         // "text/html; charset=utf-8"
class MediaTypes {
 public:
  static constexpr std::string_view kUnknown = "application/octet-stream";

  /// From now on names that end in "." and `extension` (with or without its dot) are of `type`. Throws HeaderError when it may not stand in a field.
  MediaTypes& add(std::string_view extension, std::string_view type);
  /// The type of a file of that name: kUnknown where the extension is not known or there is none. Valid until the next add().
  std::string_view of(std::string_view fileName) const noexcept;

 private:
  std::map<std::string, std::string, std::less<>> added_;
};

}  // namespace weft::http
