// http_layers gets through a site that needs every layer, and the second time asks less.
#include "support/run_program.hpp"

#include <doctest/doctest.h>

#include <string>

TEST_CASE("http_layers: a busy site that redirects, wants a cookie and a login; then again out of the cache") {
  const ProgramRun run = runProgram(std::string(SAMPLES_FOLDER) + "/http_layers");
  CHECK(run.status == 0);
  CHECK(run.output ==
        "first:\n  tried /: 503\n  redirected from / (302)\n  /home 200: welcome home\n"
        "again:\n  redirected from / (302)\n  /home 200: welcome home (out of the cache)\n"
        "5 requests over 1 connection(s)\n");
  const ProgramRun help = runProgram(std::string(SAMPLES_FOLDER) + "/http_layers --help");
  CHECK(help.status == 0);
  CHECK(help.output.starts_with("http_layers"));
  CHECK(runProgram(std::string(SAMPLES_FOLDER) + "/http_layers --cache /dev/null").status != 0);
}
