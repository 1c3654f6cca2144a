// What StaticFiles must never send, and must never wait for.
#include "http/server/folder_world.hpp"

#include <weft/http/server/internal/served_folder.hpp>
#include <weft/http/server/static_files.hpp>

#include <atomic>
#include <filesystem>
#include <string>
#include <thread>
#include <vector>

#include <sys/stat.h>
#include <unistd.h>

using namespace weft;
using namespace weft::http;
using http::detail::ServedFolder;
using http::detail::ServedPath;

namespace {

/// With something beside the folder that must not be had.
struct GuardedWorld : FolderWorld {
  GuardedWorld() {
    write("public.txt", "public");
    write("sub/deep.txt", "deep");
    std::filesystem::create_directory(folder / "secrets");
    std::ofstream(folder / "secrets/secret.txt") << "secret";
    std::ofstream(folder / "secret.txt") << "secret";
  }
};

std::optional<std::string> pathOf(std::string_view urlPath, bool dotFiles = false) {
  const auto path = ServedPath::of(urlPath, dotFiles);
  if (!path) return std::nullopt;
  return path->path + (path->slash ? "/" : "");
}

}  // namespace

TEST_CASE("the path of a URL becomes one below the folder, or none") {
  CHECK(pathOf("") == "");
  CHECK(pathOf("/") == "/");
  CHECK(pathOf("/a") == "a");
  CHECK(pathOf("/a/b.txt") == "a/b.txt");
  CHECK(pathOf("/a/") == "a/");
  CHECK(pathOf("/a%20b/%C3%A9") == "a b/\xC3\xA9");
  CHECK(pathOf("/100%") == "100%");
  CHECK(pathOf("/%2525") == "%25");                    // decoded once
  for (const char* none : {"a", "//", "//a", "/a//b", "/a//", "/..", "/../a", "/a/..", "/a/../b", "/.", "/a/./b", "/%2e%2e/a", "/%2E.", "/.%2e/a", "/a/%2e", "/a%2fb", "/%2fa",
                           "/..%2fa", "/a%5cb", "/..%5ca", "/a\\b", "/a%00", "/%00", "/a%00.txt", "/%c0%ae%c0%ae/a", "/%c0%afa", "/%e0%80%af", "/%f0%80%80%af", "/a%ff",
                           "/.git", "/.git/config", "/a/.b", "/%2egit", "/...", "/sub/.well-known/x"})
    CHECK_MESSAGE(!pathOf(none), std::string(none));
  CHECK(pathOf("/.well-known/acme") == ".well-known/acme");
  CHECK(pathOf("/.well-known/.secret") == std::nullopt);
  CHECK(pathOf("/.git/config", true) == ".git/config");
  CHECK(pathOf("/...", true) == "...");
  for (const char* none : {"/..", "/%2e%2e/a", "/a/../b", "/."}) CHECK(!pathOf(none, true));
}

TEST_CASE("no spelling of a path leads out of the folder") {
  GuardedWorld world;
  for (const char* path : {"/../secret.txt", "/%2e%2e/secret.txt", "/%2e%2e%2fsecret.txt", "/..%2fsecret.txt", "/.%2e/secret.txt", "/sub/../../secret.txt", "/sub/%2e%2e/%2e%2e/secret.txt",
                           "/..\\secret.txt", "/..%5csecret.txt", "/%252e%252e/secret.txt", "/%c0%ae%c0%ae/secret.txt", "/%c0%ae%c0%ae%c0%afsecret.txt", "/....//secret.txt", "/..;/secret.txt",
                           "/%00/../secret.txt", "/public.txt%00.html", "/~root/", "/%uff0e%uff0e/secret.txt", "/./../secret.txt", "//../secret.txt"}) {
    Response response = world.get(path, {}, StaticFilesOptions().setDotFiles(true).setListings(true));
    CHECK_MESSAGE(response.status == 404, std::string(path));
    CHECK(bodyOf(std::move(response)).find("secret") == std::string::npos);
  }
  CHECK(world.status("/" + std::string(300, 'a')) == 404);           // too long for a name
  std::string deep;
  for (int i = 0; i < 3000; ++i) deep += "/a";
  CHECK(world.status(deep) == 404);                                  // too long for a path
}

TEST_CASE("a link is followed within the folder, and never out of it unless that is allowed") {
  GuardedWorld world;
  const auto link = [&](const char* target, const std::string& name) { std::filesystem::create_symlink(target, world.root + '/' + name); };
  link("public.txt", "inside");
  link("../public.txt", "sub/up");
  link("sub", "folder");
  link("../secret.txt", "out.txt");
  link("../secrets", "outside");
  link("/etc/passwd", "absolute");
  link("loop", "loop");
  link("missing", "dangling");
  link("/proc/self/root", "magic");
  CHECK(bodyOf(world.get("/inside")) == "public");
  CHECK(bodyOf(world.get("/sub/up")) == "public");
  CHECK(bodyOf(world.get("/folder/deep.txt")) == "deep");
  for (const char* path : {"/out.txt", "/outside/secret.txt", "/outside/", "/outside", "/absolute", "/loop", "/dangling", "/magic/etc/passwd"}) CHECK_MESSAGE(world.status(path) == 404, std::string(path));
  const auto open = StaticFilesOptions().setOutsideLinks(true);
  CHECK(bodyOf(world.get("/out.txt", {}, open)) == "secret");
  CHECK(bodyOf(world.get("/outside/secret.txt", {}, open)) == "secret");
  CHECK(world.status("/../secret.txt", open) == 404);
  CHECK(world.status("/loop", open) == 404);
}

TEST_CASE("a system without openat2 serves the same, and follows no link") {
  GuardedWorld world;
  std::filesystem::create_symlink("public.txt", world.root + "/inside");
  std::filesystem::create_symlink("../secrets", world.root + "/outside");
  const ServedFolder old(world.root, false, true);
  const auto error = [&](const std::string& path) { return old.open(path, ServedFolder::Wait::Yes).error; };
  CHECK(old.open("public.txt", ServedFolder::Wait::No).wouldWait);
  CHECK(old.open("public.txt", ServedFolder::Wait::Yes).isFile());
  CHECK(old.open("sub/deep.txt", ServedFolder::Wait::Yes).isFile());
  CHECK(old.open("sub", ServedFolder::Wait::Yes).isFolder());
  CHECK(old.open("", ServedFolder::Wait::Yes).isFolder());
  CHECK(error("inside") == ELOOP);
  CHECK(error("outside/secret.txt") == ENOTDIR);
  CHECK(error("missing/a") == ENOENT);
  CHECK(error(std::string(300, 'a')) == ENAMETOOLONG);
  const ServedFolder open(world.root, true, true);
  CHECK(open.open("outside/secret.txt", ServedFolder::Wait::Yes).isFile());
}

TEST_CASE("a folder that is swapped for a link while it is asked for never gives what is outside") {
  GuardedWorld world;
  world.write("swap/secret.txt", "harmless");
  std::filesystem::create_symlink(world.folder / "secrets", world.root + "/link");
  const std::string name = world.root + "/swap", link = world.root + "/link", other = world.root + "/other";
  std::atomic<bool> done{false};
  std::thread swapper([&] {
    while (!done) {
      ::rename(name.c_str(), other.c_str());
      ::rename(link.c_str(), name.c_str());
      ::rename(name.c_str(), link.c_str());
      ::rename(other.c_str(), name.c_str());
    }
  });
  StaticFiles files(world.root);
  int served = 0;
  for (int i = 0; i < 2000; ++i) {
    Response response = successResultOf(files(Request("GET", "http://a/swap/secret.txt")));
    if (response.status != 200) continue;
    ++served;
    CHECK(bodyOf(std::move(response)) == "harmless");
  }
  done = true;
  swapper.join();
  MESSAGE(served << " of 2000 found it");
}

TEST_CASE("dot files are as if they were not there") {
  GuardedWorld world;
  world.write(".htpasswd", "x");
  world.write(".git/config", "x");
  world.write(".well-known/security.txt", "contact");
  world.write(".well-known/.hidden", "x");
  world.write("sub/.well-known/a", "x");
  for (const char* path : {"/.htpasswd", "/%2ehtpasswd", "/.git/config", "/.git/", "/.git", "/.well-known/.hidden", "/sub/.well-known/a"}) CHECK(world.status(path) == 404);
  CHECK(bodyOf(world.get("/.well-known/security.txt")) == "contact");
  CHECK(world.status("/.git/config", StaticFilesOptions().setDotFiles(true)) == 200);
}

TEST_CASE("only regular files are sent, and a FIFO does not hold the server") {
  GuardedWorld world;
  REQUIRE(::mkfifo((world.root + "/pipe").c_str(), 0644) == 0);
  CHECK(world.status("/pipe") == 404);
  if (::geteuid() == 0) {
    REQUIRE(::mknod((world.root + "/zero").c_str(), S_IFCHR | 0644, 1 << 8 | 5) == 0);
    CHECK(world.status("/zero") == 404);
  }
}

TEST_CASE("what may not be read is forbidden") {
  GuardedWorld world;
  if (::geteuid() == 0) return;                        // root may read everything
  world.write("closed", "x");
  REQUIRE(::chmod((world.root + "/closed").c_str(), 0) == 0);
  CHECK(world.status("/closed") == 403);
}

TEST_CASE("an old coded file or a folder in its place is passed over") {
  GuardedWorld world;
  world.write("a.css", "plain");
  std::filesystem::create_directory(world.root + "/a.css.br");
  std::filesystem::create_symlink("../secret.txt", world.root + "/a.css.gz");
  Request request("GET", "http://a/a.css");
  CHECK(bodyOf(world.get("/a.css", {{"Accept-Encoding", "br, gzip"}}, StaticFilesOptions().setPrecompressed(true))) == "plain");
}
