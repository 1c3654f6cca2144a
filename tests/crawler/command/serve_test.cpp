// weft serve: a folder over HTTP, as a user meets it.

#include "crawler/command/weft_command.hpp"
#include "support/running_program.hpp"

#include <doctest/doctest.h>

#include <filesystem>
#include <string>

namespace {

/// A folder that is served, until SIGINT.
struct Served {
  Folder folder;
  RunningProgram program;
  std::string url;

  explicit Served(std::vector<std::string> options = {}) : program(words(std::move(options))), url("http://127.0.0.1:" + std::to_string(program.port()) + "/") {}

  std::vector<std::string> words(std::vector<std::string> options) {
    std::filesystem::create_directory(folder / "sub");
    write(folder / "a.txt", "hello\n");
    write(folder / "page.html", std::string(5000, 'x'));
    write(folder / "sub/b c.bin", std::string(300'000, 'b'));
    write(folder / ".secret", "secret");
    std::vector<std::string> all{kWeft, "serve", folder.path, "--port", "0"};
    all.insert(all.end(), options.begin(), options.end());
    return all;
  }
};

}  // namespace

TEST_CASE("weft serve says where it serves, sends files, logs each request and ends by Ctrl-C") {
  Served served;
  CHECK(served.program.firstLine == "Serving " + std::string(served.folder.path) + " at " + served.url + "  (Ctrl-C ends it)");
  CHECK(runWeft("fetch " + served.url + "a.txt").output == "hello\n");
  const std::string line = served.program.line();
  CHECK(line.starts_with("127.0.0.1 - - ["));
  CHECK(line.find("\"GET /a.txt HTTP/1.1\" 200 6 \"-\" \"") != std::string::npos);
  CHECK(runWeft("fetch -o '" + (served.folder / "out") + "' " + served.url + "sub/b%20c.bin").status == 0);
  CHECK(contentOf(served.folder / "out") == std::string(300'000, 'b'));
  served.program.line();
  CHECK(runWeft("fetch " + served.url + "missing").status == 3);
  CHECK(served.program.line().find("\"GET /missing HTTP/1.1\" 404 ") != std::string::npos);
  CHECK(runWeft("fetch " + served.url + ".secret").status == 3);
  CHECK(runWeft("fetch " + served.url + "sub/").status == 3);
  CHECK(has(runWeft("fetch -I -H 'Accept-Encoding: gzip' " + served.url + "page.html"), "Content-Encoding: gzip"));
  CHECK(served.program.stop(SIGINT) == 0);
}

TEST_CASE("weft serve lists folders, serves dot files and tells caches, if it is told to") {
  Served served({"--list", "--dot-files", "--max-age", "60", "--quiet"});
  const ProgramRun listing = runWeft("fetch " + served.url);
  CHECK(has(listing, "<a href=\"sub/\">sub/</a>"));
  CHECK(has(listing, "<a href=\".secret\">"));
  CHECK(has(runWeft("fetch -I " + served.url + "a.txt"), "Cache-Control: max-age=60"));
  CHECK(runWeft("fetch " + served.url + ".secret").output == "secret");
  CHECK(served.program.stop(SIGTERM) == 0);
}

TEST_CASE("weft serve names a port that is taken, and what to do") {
  Served served;
  const ProgramRun taken = runWeft("serve " + std::string(served.folder.path) + " --port " + std::to_string(served.program.port()));
  CHECK(taken.status == 1);
  CHECK(lines(taken.output) == 1);
  CHECK(has(taken, "127.0.0.1:" + std::to_string(served.program.port())));
  CHECK(has(taken, "--port 0 takes any free port"));
}
