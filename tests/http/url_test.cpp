#include <weft/http/url.hpp>

#include <doctest/doctest.h>

#include "table.hpp"

#include <set>
#include <string>
#include <unordered_set>

using weft::http::Url;
using weft::http::UrlError;
using weft::http::UrlProblem;
using weft::test::readTable;
using weft::test::textOf;

TEST_CASE("a request's target at an origin is what both are parsed as in one") {
  const Url origin("http://user@Example.com:8080/");
  Url url;
  for (const std::string target : {"/", "/a/b.html", "/a?b=c&d=/e.f/../g?h", "//x/y", "/a//b", "/./a", "/a/../b", "/a/%2e%2E/b", "/a b", "/a?b c'd\"", "/a#b", "/\\x", "/\xC3\xA4", "/a\tb", "/a[b]|c^d`e{f}", "/..", "/a?..", "/.a", "/a."}) {
    CAPTURE(target);
    REQUIRE(url.assignTarget(origin, target));
    const Url parsed("http://user@example.com:8080" + target);
    CHECK(url == parsed);
    CHECK(url.path() == parsed.path());
    CHECK(url.query() == parsed.query());
    CHECK(url.fragment() == parsed.fragment());
    CHECK(url.hostAndPort() == parsed.hostAndPort());
  }
}

TEST_CASE("an absolute URL comes apart into its components") {
  const Url url("https://user:pa%20ss@Example.COM:8080/a/b?q=1#top");
  CHECK(url.href() == "https://user:pa%20ss@example.com:8080/a/b?q=1#top");
  CHECK(url.scheme() == "https");
  CHECK(url.username() == "user");
  CHECK(url.password() == "pa%20ss");
  CHECK(url.host() == "example.com");
  CHECK(url.port() == 8080);
  CHECK(url.hostAndPort() == "example.com:8080");
  CHECK(url.path() == "/a/b");
  CHECK(url.query() == "q=1");
  CHECK(url.fragment() == "top");
  CHECK(url.target() == "/a/b?q=1");
  CHECK(url.withoutFragment() == "https://user:pa%20ss@example.com:8080/a/b?q=1");
  CHECK(url.origin() == "https://example.com:8080");
  CHECK(url.isHttp());
}

TEST_CASE("a default port is dropped, and still the one to connect to") {
  const Url url("http://a:80/");
  CHECK(url.href() == "http://a/");
  CHECK(!url.port());
  CHECK(url.effectivePort() == 80);
  CHECK(Url("https://a").effectivePort() == 443);
  CHECK(Url("https://a:444").effectivePort() == 444);
  CHECK(Url("mailto:x@y").effectivePort() == 0);
}

TEST_CASE("references resolve against a base") {
  const Url base("http://h/a/b/c?x#y");
  CHECK(Url::parse("d", base).href() == "http://h/a/b/d");
  CHECK(Url::parse("../d", base).href() == "http://h/a/d");
  CHECK(Url::parse("../../../d", base).href() == "http://h/d");
  CHECK(Url::parse("/d", base).href() == "http://h/d");
  CHECK(Url::parse("//g/d", base).href() == "http://g/d");
  CHECK(Url::parse("?d", base).href() == "http://h/a/b/c?d");
  CHECK(Url::parse("#d", base).href() == "http://h/a/b/c?x#d");
  CHECK(Url::parse("", base).href() == "http://h/a/b/c?x");
  CHECK(Url::parse("mailto:x", base).href() == "mailto:x");
  CHECK(Url::parse(" \td\n ", base).href() == "http://h/a/b/d");
}

TEST_CASE("a text that is no URL is a UrlError that says where and why") {
  try {
    (void)Url::parse("http://example.com:99999/");
    FAIL("parsed");
  } catch (const UrlError& error) {
    CHECK(error.reason == UrlProblem::PortOutOfRange);
    CHECK(error.input == "http://example.com:99999/");
    CHECK(error.offset == 19);
    CHECK(std::string(error.what()) ==
          "parsing the URL \"http://example.com:99999/\" at offset 19: the port is over 65535");
  }
  const auto reason = [](std::string_view text) {
    Url url;
    UrlProblem problem{};
    CHECK(!url.assign(text, nullptr, &problem));
    CHECK(url.empty());
    CHECK(!Url::tryParse(text));
    return problem;
  };
  CHECK(reason("page.html") == UrlProblem::MissingScheme);
  CHECK(reason("http://") == UrlProblem::HostMissing);
  CHECK(reason("http://user@/") == UrlProblem::HostMissing);
  CHECK(reason("http://a b/") == UrlProblem::DomainInvalidCodePoint);
  CHECK(reason("x://a b/") == UrlProblem::HostInvalidCodePoint);
  CHECK(reason("http://1.2.3.4.5/") == UrlProblem::Ipv4Invalid);
  CHECK(reason("http://[::1/") == UrlProblem::Ipv6Unclosed);
  CHECK(reason("http://[::g]/") == UrlProblem::Ipv6Invalid);
  CHECK(reason("http://a:b/") == UrlProblem::PortInvalid);
  CHECK(reason("http://\xC2\xAD/") == UrlProblem::DomainToAscii);
}

TEST_CASE("IPv4 in odd notation is the address that a browser would connect to") {
  CHECK(Url("http://0x7f.1/").host() == "127.0.0.1");
  CHECK(Url("http://2130706433/").host() == "127.0.0.1");
  CHECK(Url("http://0177.0.0.1./").host() == "127.0.0.1");
  CHECK(Url("http://%31%32%37.1/").host() == "127.0.0.1");
  CHECK(Url("http://1.2.3.4/").hasIpHost());
  CHECK(Url("http://[1:0:0::0]/").host() == "[1::]");
  CHECK(Url("http://[::ffff:1.2.3.4]/").host() == "[::ffff:102:304]");
  CHECK(Url("http://[::1]/").hasIpHost());
  CHECK(!Url("http://a1/").hasIpHost());
}

TEST_CASE("one object parses many links, also its own text") {
  Url link;
  const Url base("http://h/a/");
  CHECK(link.assign("b", &base));
  CHECK(link.href() == "http://h/a/b");
  CHECK(link.assign(link.href(), &base));
  CHECK(link.href() == "http://h/a/b");
  CHECK(!link.assign("http://:1/", &base));
  CHECK(link.empty());
  CHECK(link.host() == "");
  CHECK(link.assign("?q", &base));
  CHECK(link.href() == "http://h/a/?q");
}

TEST_CASE("a moved-from URL is empty, a copied one is equal") {
  Url a("http://h/path/that/does/not/fit/inside/a/small/string");
  Url b = a;
  CHECK(a == b);
  Url c = std::move(a);
  CHECK(c == b);
  CHECK(a.empty());       // NOLINT(bugprone-use-after-move): that is the promise
  CHECK(a.path() == "");
  std::unordered_set<Url> seen{b};
  CHECK(seen.contains(c));
  CHECK(Url("http://a/") < Url("http://b/"));
}

TEST_CASE("parts can be left away") {
  const Url url("http://u:p@h:1/x?y#z");
  CHECK(url.withFragmentRemoved().href() == "http://u:p@h:1/x?y");
  CHECK(url.withCredentialsRemoved().href() == "http://h:1/x?y#z");
  CHECK(url.withCredentialsRemoved().fragment() == "z");
  CHECK(url.withCredentialsRemoved().port() == 1);
  CHECK(url.withCredentialsRemoved().withFragmentRemoved() == Url("http://h:1/x?y"));
}

TEST_CASE("an origin is scheme, host and port") {
  CHECK(Url("http://a/x").sameOrigin(Url("http://u@a:80/y")));
  CHECK(!Url("http://a/").sameOrigin(Url("https://a/")));
  CHECK(!Url("http://a/").sameOrigin(Url("http://a:81/")));
  CHECK(!Url("mailto:x").sameOrigin(Url("mailto:x")));
}

TEST_CASE("any bytes parse or fail, and what parses is plain ASCII and parses to itself") {
  std::uint64_t seed = 42;
  const auto next = [&seed] { return seed = seed * 6364136223846793005ULL + 1442695040888963407ULL, seed >> 33; };
  const std::string alphabet = std::string("ab.%2e/\\?#:@[]|^ \t\n1x0-\xC3\xA9\xFF~") + "http://";
  const Url base("http://base/x/y?z");
  const Url file("file:///C:/x");
  const char* starts[] = {"", "http://", "file:", "x:", "//", "http:"};
  for (int round = 0; round < 200000; ++round) {
    std::string text = starts[next() % 6];
    for (std::uint64_t n = next() % 12; n > 0; --n) text += alphabet[next() % alphabet.size()];
    const auto url = Url::tryParse(text, round % 3 == 0 ? file : base);
    if (!url) continue;
    for (char c : url->href()) REQUIRE_MESSAGE(static_cast<unsigned char>(c - 0x20) < 0x5F, text);
    const auto again = Url::tryParse(url->href());
    REQUIRE_MESSAGE(again.has_value(), text << " -> " << url->href());
    REQUIRE_MESSAGE(again->href() == url->href(), text);
    REQUIRE(again->path() == url->path());
    REQUIRE(again->host() == url->host());
    REQUIRE(again->port() == url->port());
  }
}

TEST_CASE("the web platform's URL table") {
  const auto table = readTable("url/urltestdata.json");
  int passed = 0;
  for (const auto& test : table["cases"].GetArray()) {
    const std::string input = textOf(test["input"]);
    CAPTURE(std::string(test["id"].GetString()));
    CAPTURE(input);
    std::optional<Url> base;
    std::optional<Url> url;
    if (test["base"].IsNull()) {
      url = Url::tryParse(input);
    } else {
      base = Url::tryParse(textOf(test["base"]));
      if (base) url = Url::tryParse(input, *base);
    }
    if (test.HasMember("failure")) {
      CHECK_MESSAGE(!url, url->href());
      passed += !url;
      continue;
    }
    CHECK(url.has_value());
    if (!url) continue;
    const auto is = [&test](const char* name, std::string_view value) {
      return !test.HasMember(name) || textOf(test[name]) == value;
    };
    const auto prefixed = [](char mark, std::string_view value) {
      return value.empty() ? std::string() : mark + std::string(value);
    };
    bool good = true;
    const auto check = [&](const char* name, std::string_view value) {
      CAPTURE(name);
      CHECK_MESSAGE(is(name, value), value << " instead of " << textOf(test[name]));
      good = good && is(name, value);
    };
    check("href", url->href());
    check("protocol", std::string(url->scheme()) + ":");
    check("username", url->username());
    check("password", url->password());
    check("host", url->hostAndPort());
    check("hostname", url->host());
    check("port", url->port() ? std::to_string(*url->port()) : "");
    check("pathname", url->path());
    check("search", prefixed('?', url->query()));
    check("hash", prefixed('#', url->fragment()));
    check("origin", url->origin());
    passed += good;
  }
  MESSAGE("urltestdata: " << passed << " of " << table["cases"].Size());
}

TEST_CASE("the web platform's host name tables") {
  // ICU 72 (Unicode 15) decides one otherwise than the table: see tests/conformance/url/README.md.
  for (const char* name : {"url/toascii.json", "url/idna_v2.json"}) {
    const auto table = readTable(name);
    int passed = 0;
    for (const auto& test : table["cases"].GetArray()) {
      const std::string input = textOf(test["input"]);
      if (input.find_first_of("/?#\\:@") != std::string::npos) {  // would not reach the host parser as one host
        ++passed;
        continue;
      }
      const auto url = Url::tryParse("https://" + input + "/x");
      const bool good = test["output"].IsNull() ? !url : url && url->host() == textOf(test["output"]);
      passed += good;
      const std::string id = test["id"].GetString();
      CHECK_MESSAGE((good || id == "idna_v2-1912"), id);
    }
    MESSAGE(std::string(name) << ": " << passed << " of " << table["cases"].Size());
  }
}

TEST_CASE("a setter changes its part, or nothing") {
  Url url("http://user@example.com:8080/a/b?c#d");
  CHECK(url.setProtocol("HTTPS:"));
  CHECK(url.href() == "https://user@example.com:8080/a/b?c#d");
  CHECK(url.setHost("b\u00FCcher.example:81"));
  CHECK(url.hostAndPort() == "xn--bcher-kva.example:81");
  CHECK(url.setPort("443"));
  CHECK(!url.port());
  CHECK(url.setUsername(""));
  CHECK(!url.hasCredentials());
  CHECK(url.setPathname("x/../y z?#"));
  CHECK(url.path() == "/y%20z%3F%23");
  CHECK(url.setSearch("?e=f g"));
  CHECK(url.setHash(""));
  CHECK(url.href() == "https://xn--bcher-kva.example/y%20z%3F%23?e=f%20g");
  const std::string before = url.href();
  CHECK(!url.setProtocol("mailto"));
  CHECK(!url.setProtocol(""));
  CHECK(!url.setHost("a b"));
  CHECK(!url.setHost(""));
  CHECK(!url.setHostname("a:80"));
  CHECK(!url.setPort("x"));
  CHECK(!url.setPort("65536"));
  CHECK(!url.setHref("nowhere"));
  CHECK(url.href() == before);
  CHECK(url.setHost("other:65536"));                   // a good host stays
  CHECK(url.hostAndPort() == "other");
  CHECK(url.setPathname(url.host()));                  // its own text
  CHECK(url.href() == "https://other/other?e=f%20g");
  CHECK(url.setHref("http://[::1]/"));
  CHECK(url.host() == "[::1]");
}

TEST_CASE("setters leave a URL without a host, and no URL, as they must be") {
  Url mail("mailto:me@example.com");
  CHECK(!mail.setHost("x"));
  CHECK(!mail.setPort("1"));
  CHECK(!mail.setUsername("x"));
  CHECK(!mail.setPathname("x"));
  CHECK(mail.setSearch("subject=a b"));
  CHECK(mail.href() == "mailto:me@example.com?subject=a%20b");
  Url none;
  for (auto set : {&Url::setProtocol, &Url::setHost, &Url::setHostname, &Url::setPort, &Url::setPathname, &Url::setSearch, &Url::setHash, &Url::setUsername, &Url::setPassword})
    CHECK(!(none.*set)("x"));
  CHECK(none.empty());
}

TEST_CASE("the web platform's table of setters") {
  const auto table = readTable("url/setters.json");
  int passed = 0;
  for (const auto& test : table["cases"].GetArray()) {
    Url url(textOf(test["href"]));
    const std::string value = textOf(test["new_value"]);
    const std::string part = test["set"].GetString();
    if (part == "href") url.setHref(value);
    else if (part == "protocol") url.setProtocol(value);
    else if (part == "username") url.setUsername(value);
    else if (part == "password") url.setPassword(value);
    else if (part == "host") url.setHost(value);
    else if (part == "hostname") url.setHostname(value);
    else if (part == "port") url.setPort(value);
    else if (part == "pathname") url.setPathname(value);
    else if (part == "search") url.setSearch(value);
    else if (part == "hash") url.setHash(value);
    else FAIL("no setter of this name");
    const auto prefixed = [](char c, std::string_view text) { return text.empty() ? std::string() : c + std::string(text); };
    bool good = true;
    for (const auto& expected : test["expected"].GetObject()) {
      const std::string name = expected.name.GetString();
      std::string actual;
      if (name == "href") actual = url.href();
      else if (name == "protocol") actual = std::string(url.scheme()) + ":";
      else if (name == "username") actual = url.username();
      else if (name == "password") actual = url.password();
      else if (name == "host") actual = url.hostAndPort();
      else if (name == "hostname") actual = url.host();
      else if (name == "port") actual = url.port() ? std::to_string(*url.port()) : "";
      else if (name == "pathname") actual = url.path();
      else if (name == "search") actual = prefixed('?', url.query());
      else if (name == "hash") actual = prefixed('#', url.fragment());
      CHECK_MESSAGE(actual == textOf(expected.value), test["id"].GetString() << ": " << name);
      good = good && actual == textOf(expected.value);
    }
    CHECK(Url(url.href()).href() == url.href());
    passed += good;
  }
  MESSAGE("setters: " << passed << " of " << table["cases"].Size());
}

TEST_CASE("a site is the scheme and the registrable domain") {
  CHECK(Url("https://www.example.co.uk:81/x").registrableDomain() == "example.co.uk");
  CHECK(Url("https://www.example.co.uk:81/x").site() == "https://example.co.uk");
  CHECK(Url("https://WWW.Example.CO.UK/").site() == "https://example.co.uk");
  CHECK(Url("https://co.uk/").site() == "https://co.uk");
  CHECK(Url("http://127.0.0.1:8000/").registrableDomain() == "");
  CHECK(Url("http://127.0.0.1:8000/").site() == "http://127.0.0.1");
  CHECK(Url("http://[::1]:8000/").site() == "http://[::1]");
  CHECK(Url("http://localhost/").site() == "http://localhost");
  CHECK(Url("mailto:a@example.com").site() == "null");
  CHECK(Url("blob:https://a.example.com/1-2").site() == "https://example.com");
  CHECK(Url("file:///etc").site() == "null");
  CHECK(Url("https://a.example.com").sameSite(Url("https://b.example.com:8443")));
  CHECK(!Url("https://a.example.com").sameSite(Url("http://a.example.com")));
  CHECK(!Url("https://a.github.io").sameSite(Url("https://b.github.io")));
  CHECK(Url("http://10.0.0.1").sameSite(Url("http://10.0.0.1:8080")));
  CHECK(!Url("http://10.0.0.1").sameSite(Url("http://11.0.0.1")));
  CHECK(!Url("file:///a").sameSite(Url("file:///a")));
}
