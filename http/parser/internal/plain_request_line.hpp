// plainRequestLine(): the quick way through a start line that has nothing odd about it.
#pragma once

#include <llhttp.h>

#include <string_view>

namespace weft::http::detail {

/// Of "GET /path HTTP/1.1", without its CRLF: `target`, and the state in which llhttp is behind such a line, which is the same whatever the target. Null for every other line, good or bad: llhttp
/// judges that, a byte at a time.
const llhttp_t* plainRequestLine(std::string_view line, std::string_view& target) noexcept;

}  // namespace weft::http::detail
