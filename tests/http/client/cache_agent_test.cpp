#include <weft/http/client/cache_agent.hpp>

#include "http/client/world.hpp"
#include "support/temporary_folder.hpp"

#include <weft/core/log.hpp>

#include <csignal>
#include <filesystem>
#include <fstream>

#include <sys/resource.h>

using namespace weft;
using namespace weft::http;
using namespace weft::test;

namespace {

const Date kStart = *parseDate("Sun, 06 Nov 1994 08:49:37 GMT");

struct Cached : World {
  explicit Cached(CacheOptions (*change)(CacheOptions) = [](CacheOptions options) { return options; })
      : client(agent, change(CacheOptions(folder / "cache").setNow([this] { return date; }))) {}
  void later(int seconds) { date += std::chrono::seconds(seconds); }
  /// Answers with this and counts: the body is the number of the answer.
  World& page(std::string fields, int status = 200) {
    return on("/", [this, fields = std::move(fields), status](const std::string&) { return reply(std::to_string(++answers), "Date: " + formatDate(date) + "\r\n" + fields, status); });
  }
  std::string fetch(const std::string& control = {}, const std::string& url = "http://a/") {
    Request request("GET", url);
    if (!control.empty()) request.setHeader("Cache-Control", control);
    Response response = get(client.request(std::move(request)));
    last = response.history().cache;
    age = std::string(response.headers.get("Age", "none"));
    status = response.status;
    return get(response.text());
  }
  std::vector<std::string> files() const {
    std::vector<std::string> all;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(folder / "cache"))
      if (entry.is_regular_file()) all.push_back(entry.path().string());
    return all;
  }
  TemporaryFolder folder;
  Date date = kStart;
  int answers = 0;
  CacheUse last = CacheUse::None;
  std::string age;
  int status = 0;
  CacheAgent client;
};

}  // namespace

TEST_CASE("what is fresh is given out of the cache, with its age, and asked for again when it is old") {
  Cached world;
  world.page("Cache-Control: max-age=60\r\nX-A: b\r\nSet-Cookie: s=1\r\nConnection: X-Hop\r\nX-Hop: 1\r\n");
  CHECK(world.fetch() == "1");
  CHECK(world.last == CacheUse::None);
  world.later(59);
  Response response = world.get(world.client.get("http://u:p@a/#top"));
  CHECK(response.status == 200);
  CHECK(response.reason == "X");
  CHECK(response.url.href() == "http://u:p@a/#top");
  CHECK(response.headers.get("X-A") == "b");
  CHECK(response.headers.get("Age") == "59");
  CHECK(!response.headers.has("Set-Cookie"));
  CHECK(!response.headers.has("X-Hop"));
  CHECK(response.history().cache == CacheUse::Fresh);
  CHECK(world.get(response.text()) == "1");
  world.later(1);
  CHECK(world.fetch() == "2");
  CHECK(world.last == CacheUse::None);
  const CacheStats stats = world.client.stats();
  CHECK(stats.hits == 1);
  CHECK(stats.misses == 2);
  CHECK(stats.entries == 1);
  CHECK(stats.bytes > 0);
}

TEST_CASE("how long a response is fresh") {
  struct Case {
    std::string fields;
    int seconds;                         // 0: not kept, or to be asked about each time
    int status = 200;
  };
  const std::string in100 = "Expires: " + formatDate(kStart + std::chrono::seconds(100)) + "\r\n";
  const std::string old = "Last-Modified: " + formatDate(kStart - std::chrono::seconds(1000)) + "\r\n";
  for (const Case& c : {Case{"Cache-Control: max-age=50\r\n", 50}, Case{in100, 100}, Case{in100 + "Cache-Control: max-age=10\r\n", 10}, Case{in100 + "Cache-Control: s-maxage=10\r\n", 100},
                        Case{"Expires: 0\r\nLast-Modified: x\r\n", 0}, Case{old, 100}, Case{"Last-Modified: " + formatDate(kStart - std::chrono::hours(24 * 365)) + "\r\n", 86400}, Case{"", 0},
                        Case{"Cache-Control: max-age=50\r\nAge: 20\r\n", 30}, Case{"Cache-Control: max-age=50, no-store\r\n", 0}, Case{"Cache-Control: no-cache, max-age=50\r\n", 0},
                        Case{"Cache-Control: private, max-age=50\r\n", 50}, Case{"Cache-Control: max-age=x\r\n", 0}, Case{"Cache-Control: max-age=50\r\nVary: *\r\n", 0}, Case{old, 100, 404},
                        Case{old, 0, 500}, Case{"Cache-Control: max-age=50\r\n", 50, 302}, Case{old, 0, 302}, Case{old, 100, 301}, Case{"Cache-Control: max-age=50\r\n", 0, 206},
                        Case{"Cache-Control: must-understand, no-store, max-age=50\r\n", 50}, Case{"Cache-Control: must-understand, no-store, max-age=50\r\n", 0, 299}}) {
    CAPTURE(c.fields);
    CAPTURE(c.status);
    Cached world;
    world.page(c.fields, c.status);
    CHECK(world.fetch() == "1");
    if (c.seconds > 0) {
      world.later(c.seconds - 1);
      CHECK(world.fetch() == "1");
      world.later(1);
    }
    CHECK(world.fetch() == "2");
  }
}

TEST_CASE("what is old is asked about, and a 304 makes it fresh again") {
  Cached world;
  world.page("Cache-Control: max-age=60\r\nETag: \"a\"\r\nLast-Modified: Sat, 05 Nov 1994 08:49:37 GMT\r\nX-Old: 1\r\nContent-Type: text/plain\r\n");
  CHECK(world.fetch() == "1");
  world.later(100);
  world.on("/", [&](const std::string& request) {
    CHECK(fieldOf(request, "If-None-Match") == "\"a\"");
    CHECK(fieldOf(request, "If-Modified-Since") == "Sat, 05 Nov 1994 08:49:37 GMT");
    return "HTTP/1.1 304 X\r\nETag: \"a\"\r\nCache-Control: max-age=30\r\nX-New: 2\r\nContent-Type: text/html\r\nDate: " + formatDate(world.date) + "\r\n\r\n";
  });
  CHECK(world.fetch() == "1");
  CHECK(world.last == CacheUse::Revalidated);
  CHECK(world.status == 200);
  CHECK(world.age == "0");
  world.later(29);
  Response response = world.get(world.client.get("http://a/"));
  CHECK(response.history().cache == CacheUse::Fresh);
  CHECK(response.headers.get("X-Old") == "1");
  CHECK(response.headers.get("X-New") == "2");
  CHECK(response.headers.get("Content-Type") == "text/plain");
  CHECK(response.headers.getAll("Cache-Control").size() == 1);
  CHECK(world.get(response.text()) == "1");
  CHECK(world.client.stats().revalidated == 1);
  world.later(1);
  world.on("/", reply("new", "Cache-Control: max-age=60\r\nETag: \"b\"\r\n"));
  CHECK(world.fetch() == "new");
  CHECK(world.fetch() == "new");
  CHECK(world.heads.size() == 3);
  CHECK(world.files().size() == 1);
}

TEST_CASE("a 304 about another state is not believed: all of it is fetched") {
  Cached world;
  world.page("Cache-Control: max-age=0\r\nETag: \"a\"\r\n");
  world.fetch();
  world.on("/", [](const std::string& request) { return fieldOf(request, "If-None-Match") == "(none)" ? reply("right") : "HTTP/1.1 304 X\r\nETag: \"other\"\r\n\r\n"; });
  CHECK(world.fetch() == "right");
  CHECK(world.heads.size() == 3);
}

TEST_CASE("what a request may say") {
  Cached world;
  world.page("Cache-Control: max-age=60\r\n");
  CHECK(world.fetch("only-if-cached") == "");
  CHECK(world.status == 504);
  CHECK(world.heads.empty());
  CHECK(world.fetch() == "1");
  CHECK(world.fetch("only-if-cached") == "1");
  CHECK(world.fetch("no-store") == "2");
  CHECK(world.fetch() == "1");
  world.later(30);
  CHECK(world.fetch("max-age=30") == "1");
  CHECK(world.fetch("min-fresh=30") == "1");
  CHECK(world.fetch("min-fresh=31") == "3");             // which is kept in its place
  CHECK(world.age == "none");
  world.later(90);
  CHECK(world.fetch("max-stale=30") == "3");
  CHECK(world.last == CacheUse::Stale);
  CHECK(world.fetch("max-stale") == "3");
  CHECK(world.client.stats().stale == 2);
  CHECK(world.fetch("max-stale=29") == "4");
  CHECK(world.fetch("no-cache") == "5");
  Request pragma("GET", "http://a/");
  pragma.setHeader("Pragma", "no-cache");
  CHECK(world.get(textOf(world.client.request(std::move(pragma)))) == "6");
  world.page("Cache-Control: max-age=60, must-revalidate\r\n");
  CHECK(world.fetch("no-cache") == "7");
  world.later(61);
  CHECK(world.fetch("max-stale") == "8");
}

TEST_CASE("each set of what Vary names, and each session, has its own response") {
  Cached world;
  world.on("/", [](const std::string& request) { return reply(fieldOf(request, "Accept-Language") + "/" + fieldOf(request, "Cookie"), "Cache-Control: max-age=60\r\nVary: accept-language\r\n"); });
  const auto ask = [&](const char* language, const char* session, const char* cookie) {
    Request request("GET", "http://a/");
    if (*language) request.setHeader("Accept-Language", language);
    request.setHeader("Cookie", cookie).setCookieJar(session);
    return world.get(textOf(world.client.request(std::move(request))));
  };
  for (int i = 0; i < 2; ++i) {
    CHECK(ask("en", "", "x") == "en/x");
    CHECK(ask("de", "", "x") == "de/x");
    CHECK(ask("", "", "x") == "(none)/x");
    CHECK(ask("en", "alice", "y") == "en/y");
  }
  CHECK(world.heads.size() == 4);
  CHECK(ask("fr", "", "x") == "fr/x");
  CHECK(ask("it", "", "x") == "it/x");                   // the fifth takes the place of the one that was used the longest ago
  CHECK(world.files().size() == 5);
}

TEST_CASE("what is changed at the server is forgotten here") {
  Cached world;
  world.page("Cache-Control: max-age=60\r\n").on("/other", reply("other", "Cache-Control: max-age=60\r\n"));
  world.fetch();
  world.fetch({}, "http://a/other");
  world.server.answer = [&](ScriptedServer::Peer& peer, const std::string& request) {
    world.heads.push_back(request);
    peer.send(request.find("Fail") != std::string::npos ? reply("", {}, 500) : request.starts_with("GET") ? reply("fresh") : reply("", "Location: /other\r\n", 201));
  };
  Request failing("POST", "http://a/");
  failing.setHeader("X", "Fail");
  world.get(world.client.request(std::move(failing)));
  CHECK(world.fetch() == "1");
  world.get(world.client.request(Request("PUT", "http://a/")));
  CHECK(world.fetch() == "fresh");
  CHECK(world.fetch({}, "http://a/other") == "fresh");
  CHECK(world.client.stats().invalidated == 2);
}

TEST_CASE("a server that cannot be asked, when that is allowed to be passed over") {
  Cached world([](CacheOptions options) { return options.setStaleIfError(std::chrono::seconds(100)); });
  world.page("Cache-Control: max-age=60\r\n");
  world.fetch();
  world.later(150);
  world.on("/", reply("down", {}, 503));
  CHECK(world.fetch() == "1");
  CHECK(world.last == CacheUse::Stale);
  world.server.answer = [](ScriptedServer::Peer& peer, const std::string&) { peer.close(); };
  CHECK(world.fetch() == "1");
  world.later(11);
  world.error<ResponseNeverReceived>(world.client.get("http://a/"));
  Cached strict;                                         // not allowed, unless the response itself says so
  strict.page("Cache-Control: max-age=60\r\n");
  strict.fetch();
  strict.later(61);
  strict.on("/", reply("down", {}, 503));
  CHECK(strict.fetch() == "down");
  strict.page("Cache-Control: max-age=60, stale-if-error=60\r\n");
  strict.fetch("no-cache");
  strict.later(61);
  strict.on("/", reply("down", {}, 503));
  CHECK(strict.fetch() == "2");
}

TEST_CASE("requests with conditions or ranges pass by") {
  Cached world;
  world.page("Cache-Control: max-age=60\r\nETag: \"a\"\r\n");
  world.fetch();
  for (const auto& [name, value] : {std::pair{"If-None-Match", "\"a\""}, std::pair{"Range", "bytes=0-1"}}) {
    Request request("GET", "http://a/");
    request.setHeader(name, value);
    world.get(world.client.request(std::move(request)));
  }
  world.get(world.client.head("http://a/"));
  CHECK(world.heads.size() == 4);
  CHECK(world.fetch() == "1");
}

TEST_CASE("a long body is kept while it is read; one that is dropped or breaks off is not") {
  const std::string text(std::size_t{1024} * 1024, 'x');
  Cached world;
  world.on("/", reply(text, "Cache-Control: max-age=60\r\n"));
  { Response dropped = world.get(world.client.get("http://a/"), 0); }
  world.run(1);
  CHECK(world.files().empty());
  CHECK(world.fetch() == text);
  CHECK(world.fetch() == text);
  CHECK(world.heads.size() == 2);
  Response response = world.get(world.client.get("http://a/"));
  CHECK(response.history().cache == CacheUse::Fresh);
  CHECK(!response.body.complete());
  CHECK(response.body.buffered().size() <= 2 * Body::kReadAhead);        // read as it is asked for
  std::size_t size = 0;
  while (auto piece = world.get(response.body.next())) size += piece->size();
  CHECK(size == text.size());
  world.on("/cut", "HTTP/1.1 200 X\r\nCache-Control: max-age=60\r\nContent-Length: 100\r\n\r\nhalf");
  Response cut = world.get(world.client.get("http://a/cut"));
  world.server.peers.back()->close();
  world.error<ResponseFailed>(cut.text());
  CHECK(world.files().size() == 1);
}

TEST_CASE("damaged files are removed, and what was in them is fetched again") {
  const std::string text(std::size_t{400} * 1024, 'x');
  for (const int damage : {0, 1, 2, 3, 4, 5}) {
    CAPTURE(damage);
    Cached world;
    world.on("/", reply(damage % 2 ? text : "short", "Cache-Control: max-age=60\r\n"));
    const std::string whole = world.fetch();
    const std::string file = world.files().at(0);
    const auto size = std::filesystem::file_size(file);
    if (damage < 2) {
      std::filesystem::resize_file(file, size / 2);
    } else {
      std::fstream stream(file, std::ios::in | std::ios::out | std::ios::binary);
      stream.seekp(damage < 4 ? 1 : static_cast<std::streamoff>(size) - (damage == 4 ? 5 : 60));
      stream.put('\xFE');
    }
    CHECK(world.fetch() == whole);
    CHECK(world.last == CacheUse::None);
    CHECK(world.client.stats().corrupt == 1);
    CHECK(world.fetch() == whole);
    CHECK(world.last == CacheUse::Fresh);
  }
}

TEST_CASE("a full disk leaves the response as it is") {
  const std::string text(std::size_t{400} * 1024, 'x');
  Cached world;
  world.on("/", reply(text, "Cache-Control: max-age=60\r\n"));
  LogCapture log;
  rlimit before{};
  REQUIRE(::getrlimit(RLIMIT_FSIZE, &before) == 0);
  const auto handler = std::signal(SIGXFSZ, SIG_IGN);
  const rlimit small{100 * 1024, before.rlim_max};
  REQUIRE(::setrlimit(RLIMIT_FSIZE, &small) == 0);
  CHECK(world.fetch() == text);
  CHECK(world.fetch() == text);
  ::setrlimit(RLIMIT_FSIZE, &before);
  std::signal(SIGXFSZ, handler);
  CHECK(world.client.stats().writeErrors == 2);
  CHECK(log.count(LogLevel::Warning) == 1);              // once, not for each
  CHECK(world.files().empty());
  CHECK(world.fetch() == text);
  CHECK(world.fetch() == text);
  CHECK(world.heads.size() == 3);
}

TEST_CASE("there is a limit to all of it, and to each; what was used the longest ago goes") {
  Cached world([](CacheOptions options) { return options.setMaxBytes(100'000).setMaxEntryBytes(30'000); });
  world.answers = 0;
  for (int i = 0; i < 20; ++i) world.on("/" + std::to_string(i), reply(std::string(10'000, 'x'), "Cache-Control: max-age=60\r\n"));
  for (int i = 0; i < 20; ++i) {
    world.fetch({}, "http://a/" + std::to_string(i));
    world.fetch({}, "http://a/0");
    CHECK(world.client.stats().bytes <= 100'000);
  }
  CHECK(world.client.stats().evicted > 8);
  CHECK(world.files().size() == world.client.stats().entries);
  world.fetch({}, "http://a/0");
  CHECK(world.last == CacheUse::Fresh);
  world.fetch({}, "http://a/1");
  CHECK(world.last == CacheUse::None);
  world.on("/large", reply(std::string(40'000, 'x'), "Cache-Control: max-age=60\r\n")).on("/unsaid", "HTTP/1.1 200 X\r\nCache-Control: max-age=60\r\nTransfer-Encoding: chunked\r\n\r\n9c40\r\n" + std::string(40'000, 'x') + "\r\n0\r\n\r\n");
  for (const char* path : {"http://a/large", "http://a/unsaid"}) {
    world.fetch({}, path);
    world.fetch({}, path);
    CHECK(world.last == CacheUse::None);
  }
}

TEST_CASE("the next run finds what this one has kept") {
  TemporaryFolder folder;
  World world;
  world.on("/", reply("kept", "Cache-Control: max-age=60\r\n"));
  const auto options = [&] { return CacheOptions(folder / "deep/cache").setNow([] { return kStart; }); };
  {
    CacheAgent client(world.agent, options());
    world.get(textOf(client.get("http://a/")));
  }
  std::ofstream(folder / "deep/cache/tmp-left") << "of a program that died";
  std::filesystem::last_write_time(folder / "deep/cache/tmp-left", std::filesystem::file_time_type::clock::now() - std::chrono::hours(2));
  CacheAgent client(world.agent, options());
  CHECK(client.stats().entries == 1);
  CHECK(world.get(textOf(client.get("http://a/"))) == "kept");
  CHECK(world.heads.size() == 1);
  CHECK(!std::filesystem::exists(folder / "deep/cache/tmp-left"));
  std::ofstream(folder / "file") << "x";
  CHECK_THROWS_AS(CacheAgent(world.agent, CacheOptions(folder / "file")), CacheError);
}
