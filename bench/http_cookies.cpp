// What a cookie jar adds to a request: lookups and Set-Cookie fields, in jars of several sizes.
#include "harness.hpp"

#include <weft/http/cookies/cookie_jar.hpp>
#include <weft/http/public_suffix.hpp>

#include <cstdio>
#include <memory>
#include <string>
#include <vector>

namespace {

using weft::http::CookieJar;
using weft::http::Url;

constexpr int kRequests = 20'000;

// `cookies` cookies, `each` on a site.
std::shared_ptr<CookieJar> makeSites(int cookies, int each) {
  auto jar = std::make_shared<CookieJar>();
  for (int i = 0; i < cookies; ++i) {
    const std::string host = "site" + std::to_string(i / each) + ".example";
    jar->setCookie("name" + std::to_string(i % each) + "=0123456789abcdef; Path=/", Url("http://" + host + "/"));
  }
  return jar;
}

}  // namespace

int main(int argc, char** argv) {
  bench::Suite suite("http_cookies", "nanoseconds per request");
  const Url stranger("http://www.nobody.example/a/b");
  std::vector<Url> urls;
  for (int i = 0; i < 100; ++i) urls.emplace_back("http://site" + std::to_string(i) + ".example/a/b");
  suite.section("lookup: the Cookie field of a request");
  for (const auto& [size, each] : {std::pair(10, 1), {100, 1}, {1000, 1}, {3000, 1}, {1000, 10}, {3000, 30}}) {
    const auto jar = makeSites(size, each);
    if (jar->size() != static_cast<std::size_t>(size)) std::printf("a jar of %d holds %zu\n", size, jar->size());
    const std::string name = std::to_string(size) + "_cookies_" + std::to_string(each) + "_each";
    suite.time(name + "_none", kRequests, [jar, &stranger] {
      std::size_t bytes = 0;
      for (int i = 0; i < kRequests; ++i) bytes += jar->cookieHeader(stranger).size();
      bench::keep(bytes);
    });
    suite.time(name, kRequests, [jar, &urls] {
      std::size_t bytes = 0;
      for (int i = 0; i < kRequests; ++i) bytes += jar->cookieHeader(urls[static_cast<std::size_t>(i) % 10]).size();
      bench::keep(bytes);
    });
  }
  suite.section("the parts");
  suite.time("set_cookie_again", kRequests, [jar = makeSites(1000, 10), &urls] {
    for (int i = 0; i < kRequests; ++i) jar->setCookie("name1=fedcba9876543210; Path=/; Secure; HttpOnly; Max-Age=3600", urls[static_cast<std::size_t>(i) % 10]);
  });
  suite.time("registrable_domain_known", kRequests, [&urls] {
    std::size_t bytes = 0;
    for (int i = 0; i < kRequests; ++i) bytes += weft::http::registrableDomain(urls[static_cast<std::size_t>(i) % 10].host()).size();
    bench::keep(bytes);
  });
  suite.time("registrable_domain_new", kRequests, [names = [] {
               std::vector<std::string> all;
               for (int i = 0; i < kRequests; ++i) all.push_back("www.host" + std::to_string(i) + ".example.co.uk");
               return all;
             }()] {
    std::size_t bytes = 0;
    for (const std::string& name : names) bytes += weft::http::registrableDomain(name).size();
    bench::keep(bytes);
  });
  return suite.run(argc, argv);
}
