#include <weft/crawler/http_cache/internal/http_cache_file.hpp>

#include "support/file_size_limit.hpp"
#include "support/temporary_folder.hpp"

#include <doctest/doctest.h>
#include <sqlite3.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <string>
#include <utility>
#include <vector>

#include <sys/wait.h>
#include <unistd.h>

using namespace weft::crawler;
using namespace weft::crawler::internal;
using namespace weft::test;
namespace http = weft::http;

namespace {

const Date kNow = *http::parseDate("Sun, 06 Nov 1994 08:49:37 GMT");
constexpr std::uint64_t kLarge = 1 << 30;

Date after(int seconds) { return kNow + std::chrono::seconds(seconds); }

PutPage page(std::uint64_t print, std::string body, std::string fields = "a") {
  PutPage put;
  put.print = {print, 1};
  put.method = "GET";
  put.head.url = "http://a/" + std::to_string(print);
  put.head.status = 203;
  put.head.requested = kNow;
  put.head.received = after(2);
  put.head.headers.add("X-Fields", fields).add("x-more", "");
  put.body = std::move(body);
  return put;
}
std::uint64_t put(HttpCacheFile& file, PutPage one, Date now = kNow) {
  std::vector<CacheChange> changes;
  changes.emplace_back(std::move(one));
  return file.change(changes, now);
}
std::optional<CachedPage> find(HttpCacheFile& file, std::uint64_t print, Date now = kNow, const http::Headers& fields = {}) { return file.find({print, 1}, "http://a", fields, now); }

// As another program would.
void sql(const std::string& path, const char* text) {
  sqlite3* db = nullptr;
  REQUIRE(sqlite3_open(path.c_str(), &db) == SQLITE_OK);
  CHECK(sqlite3_exec(db, text, nullptr, nullptr, nullptr) == SQLITE_OK);
  sqlite3_close(db);
}
std::string refusal(const std::string& path) {
  try {
    HttpCacheFile file(path, kLarge, true);
  } catch (const HttpCacheError& error) {
    return error.what();
  }
  return "accepted";
}
// Bytes that nothing can make smaller.
std::string noise(std::size_t size, std::uint64_t seed) {
  std::string bytes(size, '\0');
  for (char& c : bytes) {
    seed = seed * 6364136223846793005u + 1442695040888963407u;
    c = static_cast<char>(seed >> 56);
  }
  return bytes;
}

}  // namespace

TEST_CASE("a page comes back as it went in, also from a file that was closed") {
  TemporaryFolder folder;
  const std::string path = folder / "deep/er/spider.sqlite";
  const std::string text(100'000, 'x'), small = "tiny", odd = noise(5000, 7);
  {
    HttpCacheFile file(path, kLarge, true);
    CHECK_FALSE(find(file, 1));
    put(file, page(1, text));
    put(file, page(2, small));
    put(file, page(3, odd));
    put(file, page(4, ""));
  }
  CHECK(std::filesystem::file_size(path) < 60'000);
  HttpCacheFile file(path, kLarge, true);
  for (const auto& [print, body] : {std::pair<int, std::string>{1, text}, {2, small}, {3, odd}, {4, ""}}) {
    const auto found = find(file, static_cast<std::uint64_t>(print));
    REQUIRE(found);
    CHECK(found->body == body);
    CHECK(found->head.status == 203);
    CHECK(found->head.url == "http://a/" + std::to_string(print));
    CHECK(found->head.requested == kNow);
    CHECK(found->head.received == after(2));
    CHECK(found->head.headers.wire() == "X-Fields: a\r\nx-more: \r\n");
  }
  put(file, page(2, "another", "b"));
  CHECK(find(file, 2)->body == "another");
  CHECK(find(file, 2)->head.headers.get("x-fields", "") == "b");
}

TEST_CASE("a page may be freshened, and removed") {
  TemporaryFolder folder;
  HttpCacheFile file(folder / "a.sqlite", kLarge, true);
  put(file, page(1, "body"));
  auto found = find(file, 1);
  FreshenPage fresh;
  fresh.id = found->id;
  fresh.head = found->head;
  fresh.head.headers.set("X-Fields", "new");
  fresh.head.received = after(500);
  std::vector<CacheChange> changes;
  changes.emplace_back(std::move(fresh));
  file.change(changes, kNow);
  found = find(file, 1);
  CHECK(found->body == "body");
  CHECK(found->head.received == after(500));
  CHECK(found->head.headers.get("X-Fields", "") == "new");

  changes.clear();
  changes.emplace_back(RemovePages{{1, 1}});
  file.change(changes, kNow);
  CHECK_FALSE(find(file, 1));
}

TEST_CASE("variants are told apart by the fields that they vary by, and only the newest are kept") {
  TemporaryFolder folder;
  HttpCacheFile file(folder / "a.sqlite", kLarge, true);
  for (int i = 0; i < HttpCacheFile::kVariants + 3; ++i) {
    PutPage one = page(1, "body " + std::to_string(i));
    one.head.varied = {{"accept", "kind=" + std::to_string(i)}, {"x-none", std::nullopt}};
    one.head.received = after(i);
    put(file, std::move(one));
  }
  const auto asking = [&](const std::string& kind, bool none = true) {
    http::Headers fields{{"Accept", kind}};
    if (!none) fields.add("X-None", "");
    const auto found = find(file, 1, kNow, fields);
    return found ? found->body : "nothing";
  };
  CHECK(asking("kind=10") == "body 10");
  CHECK(asking("kind=3") == "body 3");
  CHECK(asking("kind=2") == "nothing");                // there was no room for it
  CHECK(asking("kind=10", false) == "nothing");
  CHECK(asking("kind=1") == "nothing");
}

TEST_CASE("a forged fingerprint does not let one site answer for another") {
  TemporaryFolder folder;
  HttpCacheFile file(folder / "a.sqlite", kLarge, true);
  put(file, page(1, "mine"));
  CHECK(file.find({1, 1}, "http://a", {}, kNow));
  CHECK_FALSE(file.find({1, 1}, "http://b", {}, kNow));
  CHECK_FALSE(file.find({1, 1}, "https://a", {}, kNow));
}

TEST_CASE("what was used the longest ago goes first when the file is as large as it may be") {
  TemporaryFolder folder;
  const std::string path = folder / "a.sqlite";
  constexpr std::uint64_t kMost = 1 << 20;
  HttpCacheFile file(path, kMost, true);
  std::uint64_t evicted = 0;
  for (std::uint64_t i = 0; i < 200; ++i) {
    evicted += put(file, page(i, noise(20'000, i)), after(static_cast<int>(i)));
    if (i % 8 == 0) CHECK(find(file, 0, after(7200 * (static_cast<int>(i) + 1))));     // the first is used all the time
  }
  CHECK(evicted > 100);
  CHECK_FALSE(find(file, 1));
  CHECK_FALSE(find(file, 100));
  CHECK(find(file, 199));
  CHECK(find(file, 0));
  CHECK(std::filesystem::file_size(path) < kMost + 500'000);

  HttpCacheFile less(path, kMost / 4, true);           // the setting was made smaller
  CHECK(find(less, 199));
  CHECK_FALSE(find(less, 160));
}

TEST_CASE("a page that is larger than the cache may be is not kept, nor is anything in the way") {
  TemporaryFolder folder;
  HttpCacheFile file(folder / "a.sqlite", 200'000, true);
  put(file, page(1, "small"));
  put(file, page(2, noise(1'000'000, 1)));
  CHECK_FALSE(find(file, 2));
  put(file, page(3, "small"));
  CHECK(find(file, 3));
}

TEST_CASE("two of them may use one file at once") {
  TemporaryFolder folder;
  HttpCacheFile one(folder / "a.sqlite", kLarge, true), two(folder / "a.sqlite", kLarge, true);
  put(one, page(1, "by one"));
  CHECK(find(two, 1)->body == "by one");
  put(two, page(1, "by two"));
  put(two, page(2, "by two"));
  CHECK(find(one, 1)->body == "by two");
  CHECK(find(one, 2)->body == "by two");
}

TEST_CASE("a file that is no cache of this version is refused, with the way out, and left as it is") {
  TemporaryFolder folder;
  const std::string text = folder / "text.sqlite", foreign = folder / "foreign.sqlite", newer = folder / "newer.sqlite";
  std::ofstream(text) << std::string(5000, 'x');
  CHECK(refusal(text) == "the cache " + text + " is damaged (file is not a database): remove the file, and it is made anew");
  CHECK(std::filesystem::file_size(text) == 5000);

  sql(foreign, "CREATE TABLE mine(a)");
  CHECK(refusal(foreign) == foreign + " is a database of another program: name another folder for the cache (HTTPCACHE_DIR)");
  CHECK_FALSE(std::filesystem::exists(foreign + "-wal"));

  { HttpCacheFile file(newer, kLarge, true); }
  sql(newer, "PRAGMA user_version=9");
  CHECK(refusal(newer) == "the cache " + newer + " is of version 9, and this weft reads version 1: remove the file, or name another folder (HTTPCACHE_DIR)");

  std::filesystem::create_directory(folder / "folder.sqlite");
  CHECK(refusal(folder / "folder.sqlite").find("HTTPCACHE_DIR") != std::string::npos);
  CHECK(refusal(text + "/below/a.sqlite").find("cannot make the folder of the cache") == 0);
}

TEST_CASE("a body that is not what was written is an error and removed, not an answer") {
  TemporaryFolder folder;
  const std::string path = folder / "a.sqlite";
  HttpCacheFile file(path, kLarge, true);
  put(file, page(1, noise(3000, 1)));
  put(file, page(2, std::string(3000, 'x')));
  put(file, page(3, "whole"));
  sql(path, "UPDATE bodies SET body = zeroblob(length(body)) WHERE id < 3");
  CHECK_THROWS_AS(find(file, 1), HttpCacheError);
  CHECK_THROWS_AS(find(file, 2), HttpCacheError);
  CHECK_FALSE(find(file, 1));
  CHECK_FALSE(find(file, 2));
  CHECK(find(file, 3)->body == "whole");

  sql(path, "UPDATE pages SET headers = x'00'");
  CHECK_THROWS_AS(find(file, 3), HttpCacheError);
  CHECK_FALSE(find(file, 3));
}

TEST_CASE("what was written is there when the process is killed") {
  TemporaryFolder folder;
  const std::string path = folder / "a.sqlite";
  int told[2];
  REQUIRE(::pipe(told) == 0);
  const pid_t child = ::fork();
  if (child == 0) {
    HttpCacheFile file(path, kLarge, true);
    for (std::uint64_t i = 0;; ++i) {
      put(file, page(i, noise(3000, i)));
      if (::write(told[1], "x", 1) != 1) ::_exit(1);
    }
  }
  ::close(told[1]);
  char one;
  for (int i = 0; i < 150; ++i) REQUIRE(::read(told[0], &one, 1) == 1);
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
  ::close(told[0]);
  HttpCacheFile file(path, kLarge, true);
  for (std::uint64_t i = 0; i < 150; ++i) CHECK(find(file, i)->body == noise(3000, i));
  put(file, page(1, "another"));
  CHECK(find(file, 1)->body == "another");
}

TEST_CASE("when the disk is full nothing is written, what was there stays, and there may be room again") {
  TemporaryFolder folder;
  HttpCacheFile file(folder / "a.sqlite", kLarge, true);
  put(file, page(1, "first"));
  {
    const FileSizeLimit limit(200'000);
    CHECK_THROWS_AS(put(file, page(2, noise(500'000, 1))), HttpCacheFull);
    CHECK(find(file, 1)->body == "first");
    CHECK_FALSE(find(file, 2));
  }
  put(file, page(2, "second"));
  CHECK(find(file, 2)->body == "second");
}
