// Fetches many pages, a few at a time, and tells of each as it comes.
#include "arguments.hpp"

#include <weft/defer.hpp>
#include <weft/http.hpp>
#include <weft/net.hpp>

#include <cstdio>
#include <string>
#include <vector>

using namespace weft;

constexpr const char* kUsage =
    "http_many [--limit N] URL...\n\n"
    "Fetches all URLs, at most N of them at a time (4), and prints a line for each as it comes: its status and size, or what went wrong. Ends with 1 when something did.\n\n"
    "  --limit N   how many at a time\n";

Deferred<std::string> lineFor(http::AnyAgent& client, DeferredSemaphore& places, std::string url) {
  auto waiting = places.acquire();
  const auto place = co_await waiting;                 // given back at the end of this function, whichever way it ends
  auto asking = client.get(url);
  http::Response response = co_await asking;
  auto reading = response.bytes();
  const std::string body = co_await reading;
  co_return std::to_string(response.status) + " " + std::to_string(body.size()) + " bytes " + url;
}

Deferred<int> fetchAll(Reactor& reactor, std::vector<std::string> urls, std::size_t limit) {
  net::TcpNetwork network(reactor);
  http::Agent agent(network, http::AgentOptions().setMaxPerHost(limit));
  http::ContentDecoderAgent client(agent);
  DeferredSemaphore places(limit);
  std::vector<Deferred<std::string>> lines;
  for (const std::string& url : urls) lines.push_back(lineFor(client, places, url));
  int code = 0;
  auto arriving = asCompleted(std::move(lines));
  while (auto arrived = co_await arriving.next()) {
    if (arrived->outcome.ok()) {
      std::printf("%s\n", arrived->outcome.value().c_str());
    } else {
      std::printf("%s\n", arrived->outcome.failure().getErrorMessage().c_str());
      code = 1;
    }
  }
  co_return code;
}

int main(int argc, char** argv) {
  const Arguments arguments(argc, argv, kUsage);
  std::vector<std::string> urls;
  for (int i = 1; i < argc; ++i) {
    if (std::string_view(argv[i]) == "--limit") ++i;
    else urls.emplace_back(argv[i]);
  }
  const long limit = arguments.number("--limit", 4);
  if (urls.empty() || limit == 0) {
    std::fprintf(stderr, "%s", kUsage);
    return 2;
  }
  return react([&](Reactor& reactor) { return fetchAll(reactor, urls, static_cast<std::size_t>(limit)); }, argc, argv);
}
