#include <weft/http/client/proxy_settings.hpp>

#include <doctest/doctest.h>

#include <map>
#include <optional>
#include <string>

using namespace weft::http;

namespace {

std::string proxyFor(const ProxySettings& settings, const char* url) {
  const auto proxy = settings.proxyFor(Url(url));
  return proxy ? proxy->href() : "direct";
}

std::string problemOf(const char* proxy) {
  try {
    ProxySettings().all(proxy);
  } catch (const ProxySettingsError& error) {
    return error.what();
  }
  return "none";
}

using Variables = std::map<std::string, std::string>;

ProxySettings settingsFrom(const Variables& variables) {
  return ProxySettings::fromEnvironment([&](const char* name) {
    const auto found = variables.find(name);
    return found == variables.end() ? std::nullopt : std::optional<std::string>(found->second);
  });
}

}  // namespace

TEST_CASE("each scheme has its proxy, and without settings there is none") {
  CHECK(ProxySettings().empty());
  CHECK(proxyFor(ProxySettings(), "http://a/") == "direct");
  const auto settings = ProxySettings().http("proxy:3128").https("socks5h://127.0.0.1:9050");
  CHECK(proxyFor(settings, "http://a/") == "http://proxy:3128/");
  CHECK(proxyFor(settings, "https://a/") == "socks5h://127.0.0.1:9050");
  CHECK(proxyFor(ProxySettings().all("proxy").http(""), "http://a/") == "direct");
}

TEST_CASE("hosts without a proxy: names with what is below them, ports, addresses, ranges, all") {
  const auto settings = ProxySettings().all("http://p/").except("localhost, .example.com *.example.org,host:8080,10.0.0.0/8,2001:db8::1,192.0.2.1:81");
  for (const char* direct : {"http://localhost/", "http://localhost:9/", "http://example.com/", "http://a.b.EXAMPLE.com/", "http://x.example.org/", "http://host:8080/", "http://10.1.2.3/",
                             "http://[2001:db8::1]/", "http://192.0.2.1:81/"})
    CHECK_MESSAGE(proxyFor(settings, direct) == "direct", direct);
  for (const char* through : {"http://notexample.com/", "http://example.com.evil/", "http://host/", "http://11.0.0.1/", "http://[2001:db8::2]/", "http://192.0.2.1/", "http://10.evil/"})
    CHECK_MESSAGE(proxyFor(settings, through) == "http://p/", through);
  CHECK(proxyFor(ProxySettings().all("p").except("a,*"), "http://b/") == "direct");
  CHECK_THROWS_WITH_AS(ProxySettings().except("host:http"), "a host without a proxy, host:http: \"http\" is no port", ProxySettingsError);
  CHECK_THROWS_AS(ProxySettings().except("10.0.0.0/40"), ProxySettingsError);
}

TEST_CASE("a proxy that cannot be one says why, and never its password") {
  CHECK(problemOf("ftp://proxy/") == "the proxy for http (ftp://proxy/): there are proxies of the schemes http, https, socks5 and socks5h, not ftp");
  CHECK(problemOf("http://me:secret@pro xy/") == "the proxy for http (http://…@pro xy/) is no URL");
  CHECK(problemOf("socks5://") != "none");
}

TEST_CASE("the environment's variables are read as curl reads them") {
  CHECK(settingsFrom({}).empty());
  const auto settings = settingsFrom({{"http_proxy", "a"}, {"HTTPS_PROXY", "b"}, {"all_proxy", "c"}, {"NO_PROXY", "direct.example"}});
  CHECK(proxyFor(settings, "http://x/") == "http://a/");
  CHECK(proxyFor(settings, "https://x/") == "http://b/");
  CHECK(proxyFor(settings, "https://direct.example/") == "direct");
  CHECK(settingsFrom({{"HTTP_PROXY", "a"}}).empty());  // what a CGI program gets from whoever asks it
  CHECK(proxyFor(settingsFrom({{"ALL_PROXY", "c"}}), "https://x/") == "http://c/");
  CHECK(proxyFor(settingsFrom({{"all_proxy", "c"}, {"http_proxy", ""}}), "http://x/") == "direct");
  CHECK_THROWS_WITH_AS(settingsFrom({{"https_proxy", "gopher://a"}}),
                       "the variable https_proxy (gopher://a): there are proxies of the schemes http, https, socks5 and socks5h, not gopher", ProxySettingsError);
}
