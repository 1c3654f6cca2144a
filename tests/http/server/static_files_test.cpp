#include <weft/http/server/static_files.hpp>

#include "http/server/folder_world.hpp"
#include "support/open_descriptors.hpp"

#include <weft/http/dates.hpp>
#include <weft/http/file_error.hpp>
#include <weft/http/header_values/entity_tag.hpp>
#include <weft/http/server/resource.hpp>
#include <weft/http/server/router.hpp>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <string>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

using namespace weft;
using namespace weft::http;

namespace {

constexpr std::size_t kLarge = 200'000;

}  // namespace

TEST_CASE("a file is sent with its type, tag and date") {
  FolderWorld world;
  world.write("a/page.html", "<p>hello");
  Response response = world.get("/a/page.html");
  CHECK(response.status == 200);
  CHECK(field(response, "Content-Type") == "text/html; charset=utf-8");
  CHECK(field(response, "Accept-Ranges") == "bytes");
  CHECK_FALSE(response.headers.has("Cache-Control"));
  CHECK_FALSE(response.headers.has("Vary"));
  const auto tag = EntityTag::parse(field(response, "ETag"));
  REQUIRE(tag);
  CHECK_FALSE(tag->weak);
  REQUIRE(parseDate(field(response, "Last-Modified")));
  CHECK(bodyOf(std::move(response)) == "<p>hello");
  CHECK(field(world.get("/a/page.html", {}, StaticFilesOptions().setMaxAge(3600)), "Cache-Control") == "max-age=3600");
}

TEST_CASE("a large file, an empty one, and one whose name is encoded") {
  FolderWorld world;
  const std::string content = numbered(kLarge);
  world.write("large", content);
  world.write("empty.txt", "");
  world.write("caf\xC3\xA9 & more.txt", "coffee");
  Response large = world.get("/large");
  CHECK_FALSE(large.body.complete());
  CHECK(field(large, "Content-Type") == "application/octet-stream");
  CHECK(bodyOf(std::move(large)) == content);
  Response empty = world.get("/empty.txt");
  CHECK(empty.status == 200);
  CHECK(bodyOf(std::move(empty)).empty());
  CHECK(bodyOf(world.get("/caf%C3%A9%20&%20more.txt")) == "coffee");
}

TEST_CASE("HEAD is answered with the same fields, and the length") {
  FolderWorld world;
  world.write("large", numbered(kLarge));
  Response get = world.get("/large");
  Response head = world.ask("HEAD", "/large", {{"Range", "bytes=0-1"}});      // of HEAD a Range does not count
  CHECK(head.status == 200);
  CHECK(head.body.complete());
  CHECK(field(head, "Content-Length") == std::to_string(kLarge));
  for (const HeaderField one : get.headers) CHECK(field(head, one.name) == one.value);
}

TEST_CASE("other methods are refused with those that are allowed") {
  FolderWorld world;
  world.write("a", "b");
  for (const char* method : {"POST", "PUT", "DELETE", "OPTIONS", "get"}) {
    const Response response = world.ask(method, "/a");
    CHECK(response.status == 405);
    CHECK(field(response, "Allow") == "GET, HEAD");
  }
}

// ---- conditions

TEST_CASE("conditions are evaluated in their order") {
  FolderWorld world;
  world.write("file.txt", "content");
  const Response plain = world.get("/file.txt");
  const std::string tag = field(plain, "ETag"), date = field(plain, "Last-Modified");
  constexpr const char* kOld = "Sun, 06 Nov 1994 08:49:37 GMT";
  const auto status = [&](std::initializer_list<HeaderField> headers) { return world.get("/file.txt", headers).status; };
  CHECK(status({{"If-None-Match", tag}}) == 304);
  CHECK(status({{"If-None-Match", "W/" + tag}}) == 304);
  CHECK(status({{"If-None-Match", "\"other\", " + tag}}) == 304);
  CHECK(status({{"If-None-Match", "*"}}) == 304);
  CHECK(status({{"If-None-Match", "\"other\""}}) == 200);
  CHECK(status({{"If-Modified-Since", date}}) == 304);
  CHECK(status({{"If-Modified-Since", kOld}}) == 200);
  CHECK(status({{"If-Modified-Since", "yesterday"}}) == 200);
  CHECK(status({{"If-None-Match", "\"other\""}, {"If-Modified-Since", date}}) == 200);      // the tag wins
  CHECK(status({{"If-Match", tag}}) == 200);
  CHECK(status({{"If-Match", "\"other\""}}) == 412);
  CHECK(status({{"If-Match", "W/" + tag}}) == 412);
  CHECK(status({{"If-Unmodified-Since", date}}) == 200);
  CHECK(status({{"If-Unmodified-Since", kOld}}) == 412);
  CHECK(status({{"If-Match", tag}, {"If-Unmodified-Since", kOld}}) == 200);
  CHECK(status({{"If-Match", "\"other\""}, {"If-None-Match", tag}}) == 412);
  CHECK(world.ask("HEAD", "/file.txt", {{"If-None-Match", tag}}).status == 304);

  Response notModified = world.get("/file.txt", {{"If-None-Match", tag}}, StaticFilesOptions().setMaxAge(60));
  CHECK(field(notModified, "ETag") == tag);
  CHECK(field(notModified, "Cache-Control") == "max-age=60");
  CHECK(bodyOf(std::move(notModified)).empty());
}

TEST_CASE("another content of the same size in the same second has another tag") {
  FolderWorld world;
  world.write("file", "one");
  const std::string before = field(world.get("/file"), "ETag");
  struct stat facts {};
  REQUIRE(::stat((world.root + "/file").c_str(), &facts) == 0);
  world.write("file", "two");
  timespec times[2] = {facts.st_atim, facts.st_mtim};
  times[1].tv_nsec = facts.st_mtim.tv_nsec == 5 ? 6 : 5;
  REQUIRE(::utimensat(AT_FDCWD, (world.root + "/file").c_str(), times, 0) == 0);
  CHECK(field(world.get("/file"), "ETag") != before);
}

TEST_CASE("a file of the future was changed now") {
  FolderWorld world;
  world.write("file", "x");
  std::filesystem::last_write_time(world.root + "/file", std::filesystem::file_time_type::clock::now() + std::chrono::hours(1000));
  const auto date = parseDate(field(world.get("/file"), "Last-Modified"));
  REQUIRE(date);
  CHECK(*date <= std::chrono::system_clock::now());
}

// ---- ranges

TEST_CASE("one range is sent as a part") {
  FolderWorld world;
  const std::string content = numbered(kLarge);
  world.write("large.txt", content);
  const auto ask = [&](std::string_view range) { return world.get("/large.txt", {{"Range", range}}); };
  Response first = ask("bytes=0-99");
  CHECK(first.status == 206);
  CHECK(field(first, "Content-Range") == "bytes 0-99/200000");
  CHECK(field(first, "Content-Type") == "text/plain; charset=utf-8");
  CHECK(bodyOf(std::move(first)) == content.substr(0, 100));
  CHECK(bodyOf(ask("bytes=199990-")) == content.substr(199'990));
  CHECK(bodyOf(ask("bytes=-10")) == content.substr(199'990));
  CHECK(bodyOf(ask("bytes=100000-99999999")) == content.substr(100'000));
  CHECK(bodyOf(ask("bytes=5-5")) == content.substr(5, 1));
  Response outside = ask("bytes=200000-");
  CHECK(outside.status == 416);
  CHECK(field(outside, "Content-Range") == "bytes */200000");
  for (const char* ignored : {"bytes=", "bytes=x-", "bytes=9-5", "lines=1-2", "bytes 0-1", "bytes=0-1,x"}) CHECK(ask(ignored).status == 200);
  Response one = ask("bytes=200000-, 3-4");      // the other lies outside
  CHECK(one.status == 206);
  CHECK(field(one, "Content-Range") == "bytes 3-4/200000");
}

TEST_CASE("several ranges are sent as parts of one body") {
  FolderWorld world;
  const std::string content = numbered(kLarge);
  world.write("large.txt", content);
  Response response = world.get("/large.txt", {{"Range", "bytes=0-4, 100000-199998, -1"}});
  CHECK(response.status == 206);
  CHECK_FALSE(response.headers.has("Content-Range"));
  const std::string type = field(response, "Content-Type");
  REQUIRE(type.starts_with("multipart/byteranges; boundary="));
  const std::string boundary = type.substr(31);
  const auto head = [&](const std::string& range) {
    return "\r\n--" + boundary + "\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Range: bytes " + range + "/200000\r\n\r\n";
  };
  CHECK(bodyOf(std::move(response)) == head("0-4") + content.substr(0, 5) + head("100000-199998") + content.substr(100'000, 99'999) + head("199999-199999") +
                                           content.substr(199'999) + "\r\n--" + boundary + "--\r\n");
}

TEST_CASE("ranges that ask for more than the whole, or are too many, get the whole") {
  FolderWorld world;
  world.write("large.txt", numbered(kLarge));
  CHECK(world.get("/large.txt", {{"Range", "bytes=0-, 0-, 0-"}}).status == 200);
  std::string many = "bytes=0-0";
  for (int i = 1; i < 16; ++i) many += "," + std::to_string(2 * i) + "-" + std::to_string(2 * i);
  CHECK(world.get("/large.txt", {{"Range", many}}).status == 206);
  CHECK(world.get("/large.txt", {{"Range", many + ",90-90"}}).status == 200);
  CHECK(world.get("/large.txt", {{"Range", many + ",90-90"}}, StaticFilesOptions().setMaxRanges(17)).status == 206);
}

TEST_CASE("If-Range: a part of what is still the same, or the whole") {
  FolderWorld world;
  world.write("large.txt", numbered(kLarge));
  std::filesystem::last_write_time(world.root + "/large.txt", std::filesystem::file_time_type::clock::now() - std::chrono::hours(10));
  const Response plain = world.get("/large.txt");
  const auto status = [&](std::string_view ifRange) { return world.get("/large.txt", {{"Range", "bytes=0-1"}, {"If-Range", ifRange}}).status; };
  CHECK(status(field(plain, "ETag")) == 206);
  CHECK(status("\"other\"") == 200);
  CHECK(status("W/" + field(plain, "ETag")) == 200);
  CHECK(status(field(plain, "Last-Modified")) == 206);
  CHECK(status("Sun, 06 Nov 1994 08:49:37 GMT") == 200);
}

// ---- folders

TEST_CASE("a folder is its index, and a redirect without its slash") {
  FolderWorld world;
  world.write("index.html", "front");
  world.write("sub/index.html", "inner");
  world.write("sub2/main.htm", "main");
  CHECK(bodyOf(world.get("/")) == "front");
  CHECK(bodyOf(world.get("/sub/")) == "inner");
  const Response redirect = world.get("/sub?a=b&c");
  CHECK(redirect.status == 301);
  CHECK(field(redirect, "Location") == "/sub/?a=b&c");
  CHECK(world.status("/sub2/") == 403);
  CHECK(bodyOf(world.get("/sub2/", {}, StaticFilesOptions().setIndexNames({"index.html", "main.htm"}))) == "main");
  CHECK(field(world.get("/sub/"), "Content-Type") == "text/html; charset=utf-8");
  CHECK(world.status("/index.html/") == 404);
}

TEST_CASE("a redirect cannot be made to lead to another host") {
  FolderWorld world;
  world.write("evil.com/x/a", "b");
  for (const char* path : {"//evil.com/x", "/%2fevil.com/x", "/.//evil.com/x", "//evil.com"}) CHECK(world.get(path).status == 404);
}

TEST_CASE("below a mount point the rest of the path counts") {
  FolderWorld world;
  world.write("a.txt", "a");
  world.write("sub/b.txt", "b");
  for (const char* mount : {"/static", "/static/"}) {
    const auto options = StaticFilesOptions().setMount(mount);
    CHECK(bodyOf(world.get("/static/a.txt", {}, options)) == "a");
    CHECK(bodyOf(world.get("/static/sub/b.txt", {}, options)) == "b");
    CHECK(field(world.get("/static/sub", {}, options), "Location") == "/static/sub/");
    CHECK(field(world.get("/static", {}, options), "Location") == "/static/");
    CHECK(world.status("/static/", options) == 403);
    CHECK(world.status("/a.txt", options) == 404);
    CHECK(world.status("/staticky/a.txt", options) == 404);
    CHECK(world.status("/statica.txt", options) == 404);
    CHECK(world.status("/static/../a.txt", options) == 404);
  }
}

TEST_CASE("below a route the rest of its pattern counts") {
  FolderWorld world;
  world.write("a.txt", "a");
  world.write("sub/b c.txt", "b");
  Router router;
  router.get("/static/{path...}", StaticFiles(world.root));
  const auto get = [&](const std::string& path) { return successResultOf(router(Request("GET", "http://a" + path))); };
  CHECK(bodyOf(get("/static/a.txt")) == "a");
  CHECK(bodyOf(get("/static/sub/b%20c.txt")) == "b");
  CHECK(get("/static/sub%2Fb%20c.txt").status == 404);
  CHECK(field(get("/static/sub"), "Location") == "/static/sub/");
  CHECK(get("/static/").status == 403);
  CHECK(get("/static/static/a.txt").status == 404);
}

TEST_CASE("a place of a tree, and the whole of a site") {
  FolderWorld world;
  world.write("a.txt", "a");
  const auto root = std::make_shared<Resource>();
  root->putChild("static", handled(StaticFiles(world.root, StaticFilesOptions().setMount("/static"))));
  const Request request("GET", "http://a/static/a.txt");
  const auto place = findResource(root, request);
  REQUIRE(place);
  CHECK(bodyOf(successResultOf(place->render(request))) == "a");
  const Handler handler = StaticFiles(world.root);
  CHECK(bodyOf(successResultOf(handler(Request("GET", "http://a/a.txt")))) == "a");
}

// ---- precompressed

TEST_CASE("a coded file beside the other is sent to who wants it") {
  FolderWorld world;
  world.write("style.css", std::string(100, 'c'));
  world.write("style.css.gz", "zipped");
  world.write("style.css.br", "brotli");
  const auto options = StaticFilesOptions().setPrecompressed(true);
  const auto ask = [&](std::string_view accept) { return world.get("/style.css", {{"Accept-Encoding", accept}}, options); };
  Response br = ask("gzip, deflate, br, zstd");
  CHECK(field(br, "Content-Encoding") == "br");
  CHECK(field(br, "Content-Type") == "text/css; charset=utf-8");
  CHECK(field(br, "Vary") == "Accept-Encoding");
  CHECK(field(br, "ETag") != field(ask("gzip"), "ETag"));
  CHECK(bodyOf(std::move(br)) == "brotli");
  CHECK(bodyOf(ask("br;q=0.5, gzip;q=0.8")) == "zipped");
  CHECK(bodyOf(ask("zstd")) == std::string(100, 'c'));
  CHECK(bodyOf(ask("br;q=0, *")) == "zipped");
  CHECK(bodyOf(ask("gzip;q=0.1, identity")) == std::string(100, 'c'));
  CHECK(bodyOf(ask("")) == std::string(100, 'c'));
  Response plain = world.get("/style.css", {}, options);
  CHECK(field(plain, "Vary") == "Accept-Encoding");
  CHECK_FALSE(plain.headers.has("Content-Encoding"));
  CHECK_FALSE(world.get("/style.css", {{"Accept-Encoding", "br"}}).headers.has("Content-Encoding"));      // not asked for
  CHECK(world.get("/other.css", {{"Accept-Encoding", "br"}}, options).status == 404);
  Response itself = world.get("/style.css.gz", {{"Accept-Encoding", "gzip"}}, options);
  CHECK(field(itself, "Content-Type") == "application/gzip");
  CHECK_FALSE(itself.headers.has("Content-Encoding"));

  std::filesystem::last_write_time(world.root + "/style.css.br", std::filesystem::file_time_type::clock::now() - std::chrono::hours(1));      // older: of another content
  CHECK(bodyOf(ask("br, gzip;q=0.5")) == "zipped");
}

// ---- trouble

TEST_CASE("a folder that is not there is an error when it is to be served") {
  FolderWorld world;
  world.write("file", "x");
  CHECK_THROWS_WITH_AS(StaticFiles(world.root + "/missing"), doctest::Contains("missing"), FileError);
  CHECK_THROWS_AS(StaticFiles(world.root + "/file"), FileError);
}

TEST_CASE("a file that has become shorter ends its body too soon") {
  FolderWorld world;
  world.write("large", numbered(kLarge));
  Response response = world.get("/large");
  auto source = response.body.takeSource();
  REQUIRE(source);
  CHECK(successResultOf(source->open()) == kLarge);
  std::filesystem::resize_file(world.root + "/large", 70'000);
  std::size_t bytes = 0;
  auto chunks = source->chunks();
  while (auto piece = successResultOf(chunks.nextDeferred())) bytes += piece->size();
  CHECK(bytes == 70'000);
}

TEST_CASE("a file that is replaced or removed while it is sent is sent as it was") {
  FolderWorld world;
  const std::string content = numbered(kLarge);
  world.write("large", content);
  Response response = world.get("/large");
  std::filesystem::remove(world.root + "/large");
  world.write("large", "another");
  CHECK(bodyOf(std::move(response)) == content);
}

TEST_CASE("no descriptor stays open behind a request") {
  FolderWorld world;
  world.write("large", numbered(kLarge));
  world.write("small", "x");
  world.write("sub/a", "x");
  StaticFiles files(world.root, StaticFilesOptions().setListings(true).setPrecompressed(true));
  const auto before = test::openDescriptors();
  for (const char* path : {"/large", "/small", "/sub/", "/sub", "/missing", "/sub/a"}) {
    Request request("GET", std::string("http://a") + path);
    request.setHeader("Accept-Encoding", "br, gzip");
    CHECK(bodyOf(successResultOf(files(std::move(request)))).size() > 0);
  }
  CHECK(test::openDescriptors() == before);
}
