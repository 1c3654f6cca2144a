// Cookie files: a jar on disk, as browsers and command-line clients write it, or as JSON.
#pragma once

#include <weft/http/cookies/cookie_jar.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace weft::http {

/// A cookie file could not be read or written. Says which, and in which line.
class CookieFileError : public Error {
 public:
  CookieFileError(std::string path, std::size_t line, std::string reason);
  std::string path;
  std::size_t line;          ///< from 1; 0 when it is not about a line
  std::string reason;
};

enum class CookieFormat : std::uint8_t {
  Netscape,                  ///< cookies.txt: seven fields a line, separated by tabs. It has no place for SameSite, nor for a name with a tab
  Json,                      ///< an array of objects, one a line, under the names that browser automation uses. Holds everything
};

/// Writes all cookies that have not expired; how many. Those of the session too, unless `sessionCookies` is false. In one step: whoever reads the file sees the old or
/// the new one, also after a crash, and nobody but its owner may read it. Cookies that the format has no place for are left out of the count and the file.
/// Throws CookieFileError. Blocks: on a reactor's thread use deferToThread() with a copy of the jar.
std::size_t saveCookies(const CookieJar& jar, const std::string& path, CookieFormat format = CookieFormat::Netscape, bool sessionCookies = true);

/// Adds a file's cookies to the jar, whichever of the two formats it has; how many were taken (not those that have expired, nor those for a public suffix). Throws
/// CookieFileError, and then has added none. Blocks, as above.
std::size_t loadCookies(CookieJar& jar, const std::string& path);

/// The same with texts. `path` is what errors call it.
std::string formatCookies(const CookieJar& jar, CookieFormat format, bool sessionCookies = true, std::size_t* count = nullptr);
std::size_t parseCookies(CookieJar& jar, std::string_view text, const std::string& path = "cookies");

}  // namespace weft::http
