#include <weft/http/server/internal/listing.hpp>

#include "http/server/folder_world.hpp"

#include <filesystem>
#include <string>
#include <vector>

#include <fcntl.h>
#include <sys/stat.h>

using namespace weft;
using namespace weft::http;

namespace {

std::string listed(FolderWorld& world, const std::string& path, StaticFilesOptions options = StaticFilesOptions()) {
  Response response = world.get(path, {}, std::move(options.setListings(true)));
  CHECK(response.status == 200);
  CHECK(field(response, "Content-Type") == "text/html; charset=utf-8");
  return bodyOf(std::move(response));
}

// Where the links lead, in order.
std::vector<std::string> links(const std::string& page) {
  std::vector<std::string> all;
  for (std::size_t at = 0; (at = page.find("href=\"", at)) != std::string::npos;) {
    at += 6;
    all.push_back(page.substr(at, page.find('"', at) - at));
  }
  return all;
}

}  // namespace

TEST_CASE("a listing is refused unless it is allowed, and an index stands in its place") {
  FolderWorld world;
  world.write("sub/a.txt", "a");
  CHECK(world.status("/sub/") == 403);
  CHECK(world.status("/sub/", StaticFilesOptions().setListings(true)) == 200);
  world.write("sub/index.html", "index");
  CHECK(listed(world, "/sub/") == "index");
}

TEST_CASE("a listing names folders first, then files, by name, with sizes and times") {
  FolderWorld world;
  world.write("b.txt", "1234");
  world.write("a.bin", std::string(1536, 'x'));
  world.write("z/inner", "x");
  world.write("y/inner", "x");
  struct timespec times[2] = {{0, 0}, {1'000'000'000, 0}};
  REQUIRE(::utimensat(AT_FDCWD, (world.root + "/b.txt").c_str(), times, 0) == 0);
  const std::string page = listed(world, "/");
  CHECK(links(page) == std::vector<std::string>{"y/", "z/", "a.bin", "b.txt"});
  CHECK(page.find("<td><a href=\"b.txt\">b.txt</a></td><td>4 B</td><td>2001-09-09 01:46</td>") != std::string::npos);
  CHECK(page.find("1.5 KiB") != std::string::npos);
  CHECK(links(listed(world, "/z/")) == std::vector<std::string>{"../", "inner"});
}

TEST_CASE("names are escaped in a listing, as text and as links") {
  FolderWorld world;
  world.write("<script>alert(1)<\x7F&\".txt", "x");
  world.write("javascript:alert(1)", "x");
  world.write("a b?c#d%20", "x");
  world.write("caf\xC3\xA9", "x");
  world.write("<b>/x", "x");
  const std::string page = listed(world, "/");
  CHECK(page.find("<script") == std::string::npos);
  CHECK(page.find("&lt;script&gt;alert(1)&lt;") != std::string::npos);
  CHECK(page.find("href=\"javascript:") == std::string::npos);
  for (const std::string& link : links(page)) CHECK((link.ends_with('/') || world.status("/" + link) == 200));      // each leads there
  const std::string inner = listed(world, "/%3Cb%3E/");
  CHECK(inner.find("<title>/&lt;b&gt;/</title>") != std::string::npos);
}

TEST_CASE("a listing shows nothing that would not be served") {
  FolderWorld world;
  world.write("visible", "x");
  world.write(".hidden", "x");
  world.write(".well-known/a", "x");
  world.write("back\\slash", "x");
  world.write("latin\xE9", "x");
  std::ofstream(world.folder / "secret.txt") << "secret";
  std::filesystem::create_symlink("../secret.txt", world.root + "/out");
  std::filesystem::create_symlink("visible", world.root + "/link");
  std::filesystem::create_symlink("missing", world.root + "/dangling");
  REQUIRE(::mkfifo((world.root + "/pipe").c_str(), 0644) == 0);
  CHECK(links(listed(world, "/")) == std::vector<std::string>{".well-known/", "link", "visible"});
  CHECK(links(listed(world, "/", StaticFilesOptions().setDotFiles(true).setOutsideLinks(true))) == std::vector<std::string>{".well-known/", ".hidden", "link", "out", "visible"});
  world.write("sub/.well-known/a", "x");
  CHECK(links(listed(world, "/sub/")) == std::vector<std::string>{"../"});
}

TEST_CASE("a listing has a most, and says when there is more; an empty one says so") {
  FolderWorld world;
  for (int i = 0; i < 5; ++i) world.write("file" + std::to_string(i), "x");
  std::filesystem::create_directory(world.root + "/empty");
  const std::string page = listed(world, "/", StaticFilesOptions().setMaxListed(3));
  CHECK(links(page).size() == 3);
  CHECK(page.find("There are more than these 3.") != std::string::npos);
  CHECK(listed(world, "/empty/").find("Nothing here.") != std::string::npos);
}

TEST_CASE("a listing is light or dark, and loads nothing") {
  FolderWorld world;
  world.write("a", "x");
  Response response = world.get("/", {}, StaticFilesOptions().setListings(true));
  CHECK(field(response, "Content-Security-Policy") == "default-src 'none'; style-src 'unsafe-inline'");
  CHECK(field(response, "Cache-Control") == "no-cache");
  const std::string page = bodyOf(std::move(response));
  CHECK(page.find("color-scheme:light dark") != std::string::npos);
  for (const char* outside : {"src=", "<link", "@import", "url(", "http"}) CHECK(page.find(outside) == std::string::npos);
}
