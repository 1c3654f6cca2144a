// The HTTP clients that bench/http_client compares: the floor, ours, and those of other libraries where they are installed.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace bench {

/// GETs of http://127.0.0.1:`port``path`, `connections` of them at a time, each over a connection that is kept.
struct Work {
  std::uint16_t port;
  std::string path;
  int connections;
  long requests;
};

/// Does the work in one thread; gives how many bytes the bodies had. Ends the program when a request fails.
struct HttpClient {
  const char* name;
  long (*get)(const Work& work);
};

long getByEpoll(const Work& work);
long getByAgent(const Work& work);
long getThroughLayers(const Work& work);
long getByCurl(const Work& work);
long getByBeast(const Work& work);

/// The first is the floor: the least code that does it and keeps the fields and the body.
inline const std::vector<HttpClient> kHttpClients = {
    {"raw epoll, llhttp", getByEpoll},
    {"weft Agent", getByAgent},
    {"weft, four layers", getThroughLayers},
#ifdef WEFT_BENCH_CURL
    {"libcurl multi", getByCurl},
#endif
#ifdef WEFT_BENCH_BEAST
    {"Boost.Beast", getByBeast},
#endif
};

}  // namespace bench
