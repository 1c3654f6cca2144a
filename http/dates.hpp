// Dates of HTTP.
#pragma once

#include <chrono>
#include <string>

namespace weft::http {

/// "Sun, 06 Nov 1994 08:49:37 GMT": IMF-fixdate, the form that is sent. RFC 9110 section 5.6.7.
std::string formatDate(std::chrono::system_clock::time_point time);

}  // namespace weft::http
