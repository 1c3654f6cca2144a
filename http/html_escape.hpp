// Text within HTML, as a handler writes it.
#pragma once

#include <string>
#include <string_view>

namespace weft::http {

/// Appends the text with & < > " and ' as character references: it stays text, between tags and within the quotes of an attribute's value. UTF-8 stays as it is. Not for what stands within
/// <script> and <style>, where references mean nothing. (HTML Standard, section 13.1.2.)
///
///     std::string page = "<p title=\"" + htmlEscaped(title) + "\">" + htmlEscaped(name) + "</p>";
void appendHtmlEscaped(std::string& out, std::string_view text);

/// The same as a text of its own.
std::string htmlEscaped(std::string_view text);

}  // namespace weft::http
