// URLs: whatever parses is written so that it parses to the same, resolves against itself, and keeps its parts apart.
#include "fuzz/check.hpp"

#include <weft/http/forms/form.hpp>
#include <weft/http/public_suffix.hpp>
#include <weft/http/url.hpp>

#include <string>
#include <string_view>

using weft::http::Url;

static void checkParts(const Url& url) {
  const std::string& href = url.href();
  FUZZ_CHECK(href.find_first_of(std::string_view("\r\n\t\0", 4)) == std::string::npos);
  for (char c : href) FUZZ_CHECK(static_cast<unsigned char>(c) < 0x80);
  const auto again = Url::tryParse(href);
  FUZZ_CHECK(again && again->href() == href);
  for (auto part : {&Url::scheme, &Url::username, &Url::password, &Url::host, &Url::hostAndPort, &Url::path, &Url::query, &Url::fragment, &Url::target, &Url::withoutFragment})
    FUZZ_CHECK((url.*part)() == ((*again).*part)());
  FUZZ_CHECK(url.port() == again->port());
  FUZZ_CHECK(url.origin() == again->origin());
  FUZZ_CHECK(url.site() == again->site());
  FUZZ_CHECK(std::string_view(url.withCredentialsRemoved().href()).find(url.host()) != std::string_view::npos);
  FUZZ_CHECK(!url.isSpecial() || url.scheme() == "file" || !url.host().empty());
}

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const std::size_t line = text.find('\n');              // a base, then a reference and a value for the setters
  const std::string_view first = text.substr(0, line);
  const std::string_view second = line == std::string_view::npos ? std::string_view() : text.substr(line + 1);
  if (auto url = Url::tryParse(first)) {
    checkParts(*url);
    if (const auto resolved = Url::tryParse(second, *url)) checkParts(*resolved);
    for (auto set : {&Url::setHref, &Url::setProtocol, &Url::setUsername, &Url::setPassword, &Url::setHost, &Url::setHostname, &Url::setPort, &Url::setPathname, &Url::setSearch, &Url::setHash}) {
      const std::string before = url->href();
      const bool changed = (*url.*set)(second);
      FUZZ_CHECK(changed || url->href() == before);
      // A scheme that becomes "file" leaves a host of localhost and drive letters as they were, which a parser would not.
      if (url->scheme() == "file") break;
      checkParts(*url);
    }
  }
  const std::string_view domain = weft::http::registrableDomain(first);
  FUZZ_CHECK(first.ends_with(domain));
  const auto form = weft::http::Form::parse(text);
  FUZZ_CHECK(weft::http::Form::parse(form.toString()) == form);
  return 0;
}
