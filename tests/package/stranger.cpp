// Uses something of each floor, as somebody would who has only what is installed.
#include <weft/core.hpp>
#include <weft/crawler.hpp>
#include <weft/crawler/response.hpp>
#include <weft/defer.hpp>
#include <weft/http/headers.hpp>
#include <weft/http/url.hpp>
#include <weft/net.hpp>

#include <iostream>
#include <string>

using weft::http::Headers;
using weft::http::Url;

weft::Deferred<std::string> fetch(weft::Clock& clock, Url url) {
  co_await weft::deferLater(clock, 1);
  weft::crawler::Response response(url, 200, Headers(), "weft serves a stranger");
  co_return std::string(response.text());
}

int main() {
  weft::ManualClock clock;
  auto url = Url::parse("http://b\u00fccher.example/");  // what needs ICU, in a static library
  auto printed = fetch(clock, url).addCallback([](std::string text) { std::cout << text << '\n'; });
  clock.advance(1);
  return printed.called() && url.host() == "xn--bcher-kva.example" ? 0 : 1;
}
