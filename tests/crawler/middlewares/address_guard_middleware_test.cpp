#include <weft/core/log.hpp>
#include <weft/core/manual_clock.hpp>
#include <weft/crawler/engine.hpp>
#include <weft/crawler/frontier/memory_frontier.hpp>
#include <weft/crawler/http_downloader.hpp>
#include <weft/crawler/middlewares/address_guard_middleware.hpp>
#include <weft/defer/testing.hpp>
#include <weft/http/server/site.hpp>
#include <weft/net/testing/memory_network.hpp>

#include <doctest/doctest.h>

#include <memory>
#include <string>
#include <vector>

using namespace weft;
using namespace weft::crawler;

namespace {

// Starts where it is told, and goes wherever the page's words lead.
class Wanderer : public Spider {
 public:
  explicit Wanderer(std::string start) : Spider("wanderer"), start(std::move(start)) {}
  Results startRequests() override {
    Request request(start.c_str(), &Wanderer::parse);
    request.setErrback(&Wanderer::failed);
    co_yield request;
  }
  Results parse(Response response) override {
    got.push_back(response.url.href());
    if (response.body.starts_with("http")) {
      Request next = response.follow(response.body, &Wanderer::parse);
      next.setErrback(&Wanderer::failed);
      co_yield next;
    }
  }
  Results failed(Failure failure, Request request) {
    failures.push_back(request.url.href() + ": " + failure.what());
    refused = failure.check<net::AddressRefused>();
    co_return;
  }
  const std::string start;
  std::vector<std::string> got, failures;
  bool refused = false;
};

// One public host and one private one; all of their pages say the same.
struct World {
  ManualClock clock;
  net::MemoryNetwork network{clock, 5};
  Settings settings;
  LogCapture log;
  std::string page, location;
  std::unique_ptr<net::Port> port;
  int asked = 0;

  World() {
    settings.robotstxtObey = false;
    settings.logstatsInterval = 0;
    network.addHost("public.test", *net::Address::parse("93.184.216.34", 0));
    network.addHost("intranet.test", *net::Address::parse("10.1.2.3", 0));
    auto site = std::make_shared<http::Site>([this](http::Request request) -> Deferred<http::Response> {
      ++asked;
      http::Response response(200, page, "text/plain");
      if (!location.empty() && request.url.path() == "/") {
        response = http::Response(302);
        response.setHeader("Location", location);
      }
      return succeed(std::move(response));
    });
    port = network.listen(80, site);
  }
  void crawl(Wanderer& spider) {
    net::GuardedNetwork guarded(network, addressGuardFor(spider, settings));
    spider.downloaderMiddlewares = {std::make_shared<AddressGuardMiddleware>(guarded)};
    HttpDownloader downloader(guarded, settings);
    MemoryFrontier frontier(settings);
    Engine engine(spider, settings, clock, downloader, frontier);
    auto running = engine.run();
    clock.play(600);
    successResultOf(running);
  }
};

}  // namespace

TEST_CASE("a link from the open net to a private address is refused at once, and says how to allow it") {
  World world;
  world.page = "http://intranet.test/secret";
  Wanderer spider("http://public.test/");
  world.crawl(spider);
  CHECK(spider.got == std::vector<std::string>{"http://public.test/"});
  CHECK(spider.refused);
  REQUIRE(spider.failures.size() == 1);
  CHECK(spider.failures[0].find("10.1.2.3 is a special address") != std::string::npos);
  CHECK(world.asked == 1);
  CHECK_FALSE(world.log.contains("Gave up retrying"));
}

TEST_CASE("a redirect of a start request to a private address is refused as well") {
  World world;
  world.location = "http://intranet.test/secret";
  Wanderer spider("http://public.test/");
  world.crawl(spider);
  CHECK(spider.got.empty());
  CHECK(spider.refused);
}

TEST_CASE("a crawl that starts at a private address goes on there") {
  World world;
  world.page = "http://intranet.test/more";
  Wanderer spider("http://intranet.test/");
  world.crawl(spider);
  CHECK(spider.got == std::vector<std::string>{"http://intranet.test/", "http://intranet.test/more"});
}

TEST_CASE("a request may go through a proxy at a private address that it names") {
  class Proxied : public Wanderer {
   public:
    using Wanderer::Wanderer;
    Results startRequests() override { co_yield std::move(Request("http://public.test/").setMeta("proxy", "http://intranet.test:80")); }
  };
  World world;
  Proxied spider("http://public.test/");
  world.crawl(spider);
  CHECK(spider.got == std::vector<std::string>{"http://public.test/"});
  CHECK_FALSE(spider.refused);
}

TEST_CASE("hosts and ranges of the settings and the spider's own domains are allowed") {
  for (const char* allowed : {"intranet.test", "192.168.0.0/16, 10.1.0.0/16"}) {
    World world;
    world.page = "http://intranet.test/secret";
    world.settings.set("ADDRESS_GUARD_ALLOW", allowed);
    Wanderer spider("http://public.test/");
    world.crawl(spider);
    CHECK(spider.got.size() == 2);
  }
  World own;
  own.page = "http://intranet.test/secret";
  Wanderer spider("http://public.test/");
  spider.allowedDomains = {"public.test", "intranet.test"};
  own.crawl(spider);
  CHECK(spider.got.size() == 2);

  Settings wrong;
  wrong.addressGuardAllow = "10.1.0.0/99";
  CHECK_THROWS_AS(addressGuardFor(spider, wrong), SettingError);
}
