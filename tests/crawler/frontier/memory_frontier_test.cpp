#include <weft/crawler/frontier/memory_frontier.hpp>
#include <weft/defer/testing.hpp>

#include <doctest/doctest.h>

#include <algorithm>
#include <map>
#include <random>
#include <string>
#include <vector>

using namespace weft;
using crawler::Fate;
using crawler::FrontierCounts;
using crawler::Lease;
using crawler::MemoryFrontier;
using crawler::Order;
using crawler::Settings;

namespace {

Settings perHost(int limit) {
  Settings settings;
  settings.concurrentRequestsPerDomain = limit;
  return settings;
}

template <class... Urls> std::vector<Request> requests(Urls... urls) {
  std::vector<Request> all;
  (all.emplace_back(std::string_view(urls)), ...);
  return all;
}

std::string urlOf(const std::optional<Lease>& lease) { return lease ? lease->request->url.href() : "none"; }

bool balanced(const FrontierCounts& counts) {
  return counts.enqueued == counts.done + counts.failed + counts.dropped + counts.pending + counts.leased;
}

}  // namespace

TEST_CASE("requests come out in the order in which they were added, each once") {
  MemoryFrontier frontier(perHost(8));
  CHECK(successResultOf(frontier.add(requests("http://a/1", "http://a/2", "http://a/1#top", "http://a/3"))) == 3);
  for (const char* url : {"http://a/1", "http://a/2", "http://a/3"}) {
    auto lease = successResultOf(frontier.next());
    CHECK(urlOf(lease) == url);
    CHECK(successResultOf(frontier.commit(std::move(*lease), Fate::Done, requests("http://a/2"))) == 0);
  }
  CHECK(frontier.counts().done == 3);
  CHECK(frontier.counts().filtered == 4);
  CHECK(balanced(frontier.counts()));
}

TEST_CASE("next() ends when all is committed and there are no more start requests, not before") {
  MemoryFrontier frontier(perHost(8));
  auto first = frontier.next();
  assertNoResult(first);
  frontier.add(requests("http://a/1")).detach();
  auto lease = successResultOf(first);
  frontier.seeded();
  auto waiting = frontier.next(), another = frontier.next();
  assertNoResult(waiting);                             // the leased page may still bring children
  CHECK(successResultOf(frontier.commit(std::move(*lease), Fate::Done, requests("http://a/2"))) == 1);
  auto second = successResultOf(waiting);
  CHECK(urlOf(second) == "http://a/2");
  assertNoResult(another);
  frontier.commit(std::move(*second), Fate::Failed, {}).detach();
  CHECK_FALSE(successResultOf(another));
  CHECK_FALSE(successResultOf(frontier.next()));
  CHECK(frontier.counts().failed == 1);
  CHECK(balanced(frontier.counts()));
}

TEST_CASE("a host gets no more than its share at once, and others are served meanwhile") {
  MemoryFrontier frontier(perHost(2));
  frontier.add(requests("http://a/1", "http://a/2", "http://a/3", "http://b/1")).detach();
  auto a1 = successResultOf(frontier.next()), b1 = successResultOf(frontier.next()), a2 = successResultOf(frontier.next());
  CHECK(urlOf(a1) == "http://a/1");
  CHECK(urlOf(b1) == "http://b/1");                     // the host that was served longest ago comes first
  CHECK(urlOf(a2) == "http://a/2");
  auto waiting = frontier.next();
  assertNoResult(waiting);
  frontier.commit(std::move(*b1), Fate::Done, {}).detach();
  assertNoResult(waiting);
  frontier.commit(std::move(*a1), Fate::Done, {}).detach();
  CHECK(urlOf(successResultOf(waiting)) == "http://a/3");
}

TEST_CASE("higher priorities come first, on every host") {
  MemoryFrontier frontier(perHost(8));
  std::vector<Request> all = requests("http://a/low", "http://b/high", "http://a/middle", "http://a/higher");
  all[0].priority = -1;
  all[1].priority = 5;
  all[3].priority = 9;
  frontier.add(std::move(all)).detach();
  std::string order;
  for (int i = 0; i < 4; ++i) order += urlOf(successResultOf(frontier.next())) + " ";
  CHECK(order == "http://a/higher http://b/high http://a/middle http://a/low ");
}

TEST_CASE("with lifo the last one found is the first one fetched") {
  Settings settings;
  settings.schedulerOrder = Order::Lifo;
  MemoryFrontier frontier(settings);
  frontier.add(requests("http://a/1", "http://a/2")).detach();
  CHECK(urlOf(successResultOf(frontier.next())) == "http://a/2");
  frontier.add(requests("http://a/3")).detach();
  CHECK(urlOf(successResultOf(frontier.next())) == "http://a/3");
  CHECK(urlOf(successResultOf(frontier.next())) == "http://a/1");
}

TEST_CASE("a request that is not filtered is fetched again, and remembered") {
  MemoryFrontier frontier(perHost(8));
  std::vector<Request> again = requests("http://a/1", "http://a/1");
  for (Request& request : again) request.setDontFilter();
  CHECK(successResultOf(frontier.add(std::move(again))) == 2);
  CHECK(successResultOf(frontier.add(requests("http://a/1"))) == 0);
  CHECK(frontier.seen(http::Url("http://a/1#x")));
  CHECK_FALSE(frontier.seen(http::Url("http://a/2")));
}

TEST_CASE("a request that is to be tried again goes back as it is now") {
  MemoryFrontier frontier(perHost(1));
  frontier.add(requests("http://a/1", "http://a/2")).detach();
  frontier.seeded();
  auto lease = successResultOf(frontier.next());
  lease->request->retryTimes = 1;
  lease->request->priority = -1;
  frontier.commit(std::move(*lease), Fate::Retry, {}).detach();
  CHECK(frontier.counts().pending == 2);
  CHECK(balanced(frontier.counts()));
  auto second = successResultOf(frontier.next());
  CHECK(urlOf(second) == "http://a/2");
  frontier.commit(std::move(*second), Fate::Done, {}).detach();
  auto retried = successResultOf(frontier.next());
  CHECK(urlOf(retried) == "http://a/1");
  CHECK(retried->request->retryTimes == 1);
  frontier.commit(std::move(*retried), Fate::Done, {}).detach();
  CHECK_FALSE(successResultOf(frontier.next()));
  CHECK(frontier.counts().enqueued == 2);
  CHECK(frontier.counts().retried == 1);
}

TEST_CASE("close() ends every next(), and what is leased can still be committed") {
  MemoryFrontier frontier(perHost(1));
  frontier.add(requests("http://a/1", "http://a/2")).detach();
  auto lease = successResultOf(frontier.next());
  auto waiting = frontier.next();
  auto room = frontier.room(1);
  assertNoResult(room);
  frontier.close();
  CHECK_FALSE(successResultOf(waiting));
  successResultOf(room);
  CHECK_FALSE(successResultOf(frontier.next()));
  CHECK(successResultOf(frontier.commit(std::move(*lease), Fate::Done, requests("http://a/3"))) == 1);
  CHECK(frontier.counts().pending == 2);
  CHECK(balanced(frontier.counts()));
}

TEST_CASE("a next() that was cancelled or dropped swallows no request") {
  MemoryFrontier frontier(perHost(8));
  auto cancelled = frontier.next();
  { auto dropped = frontier.next(); }
  auto last = frontier.next();
  cancelled.cancel();
  failureResultOf<CancelledError>(cancelled);
  frontier.add(requests("http://a/1")).detach();
  CHECK(urlOf(successResultOf(last)) == "http://a/1");
}

TEST_CASE("what does not fit is dropped and counted, and not taken for seen") {
  Settings settings;
  settings.schedulerMaxPending = 2;
  MemoryFrontier frontier(settings);
  CHECK(successResultOf(frontier.add(requests("http://a/1", "http://a/2", "http://a/3", "http://a/1"))) == 2);
  CHECK(frontier.counts().overflowed == 1);
  CHECK(frontier.counts().filtered == 1);
  CHECK_FALSE(frontier.seen(http::Url("http://a/3")));
  successResultOf(frontier.next());
  CHECK(successResultOf(frontier.add(requests("http://a/3"))) == 1);
}

TEST_CASE("room() fires when fewer wait") {
  MemoryFrontier frontier(perHost(8));
  successResultOf(frontier.room(1));
  frontier.add(requests("http://a/1", "http://a/2")).detach();
  auto room = frontier.room(2);
  assertNoResult(room);
  successResultOf(frontier.next());
  successResultOf(room);
}

TEST_CASE("a thousand hosts are served in turn, within their limits, and nothing is lost") {
  std::mt19937 random(7);
  MemoryFrontier frontier(perHost(3));
  std::map<std::string, int> wanted;
  for (int i = 0; i < 20'000; ++i) {
    const std::string url = "http://h" + std::to_string(random() % 1000) + "/" + std::to_string(i);
    wanted[url] = 1;
    frontier.add(requests(url)).detach();
  }
  frontier.seeded();
  std::vector<Lease> leased;
  std::map<std::string, int> inFlight;
  std::size_t fetched = 0;
  for (;;) {
    auto next = frontier.next();
    if (next.called()) {
      auto lease = successResultOf(next);
      if (!lease) break;
      const std::string host(lease->request->url.host());
      REQUIRE(++inFlight[host] <= 3);
      REQUIRE(wanted.erase(lease->request->url.href()) == 1);
      leased.push_back(std::move(*lease));
      ++fetched;
      if (leased.size() < 500) continue;
    }
    REQUIRE_FALSE(leased.empty());
    std::swap(leased[random() % leased.size()], leased.back());
    --inFlight[std::string(leased.back().request->url.host())];
    frontier.commit(std::move(leased.back()), Fate::Done, {}).detach();
    leased.pop_back();
    if (next && next.called()) {
      auto lease = successResultOf(next);
      if (!lease) break;
      REQUIRE(++inFlight[std::string(lease->request->url.host())] <= 3);
      REQUIRE(wanted.erase(lease->request->url.href()) == 1);
      leased.push_back(std::move(*lease));
      ++fetched;
    }
    if (wanted.empty() && leased.empty()) break;
  }
  CHECK(wanted.empty());
  CHECK(fetched == 20'000);
  CHECK(balanced(frontier.counts()));
}
