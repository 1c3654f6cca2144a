// UTF-8 as HTML needs it: http's functions, and white space.
#pragma once

#include <weft/http/text/utf8.hpp>

#include <string>
#include <string_view>

namespace weft::html {

using http::appendMended;
using http::appendUtf8;
using http::isUtf8;

/// `text` with its white space squeezed: each run becomes one blank, none is left at either end. White space in
/// Unicode's sense, the no-break space and the line separators included. `text` is UTF-8.
std::string squeezed(std::string_view text);

}  // namespace weft::html
