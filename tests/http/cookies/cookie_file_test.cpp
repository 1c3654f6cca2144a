#include <weft/http/cookies/cookie_file.hpp>

#include <doctest/doctest.h>

#include <sys/stat.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

using namespace weft::http;
namespace fs = std::filesystem;

namespace {

struct Folder {
  Folder() {
    std::string name = (fs::temp_directory_path() / "weft-cookies-XXXXXX").string();
    REQUIRE(::mkdtemp(name.data()));
    path = name;
  }
  ~Folder() {
    std::error_code ignored;
    fs::remove_all(path, ignored);
  }
  std::string file(const char* name) const { return (path / name).string(); }
  fs::path path;
};

CookieJar fixedJar() {
  CookieJarOptions options;
  options.now = [date = std::chrono::seconds(1'700'000'000)] { return std::chrono::system_clock::time_point(date); };
  return CookieJar(options);
}

CookieJar filledJar() {
  CookieJar jar = fixedJar();
  const Url page("https://www.example.com/a/b");
  jar.setCookie("plain=1", page);
  jar.setCookie("wide=\"x y\"; Domain=example.com; Path=/; HttpOnly; Secure; SameSite=Strict; Max-Age=1000", page);
  jar.setCookie("nameless", page);
  jar.setCookie("quote=a\"b\\c\td", page);
  jar.setCookie("bytes=\xE9\xFF; Path=/\xFC", page);
  jar.setCookie("v6=1", Url("http://[::1]/"));
  return jar;
}

std::string textOf(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

std::string errorOf(std::string_view text) {
  CookieJar jar = fixedJar();
  try {
    parseCookies(jar, text, "my.txt");
  } catch (const CookieFileError& error) {
    CHECK(error.path == "my.txt");
    CHECK(jar.empty());
    return error.what();
  }
  return "no error";
}

}  // namespace

TEST_CASE("a jar comes back from JSON as it was") {
  const CookieJar jar = filledJar();
  CookieJar back = fixedJar();
  const std::string text = formatCookies(jar, CookieFormat::Json);
  CHECK(parseCookies(back, text) == 6);
  CHECK(back.cookies() == jar.cookies());
  CHECK(formatCookies(back, CookieFormat::Json) == text);
  CHECK(text.find("\"valueBase64\":\"6f8=\"") != std::string::npos);
}

TEST_CASE("a jar comes back from cookies.txt, but for SameSite") {
  const CookieJar jar = filledJar();
  CookieJar back = fixedJar();
  CHECK(parseCookies(back, formatCookies(jar, CookieFormat::Netscape)) == 6);
  auto expected = jar.cookies();
  for (Cookie& cookie : expected) cookie.sameSite = SameSite::Unset;
  CHECK(back.cookies() == expected);
}

TEST_CASE("a cookies.txt that another program wrote is read") {
  CookieJar jar = fixedJar();
  const std::size_t taken = parseCookies(jar,
                                         "# HTTP Cookie File\r\n\r\n"
                                         ".example.com\tTRUE\t/\tFALSE\t1800000000\ta\t1\r\n"
                                         "#HttpOnly_www.example.com\tFALSE\t/x\tTRUE\t0\tb\t2 = 3\r\n"
                                         "example.com\tFALSE\t/\tFALSE\t1699999999\texpired\t1\n"
                                         ".co.uk\tTRUE\t/\tFALSE\t0\tsuffix\t1\n"
                                         "example.com\tFALSE\t/\tFALSE\t1800000000.75\tfraction\t1\n"
                                         "example.com\tFALSE\t/\tFALSE\t0\tempty\n");
  CHECK(taken == 4);
  CHECK(jar.cookieHeader(Url("http://www.example.com/")) == "a=1");
  CHECK(jar.cookieHeader(Url("https://www.example.com/x")) == "b=2 = 3; a=1");
  CHECK(jar.cookieHeader(Url("http://example.com/")) == "a=1; fraction=1; empty=");
  CHECK(jar.cookies()[1].httpOnly);
}

TEST_CASE("cookies that browsers and their drivers exported as JSON are read") {
  CookieJar jar = fixedJar();
  CHECK(parseCookies(jar, R"( {"cookies": [{"name": "a", "value": "1", "domain": ".example.com", "path": "/", "expires": 1800000000.5, "httpOnly": true, "secure": false, "sameSite": "Lax"}],
                              "origins": [{"origin": "https://example.com", "localStorage": [{"name": "x", "value": "y"}]}]} )") == 1);
  CHECK(parseCookies(jar, R"([{"domain": "example.com", "hostOnly": true, "session": true, "expirationDate": 5, "name": "b", "value": "\u00e9", "sameSite": "no_restriction", "secure": true,
                               "storeId": null, "id": 7, "partitionKey": {"name": "z", "list": [1, "two"]}}])") == 1);
  CHECK(jar.cookieHeader(Url("https://example.com/")) == "a=1; b=\xC3\xA9");
  CHECK(jar.cookies()[0].sameSite == SameSite::Lax);
  CHECK(jar.cookies()[1].sameSite == SameSite::None);
  CHECK(jar.cookies()[1].isSession());
  CHECK(parseCookies(jar, "[]") == 0);
  CHECK(parseCookies(jar, "") == 0);
}

TEST_CASE("an error names the file and the line, and adds nothing") {
  CHECK(errorOf("# x\n.example.com\tTRUE\t/\tFALSE\t0\ta\t1\nexample.com a=1\n") == "the cookie file my.txt:3: a cookie is seven fields separated by tabs, and here are 1");
  CHECK(errorOf("example.com\tyes\t/\tFALSE\t0\ta\t1\n") == "the cookie file my.txt:1: the second field (also for hosts below it) must be TRUE or FALSE, not \"yes\"");
  CHECK(errorOf("example.com\tTRUE\t/\tFALSE\tsoon\ta\t1\n") == "the cookie file my.txt:1: the fifth field (expires) must be seconds since 1970, not \"soon\"");
  CHECK(errorOf("example.com\tTRUE\tx\tFALSE\t0\ta\t1\n") == "the cookie file my.txt:1: setting the cookie \"a\": its path does not begin with '/'");
  CHECK(errorOf("[\n{\"name\": \"a\",\n\"domain\": \"x.com\" \"y\"}]").starts_with("the cookie file my.txt:3: Missing a comma"));
  CHECK(errorOf("[\n{\"name\":\"ok\",\"domain\":\"x.com\"},\n{\"name\":\"a\"}\n]") == "the cookie file my.txt:3: setting the cookie \"a\": it has no domain");
  CHECK(errorOf("[1]") == "the cookie file my.txt:1: a cookie must be an object");
  CHECK(errorOf("[{\"name\":5}]") == "the cookie file my.txt:1: \"name\" may not be a number");
  CHECK(errorOf("[{\"secure\":\"yes\"}]") == "the cookie file my.txt:1: \"secure\" may not be a text");
  CHECK(errorOf("[{\"name\":\"a\\r\\nb\",\"domain\":\"x.com\"}]") == "the cookie file my.txt:1: setting the cookie \"a??b\": it contains a control character");
  CHECK(errorOf(std::string(100'000, '[')).starts_with("the cookie file my.txt:1: "));
}

TEST_CASE("a file is replaced in one step, for its owner's eyes") {
  const Folder folder;
  const CookieJar jar = filledJar();
  const std::string file = folder.file("cookies.json");
  CHECK(saveCookies(jar, file, CookieFormat::Json) == 6);
  CHECK(saveCookies(jar, file, CookieFormat::Json, false) == 1);
  struct stat status {};
  REQUIRE(::stat(file.c_str(), &status) == 0);
  CHECK((status.st_mode & 0777) == 0600);
  CookieJar back = fixedJar();
  CHECK(loadCookies(back, file) == 1);
  CHECK(std::distance(fs::directory_iterator(folder.path), fs::directory_iterator()) == 1);
}

TEST_CASE("what cannot be written leaves the old file as it was") {
  const Folder folder;
  const CookieJar jar = filledJar();
  fs::create_directory(folder.path / "taken");
  std::ofstream(folder.path / "taken" / "x") << "x";
  CHECK_THROWS_AS(saveCookies(jar, folder.file("taken")), CookieFileError);          // a folder of that name
  CHECK_THROWS_AS(saveCookies(jar, folder.file("nowhere/cookies.txt")), CookieFileError);
  CHECK(std::distance(fs::directory_iterator(folder.path), fs::directory_iterator()) == 1);
  CookieJar back = fixedJar();
  try {
    loadCookies(back, folder.file("missing.txt"));
    FAIL("loaded");
  } catch (const CookieFileError& error) {
    CHECK(error.line == 0);
    CHECK(error.path == folder.file("missing.txt"));
    CHECK(std::string(error.what()) == "the cookie file " + folder.file("missing.txt") + ": it cannot be opened: No such file or directory");
  }
  CHECK(textOf(folder.file("taken/x")) == "x");
}

TEST_CASE("a cookie that cookies.txt has no place for is left out and not counted") {
  CookieJar jar = fixedJar();
  jar.setCookie("a\tb=1", Url("http://example.com/"));
  jar.setCookie("c=1", Url("http://example.com/"));
  std::size_t count = 0;
  CHECK(formatCookies(jar, CookieFormat::Netscape, true, &count).find("a\tb") == std::string::npos);
  CHECK(count == 1);
  formatCookies(jar, CookieFormat::Json, true, &count);
  CHECK(count == 2);
}
