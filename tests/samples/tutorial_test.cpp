// The tutorial's programs print what it says.
#include "support/run_program.hpp"

#include <doctest/doctest.h>

#include <string>

namespace {

ProgramRun tutorial(const std::string& name) { return runProgram(std::string(SAMPLES_FOLDER) + "/tutorial_" + name); }

}  // namespace

TEST_CASE("every step of the tutorial explains itself with --help") {
  for (const char* name : {"01_deferred", "02_chain", "03_coroutine", "04_gather", "05_workers", "06_echo", "07_http"}) {
    CAPTURE(name);
    const ProgramRun help = tutorial(std::string(name) + " --help");
    CHECK(help.status == 0);
    CHECK(help.output.starts_with(std::string("tutorial_") + name));
  }
}

TEST_CASE("tutorial 01: a Deferred runs its callback when it is fired") {
  CHECK(tutorial("01_deferred").output == "nobody knows it yet\nthe answer is 42\nprinted: yes\n");
}

TEST_CASE("tutorial 02: a chain changes types, and an errback takes only its error") {
  CHECK(tutorial("02_chain").output ==
        "done, one way or the other\n\"12\" is 12\n"
        "done, one way or the other\n\"twelve\" is 0\n"
        "done, one way or the other\n\"-1\" failed: negative\n");
}

TEST_CASE("tutorial 03: a coroutine awaits, and an error is an exception") {
  CHECK(tutorial("03_coroutine").output == "hello, world\nfailed: nobody to greet\n");
}

TEST_CASE("tutorial 04: gatherResults waits for all, of one type or of several") {
  CHECK(tutorial("04_gather").output == "1 4 9 16 25 \n9 + 16 = 25\n");
}

TEST_CASE("tutorial 05: three workers share the jobs of one queue") {
  const ProgramRun run = tutorial("05_workers");
  CHECK(run.status == 0);
  CHECK(run.output ==
        "worker 1 did dishes\nworker 2 did laundry\nworker 3 did windows\n"
        "worker 1 did garden\nworker 2 did letters\nworker 3 did shopping\nall done\n");
}

TEST_CASE("tutorial 06: what is sent to the echo server comes back") {
  CHECK(tutorial("06_echo").output == "echoed: hello\nechoed: how are you\nechoed: goodbye\n");
}

TEST_CASE("tutorial 07: a response has a status and a body, and a refused connection says so") {
  CHECK(tutorial("07_http").output == "200 OK: hello from /a/page\nconnecting to 127.0.0.1:1: connection refused\n");
}
