// A client of an API that speaks JSON: adds a note, reads all of them.
#include "arguments.hpp"

#include <weft/defer.hpp>
#include <weft/http.hpp>
#include <weft/net.hpp>

#include <cstdio>
#include <string>

using namespace weft;

constexpr const char* kUsage =
    "http_api URL TEXT\n\n"
    "Posts {\"text\": TEXT} to URL, and prints the list of notes that a GET of URL gives: [{\"id\": 1, \"text\": \"…\"}, …].\n";

/// The API as functions. An error of the server is an exception with its words.
class Notes {
 public:
  Notes(http::AnyAgent& agent, std::string url) : agent_(agent), url_(std::move(url)) {}

  Deferred<http::Json> add(std::string text) {
    http::Request request("POST", url_);
    request.setBody(http::Json(http::Json::Object{{"text", text}}).dump(), "application/json");
    return ask(std::move(request));
  }
  Deferred<http::Json> all() { return ask(http::Request("GET", url_)); }

 private:
  Deferred<http::Json> ask(http::Request request) {
    request.setHeader("Accept", "application/json");
    auto asking = agent_.request(std::move(request));
    http::Response response = co_await asking;
    if (response.status >= 400) {
      auto reading = response.text();
      const std::string words = co_await reading;
      throw Error(std::to_string(response.status) + " " + response.reason + ": " + words);
    }
    auto reading = response.json();
    co_return co_await reading;
  }

  http::AnyAgent& agent_;
  std::string url_;
};

Deferred<> run(Reactor& reactor, std::string url, std::string text) {
  net::TcpNetwork network(reactor);
  http::Agent agent(network);
  http::ContentDecoderAgent client(agent);
  Notes notes(client, url);
  auto adding = notes.add(text);
  const http::Json added = co_await adding;
  std::printf("added as %lld\n", static_cast<long long>(added["id"].integer()));
  auto listing = notes.all();
  const http::Json list = co_await listing;
  for (const http::Json& note : list.array()) std::printf("%lld: %s\n", static_cast<long long>(note["id"].integer()), note["text"].string().c_str());
}

int main(int argc, char** argv) {
  const Arguments arguments(argc, argv, kUsage);
  if (argc != 3) {
    std::fprintf(stderr, "%s", kUsage);
    return 2;
  }
  return react(
      [&](Reactor& reactor) {
        return run(reactor, argv[1], argv[2]).addErrback([](const Error& error) {
          std::fprintf(stderr, "%s\n", error.what());
          throw SystemExit(1);
        });
      },
      argc, argv);
}
