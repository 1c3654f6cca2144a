// Files that weft writes for its users: templates, names, and writing without overwriting.
#pragma once

#include <weft/crawler/error.hpp>
#include <weft/http/url.hpp>

#include <span>
#include <string>
#include <string_view>

namespace weft::crawler::command {

/// Something cannot be generated: a bad name, a file that is there. The text says what, and the way out.
class ScaffoldError : public Error {
 public:
  using Error::Error;
};

/// A file of crawler/command/templates/: valid C++ (or whatever it is) as it stands. fillTemplate() puts a user's words in the place of its own.
struct TemplateFile {
  std::string_view path;                               // "spiders/basic.cpp"
  std::string_view text;
};
std::span<const TemplateFile> templateFiles() noexcept;

/// Throws ScaffoldError, naming `what` it is ("spider", "project"), unless the name is a letter with letters, digits and underscores behind it.
void requireName(std::string_view what, std::string_view name);

/// "my_shop" -> "MyShop".
std::string className(std::string_view name);

/// The template with `name` for template_name, its class name for Template, `url` for https://template.example/ and its host for template.example.
std::string fillTemplate(std::string_view text, std::string_view name, const http::Url* url = nullptr);

/// Writes a file that must not be there yet, with the folders above it. Throws ScaffoldError.
void writeNewFile(const std::string& path, std::string_view text);

}  // namespace weft::crawler::command
