// Fetches pages of a server all at once, over one connection of HTTP/2, and keeps them in a folder.
#include "arguments.hpp"

#include <weft/defer.hpp>
#include <weft/http.hpp>
#include <weft/net.hpp>

#include <cstdio>
#include <filesystem>
#include <string>
#include <vector>

using namespace weft;

constexpr const char* kUsage =
    "http2_mirror [--known] FOLDER URL...\n\n"
    "Fetches all URLs at once and keeps each in FOLDER, under its path. Says of each what it was fetched by: HTTP/2 where an https server speaks it, else HTTP/1.1. Ends with 1 when one could "
    "not be had.\n\n"
    "  --known   http servers are known to speak HTTP/2, which over plain connections cannot be asked\n";

// "/" becomes index.html; a path never leads out of the folder, since a Url has no dots left in it.
std::string fileFor(const std::string& folder, const Url& url) {
  std::string path(url.path());
  if (path.ends_with('/')) path += "index.html";
  return folder + path;
}

Deferred<std::string> keep(http::AnyAgent& client, std::string folder, std::string url) {
  auto asking = client.get(url);
  http::Response response = co_await asking;
  if (!response.ok()) throw http::StatusError(response.status, url + ": " + std::to_string(response.status));
  const std::string version = response.majorVersion == 2 ? "HTTP/2" : "HTTP/1." + std::to_string(response.minorVersion);
  const std::string file = fileFor(folder, response.url);
  std::filesystem::create_directories(std::filesystem::path(file).parent_path());
  auto saving = response.saveTo(file);
  const std::uint64_t bytes = co_await saving;
  co_return version + " " + std::to_string(bytes) + " bytes " + file;
}

Deferred<int> mirror(Reactor& reactor, std::string folder, std::vector<std::string> urls, bool known) {
  net::TcpNetwork network(reactor);
  http::Agent client(network, http::AgentOptions().setHttp2PriorKnowledge(known));
  std::vector<Deferred<std::string>> pages;
  for (const std::string& url : urls) pages.push_back(keep(client, folder, url));
  int code = 0;
  auto arriving = asCompleted(std::move(pages));
  while (auto arrived = co_await arriving.next()) {
    if (!arrived->outcome.ok()) code = 1;
    std::printf("%s\n", arrived->outcome.ok() ? arrived->outcome.value().c_str() : arrived->outcome.failure().getErrorMessage().c_str());
  }
  std::printf("%zu pages over %llu connections\n", urls.size(), static_cast<unsigned long long>(client.stats().connects));
  co_return code;
}

int main(int argc, char** argv) {
  const Arguments arguments(argc, argv, kUsage);
  std::vector<std::string> words;
  for (int i = 1; i < argc; ++i)
    if (std::string_view(argv[i]) != "--known") words.emplace_back(argv[i]);
  if (words.size() < 2) {
    std::fprintf(stderr, "%s", kUsage);
    return 2;
  }
  const std::string folder = words.front();
  words.erase(words.begin());
  return react([&](Reactor& reactor) { return mirror(reactor, folder, words, arguments.has("--known")); }, argc, argv);
}
