// Downloads a file, shows how far it is, and goes on where an earlier try ended.
#include "arguments.hpp"

#include <weft/defer.hpp>
#include <weft/http.hpp>
#include <weft/net.hpp>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string>

using namespace weft;

constexpr const char* kUsage =
    "http_download URL FILE\n\n"
    "Downloads URL into FILE. What has come lies in FILE.part: if that is there already, only the rest is asked for (Range, If-Range), as long as the server still has the\n"
    "same file. Prints a line for each tenth.\n";

/// How far a download is.
class Progress {
 public:
  explicit Progress(std::uint64_t had) : had_(had) {}
  void operator()(std::uint64_t bytes, std::optional<std::uint64_t> total) {
    if (!total) return;
    const std::uint64_t percent = (had_ + bytes) * 100 / std::max<std::uint64_t>(had_ + *total, 1);
    if (percent / 10 == tenths_) return;
    tenths_ = percent / 10;
    std::printf("%llu %%\n", static_cast<unsigned long long>(tenths_ * 10));
  }

 private:
  std::uint64_t had_, tenths_ = 0;
};

Deferred<> download(Reactor& reactor, std::string url, std::string file) {
  const std::string part = file + ".part", tag = file + ".etag";
  std::uint64_t had = std::filesystem::exists(part) ? std::filesystem::file_size(part) : 0;
  std::string known;
  std::getline(std::ifstream(tag), known);             // which file it is that is there in part
  if (known.empty()) had = 0;

  net::TcpNetwork network(reactor);
  http::Agent agent(network, http::AgentOptions().setMaxBody(http::Body::kUnlimited).setTotalTimeout(3600));
  http::RedirectAgent client(agent, reactor, http::RedirectOptions().setTotalTimeout(3600));
  http::Request request("GET", url);
  if (had > 0) request.setHeader("Range", "bytes=" + std::to_string(had) + "-").setHeader("If-Range", known);
  auto asking = client.request(std::move(request));
  http::Response response = co_await asking;
  if (response.status != 200 && response.status != 206) {
    std::fprintf(stderr, "%s: %d %s\n", url.c_str(), response.status, response.reason.c_str());
    throw SystemExit(1);
  }
  if (response.status == 200) had = 0;
  if (had > 0) std::printf("going on at byte %llu\n", static_cast<unsigned long long>(had));

  std::ofstream(tag) << response.headers.get("ETag", "");
  std::ofstream out(part, had > 0 ? std::ios::binary | std::ios::app : std::ios::binary);
  out.exceptions(std::ios::badbit | std::ios::failbit);
  response.onProgress(Progress(had));
  auto chunks = response.chunks();
  while (auto chunk = co_await chunks.next()) out << *chunk << std::flush;
  out.close();
  std::filesystem::rename(part, file);
  std::filesystem::remove(tag);
  std::printf("%s: %llu bytes\n", file.c_str(), static_cast<unsigned long long>(std::filesystem::file_size(file)));
}

int main(int argc, char** argv) {
  const Arguments arguments(argc, argv, kUsage);
  if (argc != 3) {
    std::fprintf(stderr, "%s", kUsage);
    return 2;
  }
  return react(
      [&](Reactor& reactor) {
        return download(reactor, argv[1], argv[2]).addErrback([](const Error& error) {
          if (dynamic_cast<const SystemExit*>(&error)) throw SystemExit(1);
          std::fprintf(stderr, "%s\n", error.what());
          throw SystemExit(1);
        });
      },
      argc, argv);
}
