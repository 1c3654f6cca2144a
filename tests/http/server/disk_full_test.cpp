// An upload to a disk without room: a file system in memory that is as small as the test needs it.
#include <doctest/doctest.h>

#include "http/server/server_world.hpp"
#include "support/temporary_folder.hpp"

#include <weft/http/file_error.hpp>
#include <weft/http/forms/form_data.hpp>

#include <cerrno>
#include <filesystem>
#include <string>
#include <utility>

#include <sys/mount.h>

using namespace weft;
using namespace weft::http;
using namespace weft::test::server;

namespace {

/// A disk of 256 KiB. Without the right to mount, `there` is false.
struct SmallDisk {
  test::TemporaryFolder folder;
  std::string path = folder / "small";
  bool there;

  SmallDisk() {
    std::filesystem::create_directory(path);
    there = ::mount("tmpfs", path.c_str(), "tmpfs", 0, "size=256k") == 0;
  }
  ~SmallDisk() {
    if (there) ::umount(path.c_str());
  }
};

std::string upload(std::size_t bytes) {
  const std::string body = "--b\r\nContent-Disposition: form-data; name=\"f\"; filename=\"f.bin\"\r\n\r\n" + std::string(bytes, 'x') + "\r\n--b--\r\n";
  return "POST / HTTP/1.1\r\nHost: a\r\nContent-Type: multipart/form-data; boundary=b\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

/// Reads a form into files of `folder`, and keeps the one that it has as `path`.
Deferred<Response> keep(Request request, std::string folder, std::string path) {
  FormOptions options;
  options.setFolder(folder);
  auto reading = readForm(std::move(request), options);
  FormData form = co_await reading;
  auto saving = form.files.at(0).saveTo(path);
  co_await saving;
  co_return Response(200, "kept");
}

}  // namespace

TEST_CASE("an upload to a full disk is answered with 507, leaves nothing, and the next one that fits is taken") {
  SmallDisk disk;
  if (!disk.there) return;
  Silence silence;
  // The disk that forms are read to is full, and then the one that they are kept at.
  for (const bool reading : {true, false}) {
    const std::string temporary = reading ? disk.path : disk.folder / ".";
    World world([&](Request request) { return keep(std::move(request), temporary, disk.path + "/kept"); });
    const std::string answer = world.exchange(upload(600'000), 1);
    CHECK(answer.starts_with("HTTP/1.1 507 Insufficient Storage\r\n"));
    CHECK(answer.find("no room left") != std::string::npos);
    CHECK(std::filesystem::is_empty(disk.path));
    CHECK(world.exchange(upload(100'000), 1).ends_with("\r\n\r\nkept"));
    CHECK(std::filesystem::file_size(disk.path + "/kept") == 100'000);
    std::filesystem::remove(disk.path + "/kept");
  }
}

TEST_CASE("a handler's FileError is a 507 for a full disk or quota, and a 500 for anything else") {
  Silence silence;
  for (const auto& [error, status] : {std::pair(ENOSPC, 507), std::pair(EDQUOT, 507), std::pair(EACCES, 500), std::pair(EIO, 500)}) {
    World world([error = error](Request) -> Deferred<Response> { throw FileError("writing", "/somewhere/file", error); });
    const std::string answer = world.exchange("GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    CHECK(statusOf(answer) == status);
    CHECK(answer.find("somewhere") == std::string::npos);      // the log's, not the client's
  }
}
