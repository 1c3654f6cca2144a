// Cookies: a jar takes any Set-Cookie field, gives out only what a header may hold, and comes back from both kinds of file.
#include "fuzz/check.hpp"

#include <weft/http/cookies/cookie_file.hpp>
#include <weft/http/cookies/cookie_jar.hpp>
#include <weft/http/request.hpp>

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

using namespace weft::http;

static CookieJar makeJar() {
  CookieJarOptions options;
  options.setMaxPerDomain(4).setMaxPerSite(6).setMaxCookies(8).setMaxHeaderBytes(64);
  options.now = [date = std::chrono::seconds(1'700'000'000)] { return std::chrono::system_clock::time_point(date); };
  return CookieJar(options);
}

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  std::string_view text(reinterpret_cast<const char*>(data), size);
  static const std::vector<Url> kUrls = {Url("http://www.example.com/a/b"), Url("https://example.com/"), Url("https://a.b.example.co.uk/x/"), Url("http://127.0.0.1:8080/a"),
                                         Url("https://me.github.io/"), Url("http://localhost/")};
  CookieJar jar = makeJar();
  CookieJar file = makeJar();
  try {
    parseCookies(file, text);
  } catch (const CookieFileError&) {
    FUZZ_CHECK(file.empty());
  }
  std::size_t number = 0;
  while (!text.empty()) {                                // one field a line, from one URL after the other
    const std::size_t end = text.find('\n');
    jar.setCookie(text.substr(0, end), kUrls[number % kUrls.size()], static_cast<CookieContext>(number % 3));
    ++number;
    text = end == std::string_view::npos ? std::string_view() : text.substr(end + 1);
  }
  for (CookieJar* one : {&jar, &file}) {
    FUZZ_CHECK(one->size() <= 8);
    for (const Url& url : kUrls) {
      Request request("GET", url);
      one->addCookieHeader(request);                     // throws if the value may not be sent
      FUZZ_CHECK(request.headers.get("Cookie", "").size() <= 64);
    }
    const auto cookies = one->cookies();
    FUZZ_CHECK(cookies.size() == one->size());
    CookieJar json = makeJar();
    FUZZ_CHECK(parseCookies(json, formatCookies(*one, CookieFormat::Json)) == cookies.size());
    FUZZ_CHECK(json.cookies() == cookies);
    CookieJar netscape = makeJar();
    std::size_t count = 0;
    const std::string lines = formatCookies(*one, CookieFormat::Netscape, true, &count);
    FUZZ_CHECK(parseCookies(netscape, lines) == count);
  }
  return 0;
}
