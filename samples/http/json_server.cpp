// A JSON API with a router: authors that are listed in pages, read, added, changed and removed; and errors that are JSON as well.
#include "arguments.hpp"
#include "serving.hpp"

#include <weft/defer.hpp>
#include <weft/http.hpp>
#include <weft/net.hpp>

#include <charconv>
#include <cstdint>
#include <map>
#include <memory>
#include <string>

using namespace weft;
using http::Json, http::Request, http::Response;

constexpr const char* kUsage =
    "http_json_server [--listen ENDPOINT]\n\n"
    "Keeps authors in memory: {\"name\": \"Jane Austen\", \"born\": 1775}.\n\n"
    "  GET /authors?after=NAME&count=N   N of them (10) in the order of their names, and the URL of the next page\n"
    "  POST /authors                     adds one\n"
    "  GET, PUT, DELETE /authors/NAME    one of them\n\n"
    "  --listen ENDPOINT   where to listen (tcp:8080:interface=127.0.0.1)\n";

Response json(int status, const Json& value) { return Response(status, value.dump() + "\n", "application/json"); }

/// Errors as JSON. What a StatusError or JsonError says is for the client; what any other says is not.
Response errorAsJson(int status, const Failure* failure) {
  const bool meant = failure && failure->check<http::StatusError, http::JsonError>();
  return json(status, Json::Object{{"error", meant ? std::string(failure->what()) : std::to_string(status) + " " + std::string(http::reasonPhrase(status))}});
}

// [authors]
class Authors {
 public:
  http::Router router() {
    http::Router router;
    router.get("/authors", [this](Request request) { return list(std::move(request)); });
    router.post("/authors", [this](Request request) { return add(std::move(request)); }, http::RouteOptions().setMaxBody(4096));
    router.get("/authors/{name}", [this](Request request) { return get(std::move(request)); });
    router.put("/authors/{name}", [this](Request request) { return put(std::move(request)); }, http::RouteOptions().setMaxBody(4096));
    router.del("/authors/{name}", [this](Request request) { return remove(std::move(request)); });
    return router;
  }

 private:
  Deferred<Response> get(Request request) { co_return json(200, asJson(*find(request))); }

  Deferred<Response> add(Request request) {
    const Json author = co_await request.json();                   // no JSON: 400; too long: 413
    const Json* name = author.find("name");
    if (!name || !name->isString() || name->string().empty()) throw http::StatusError(400, "\"name\" must be a string");
    const auto [at, added] = born_.emplace(name->string(), year(author));
    if (!added) throw http::StatusError(409, "there is an author of that name");
    co_return json(201, asJson(*at)).setHeader("Location", "/authors/" + http::percentEncode(at->first));
  }

  Deferred<Response> put(Request request) {
    const Json author = co_await request.json();
    find(request)->second = year(author);
    co_return json(200, asJson(*find(request)));
  }

  Deferred<Response> remove(Request request) {
    born_.erase(find(request));
    co_return Response(204);
  }

  Deferred<Response> list(Request request) {
    const http::Form query = http::Form::parse(request.url.query());
    const std::string_view text = query.get("count").value_or("10");
    std::size_t count = 0;
    if (const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count); error != std::errc() || end != text.data() + text.size() || count < 1 || count > 100)
      throw http::StatusError(400, "\"count\" must be a number from 1 to 100");
    Json::Array page;
    auto at = born_.upper_bound(std::string(query.get("after").value_or("")));
    for (; at != born_.end() && page.size() < count; ++at) page.push_back(asJson(*at));
    const Json next = at == born_.end() ? Json() : Json("/authors?after=" + http::percentEncode(page.back()["name"].string()) + "&count=" + std::to_string(count));
    co_return json(200, Json::Object{{"authors", page}, {"next", next}});
  }
  // [/authors]

  using Store = std::map<std::string, std::int64_t>;

  Store::iterator find(const Request& request) {
    const auto found = born_.find(std::string(request.pathValue("name")));
    if (found == born_.end()) throw http::StatusError(404, "there is no author of that name");
    return found;
  }
  static std::int64_t year(const Json& author) {
    const Json* born = author.find("born");
    if (!born || !born->isInteger()) throw http::StatusError(400, "\"born\" must be a year");
    return born->integer();
  }
  static Json asJson(const Store::value_type& author) { return Json::Object{{"name", author.first}, {"born", author.second}}; }

  Store born_{{"Albert Einstein", 1879}, {"Jane Austen", 1775}, {"Mark Twain", 1835}};
};

Deferred<> run(Reactor& reactor, std::string endpoint, Authors& authors) {
  net::TcpNetwork network(reactor);
  const auto site = std::make_shared<http::Site>(authors.router(), http::SiteOptions().setErrorPage(errorAsJson));
  auto serving = serve(network, endpoint, site);
  co_await serving;
}

int main(int argc, char** argv) {
  const Arguments arguments(argc, argv, kUsage);
  Authors authors;
  const std::string endpoint = arguments.text("--listen", "tcp:8080:interface=127.0.0.1");
  return react([&](Reactor& reactor) { return orSay(run(reactor, endpoint, authors)); }, argc, argv);
}
