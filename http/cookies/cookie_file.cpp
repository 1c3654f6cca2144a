#include <weft/http/cookies/cookie_file.hpp>

#include <weft/core/internal/replaceable.hpp>
#include <weft/http/base64.hpp>
#include <weft/http/internal/url_host.hpp>

#include <rapidjson/error/en.h>
#include <rapidjson/memorystream.h>
#include <rapidjson/reader.h>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cmath>
#include <cstring>
#include <utility>

namespace weft::http {
namespace {

constexpr std::size_t kLargestFile = std::size_t{64} << 20;
constexpr std::string_view kHttpOnlyPrefix = "#HttpOnly_";

std::string place(const std::string& path, std::size_t line) { return line ? path + ":" + std::to_string(line) : path; }

[[noreturn]] void failBySystem(const std::string& path, const char* what) {
  throw CookieFileError(path, 0, std::string(what) + ": " + std::strerror(errno));
}

struct Descriptor {
  explicit Descriptor(int fd) noexcept : fd(fd) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (fd >= 0) ::close(fd);
  }
  int fd;
};

std::string readFile(const std::string& path) {
  Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (file.fd < 0) failBySystem(path, "it cannot be opened");
  std::string text;
  std::array<char, 65536> piece;
  for (;;) {
    const ssize_t size = ::read(file.fd, piece.data(), piece.size());
    if (size < 0 && errno == EINTR) continue;
    if (size < 0) failBySystem(path, "it cannot be read");
    if (size == 0) return text;
    text.append(piece.data(), static_cast<std::size_t>(size));
    if (text.size() > kLargestFile) throw CookieFileError(path, 0, "it is over 64 MiB: no cookie file");
  }
}

// A file beside it, then a rename over it.
void writeFile(const std::string& path, std::string_view text) {
  const auto place = weft::detail::replaceable(path);
  if (!place) {                                        // a device or a pipe
    const Descriptor device(::open(path.c_str(), O_WRONLY | O_CLOEXEC));
    if (device.fd < 0 || ::write(device.fd, text.data(), text.size()) < 0) failBySystem(path, "it cannot be written");
    return;
  }
  std::string draft = *place + ".XXXXXX";
  Descriptor file(::mkstemp(draft.data()));              // mode 0600: cookies are as good as passwords
  if (file.fd < 0) failBySystem(path, "a file beside it cannot be made");
  const auto fail = [&](const char* what) {
    const int error = errno;
    ::unlink(draft.c_str());
    errno = error;
    failBySystem(path, what);
  };
  while (!text.empty()) {
    const ssize_t size = ::write(file.fd, text.data(), text.size());
    if (size < 0 && errno == EINTR) continue;
    if (size < 0) fail("it cannot be written");
    text.remove_prefix(static_cast<std::size_t>(size));
  }
  if (::fsync(file.fd) != 0) fail("it cannot be written");
  if (::rename(draft.c_str(), place->c_str()) != 0) fail("it cannot be put in place");
}

// ---- cookies.txt

std::string formatNetscape(const std::vector<Cookie>& cookies, std::size_t& count) {
  std::string text = "# Netscape HTTP Cookie File\n# domain, also for hosts below it, path, secure, expires (0: with the session), name, value\n\n";
  for (const Cookie& cookie : cookies) {
    if (cookie.name.find('\t') != std::string::npos || cookie.path.find('\t') != std::string::npos) continue;
    if (cookie.httpOnly) text += kHttpOnlyPrefix;
    if (!cookie.hostOnly) text += '.';
    text.append(cookie.domain).append(cookie.hostOnly ? "\tFALSE\t" : "\tTRUE\t").append(cookie.path).append(cookie.secure ? "\tTRUE\t" : "\tFALSE\t");
    text.append(std::to_string(cookie.expires ? cookie.expires->time_since_epoch().count() : 0)).append("\t").append(cookie.name).append("\t").append(cookie.value).append("\n");
    ++count;
  }
  return text;
}

std::vector<Cookie> parseNetscape(std::string_view text, const std::string& path) {
  std::vector<Cookie> cookies;
  for (std::size_t number = 1; !text.empty(); ++number) {
    const std::size_t end = text.find('\n');
    std::string_view line = text.substr(0, end);
    text = end == std::string_view::npos ? std::string_view() : text.substr(end + 1);
    if (line.ends_with('\r')) line.remove_suffix(1);
    Cookie cookie;
    cookie.httpOnly = line.starts_with(kHttpOnlyPrefix);
    if (cookie.httpOnly) line.remove_prefix(kHttpOnlyPrefix.size());
    if (line.starts_with('#') || line.find_first_not_of(" \t") == std::string_view::npos) continue;
    std::array<std::string_view, 7> fields;
    std::size_t count = 0;
    for (std::string_view rest = line; count < 7; ++count) {
      const std::size_t tab = count == 6 ? std::string_view::npos : rest.find('\t');
      fields[count] = rest.substr(0, tab);
      if (tab == std::string_view::npos) {
        ++count;
        break;
      }
      rest.remove_prefix(tab + 1);
    }
    if (count < 6) throw CookieFileError(path, number, "a cookie is seven fields separated by tabs, and here are " + std::to_string(count));
    const auto boolean = [&](std::string_view field, const char* what) {
      if (field != "TRUE" && field != "FALSE") throw CookieFileError(path, number, std::string(what) + " must be TRUE or FALSE, not \"" + std::string(field.substr(0, 80)) + "\"");
      return field == "TRUE";
    };
    cookie.domain = fields[0];
    cookie.hostOnly = !boolean(fields[1], "the second field (also for hosts below it)");
    cookie.path = fields[2];
    cookie.secure = boolean(fields[3], "the fourth field (secure)");
    // Some programs write fractions.
    const std::string_view seconds = fields[4].substr(0, fields[4].find('.'));
    std::int64_t expires = 0;
    const auto [stop, error] = std::from_chars(seconds.data(), seconds.data() + seconds.size(), expires);
    if (seconds.empty() || error == std::errc::invalid_argument || stop != seconds.data() + seconds.size())
      throw CookieFileError(path, number, "the fifth field (expires) must be seconds since 1970, not \"" + std::string(fields[4].substr(0, 80)) + "\"");
    if (error == std::errc::result_out_of_range) expires = seconds.starts_with('-') ? 1 : std::int64_t{1} << 40;
    if (expires != 0) cookie.expires = Date(std::chrono::seconds(std::clamp<std::int64_t>(expires, 1, std::int64_t{1} << 40)));
    cookie.name = fields[5];
    cookie.value = fields[6];
    try {
      CookieJar().setCookie(cookie);                     // throws what it would throw later
    } catch (const CookieError& bad) {
      throw CookieFileError(path, number, bad.what());
    }
    cookies.push_back(std::move(cookie));
  }
  return cookies;
}

// ---- JSON

void appendJsonText(std::string& out, std::string_view key, std::string_view text) {
  out.append("\"").append(key);
  if (detail::repairedUtf8(text)) {                      // cookies are bytes, JSON is UTF-8
    out.append("Base64\":\"").append(base64Encode(text)).append("\"");
    return;
  }
  out += "\":\"";
  for (char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    if (c == '\t')
      out += "\\t";
    else
      out += c;
  }
  out += '"';
}

std::string formatJson(const std::vector<Cookie>& cookies, std::size_t& count) {
  std::string text = "[";
  for (const Cookie& cookie : cookies) {
    text += count++ ? ",\n{" : "\n{";
    appendJsonText(text, "name", cookie.name);
    text += ',';
    appendJsonText(text, "value", cookie.value);
    text += ',';
    appendJsonText(text, "domain", (cookie.hostOnly ? "" : ".") + cookie.domain);
    text += ',';
    appendJsonText(text, "path", cookie.path);
    text.append(",\"expires\":").append(cookie.expires ? std::to_string(cookie.expires->time_since_epoch().count()) : "-1");
    text.append(",\"httpOnly\":").append(cookie.httpOnly ? "true" : "false").append(",\"secure\":").append(cookie.secure ? "true" : "false");
    if (cookie.sameSite != SameSite::Unset) text.append(",\"sameSite\":\"").append(describe(cookie.sameSite)).append("\"");
    text += '}';
  }
  return text += "\n]\n";
}

// Takes the cookies out of [{…}, …], or of {"cookies": [{…}, …]}; whatever else stands there is passed over.
class JsonCookies : public rapidjson::BaseReaderHandler<rapidjson::UTF8<>, JsonCookies> {
 public:
  std::vector<Cookie> cookies;
  std::string problem;

  bool StartArray() {
    if (depth_ == 0 || (depth_ == 1 && topIsObject_ && key_ == "cookies")) listDepth_ = depth_ + 1;
    ++depth_;
    return true;
  }
  bool EndArray(rapidjson::SizeType) {
    if (depth_ == listDepth_) listDepth_ = 0;
    --depth_;
    return true;
  }
  bool StartObject() {
    if (depth_ == 0) topIsObject_ = true;
    if (listDepth_ && depth_ == listDepth_) {
      cookie_ = Cookie();
      hostOnly_.reset();
      session_ = false;
    }
    ++depth_;
    return true;
  }
  bool EndObject(rapidjson::SizeType) {
    --depth_;
    if (!listDepth_ || depth_ != listDepth_) return true;
    cookie_.hostOnly = hostOnly_.value_or(!cookie_.domain.starts_with('.'));
    if (session_) cookie_.expires.reset();
    try {
      CookieJar().setCookie(cookie_);
    } catch (const CookieError& bad) {
      return fail(bad.what());
    }
    cookies.push_back(std::move(cookie_));
    return true;
  }
  bool Key(const char* text, rapidjson::SizeType size, bool) {
    key_.assign(text, size);
    return true;
  }
  bool String(const char* data, rapidjson::SizeType size, bool) {
    if (!ofCookie()) return atList();
    const std::string_view text(data, size);
    if (key_ == "name") cookie_.name = text;
    else if (key_ == "value") cookie_.value = text;
    else if (key_ == "domain") cookie_.domain = text;
    else if (key_ == "path") cookie_.path = text;
    else if (key_ == "nameBase64" || key_ == "valueBase64" || key_ == "pathBase64" || key_ == "domainBase64") {
      auto bytes = base64Decode(text);
      if (!bytes) return fail("\"" + key_ + "\" is not in base64");
      (key_[0] == 'n' ? cookie_.name : key_[0] == 'v' ? cookie_.value : key_[0] == 'p' ? cookie_.path : cookie_.domain) = std::move(*bytes);
    } else if (key_ == "sameSite") {
      cookie_.sameSite = equalIgnoringCase(text, "Strict")                                               ? SameSite::Strict
                         : equalIgnoringCase(text, "Lax")                                                ? SameSite::Lax
                         : equalIgnoringCase(text, "None") || equalIgnoringCase(text, "no_restriction")  ? SameSite::None
                                                                                                         : SameSite::Unset;
    } else if (isKnown()) {
      return fail("\"" + key_ + "\" may not be a text");
    }
    return true;
  }
  bool Bool(bool value) {
    if (!ofCookie()) return atList();
    if (key_ == "secure") cookie_.secure = value;
    else if (key_ == "httpOnly") cookie_.httpOnly = value;
    else if (key_ == "hostOnly") hostOnly_ = value;
    else if (key_ == "session") session_ = value;
    else if (isKnown()) return fail("\"" + key_ + "\" may not be true or false");
    return true;
  }
  bool Double(double value) {
    if (!ofCookie()) return atList();
    if (key_ == "expires" || key_ == "expirationDate") {
      if (value >= 0)                                    // -1: with the session
        cookie_.expires = Date(std::chrono::seconds(static_cast<std::int64_t>(std::min(value, 1e12))));
    } else if (isKnown()) {
      return fail("\"" + key_ + "\" may not be a number");
    }
    return true;
  }
  bool Int(int value) { return Double(value); }
  bool Uint(unsigned value) { return Double(value); }
  bool Int64(std::int64_t value) { return Double(static_cast<double>(value)); }
  bool Uint64(std::uint64_t value) { return Double(static_cast<double>(value)); }
  bool Null() { return ofCookie() || atList(); }

 private:
  bool ofCookie() const noexcept { return listDepth_ && depth_ == listDepth_ + 1; }
  // A bare value: fine, unless a cookie should stand here.
  bool atList() { return (depth_ != 0 && (!listDepth_ || depth_ != listDepth_)) || fail("a cookie must be an object"); }
  bool isKnown() const noexcept {
    for (const char* known : {"name", "value", "domain", "path", "nameBase64", "valueBase64", "pathBase64", "domainBase64", "sameSite", "secure", "httpOnly", "hostOnly", "session", "expires", "expirationDate"})
      if (key_ == known) return true;
    return false;
  }
  bool fail(std::string why) {
    problem = std::move(why);
    return false;
  }

  Cookie cookie_;
  std::string key_;
  std::optional<bool> hostOnly_;
  std::size_t depth_ = 0;
  std::size_t listDepth_ = 0;            // where the cookies are; 0: not there
  bool topIsObject_ = false;
  bool session_ = false;
};

std::vector<Cookie> parseJson(std::string_view text, const std::string& path) {
  JsonCookies handler;
  rapidjson::MemoryStream stream(text.data(), text.size());
  rapidjson::Reader reader;
  const auto result = reader.Parse<rapidjson::kParseIterativeFlag>(stream, handler);   // iterative: a file of brackets needs no stack
  if (!result) {
    const std::size_t at = std::min(handler.problem.empty() ? result.Offset() : stream.Tell(), text.size());
    const auto line = static_cast<std::size_t>(std::count(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(at), '\n')) + 1;
    throw CookieFileError(path, line, handler.problem.empty() ? rapidjson::GetParseError_En(result.Code()) : handler.problem);
  }
  return std::move(handler.cookies);
}

}  // namespace

CookieFileError::CookieFileError(std::string path, std::size_t line, std::string reason)
    : Error("the cookie file " + place(path, line) + ": " + reason), path(std::move(path)), line(line), reason(std::move(reason)) {}

std::string formatCookies(const CookieJar& jar, CookieFormat format, bool sessionCookies, std::size_t* count) {
  std::vector<Cookie> cookies = jar.cookies();
  if (!sessionCookies) std::erase_if(cookies, [](const Cookie& cookie) { return cookie.isSession(); });
  std::size_t written = 0;
  std::string text = format == CookieFormat::Json ? formatJson(cookies, written) : formatNetscape(cookies, written);
  if (count) *count = written;
  return text;
}

std::size_t parseCookies(CookieJar& jar, std::string_view text, const std::string& path) {
  if (text.starts_with("\xEF\xBB\xBF")) text.remove_prefix(3);
  const std::size_t first = text.find_first_not_of(" \t\r\n");
  const bool json = first != std::string_view::npos && (text[first] == '[' || text[first] == '{');
  std::size_t taken = 0;
  for (Cookie& cookie : json ? parseJson(text, path) : parseNetscape(text, path)) taken += jar.setCookie(std::move(cookie));
  return taken;
}

std::size_t saveCookies(const CookieJar& jar, const std::string& path, CookieFormat format, bool sessionCookies) {
  std::size_t count = 0;
  writeFile(path, formatCookies(jar, format, sessionCookies, &count));
  return count;
}

std::size_t loadCookies(CookieJar& jar, const std::string& path) { return parseCookies(jar, readFile(path), path); }

}  // namespace weft::http
