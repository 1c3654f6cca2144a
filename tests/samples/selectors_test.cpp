#include "support/run_program.hpp"

#include <doctest/doctest.h>

#include <string>

TEST_CASE("the selectors sample asks in every language, and shows what a mistake looks like") {
  const ProgramRun run = runProgram(std::string(SAMPLES_FOLDER) + "/selectors");
  CHECK(run.status == 0);
  CHECK(run.output ==
        "CSS          Inkle loom, 49.90, 7\n"
        "CSS          Table loom, 310, 9\n"
        "XPath        /looms/9\n"
        "count        2.0\n"
        "JMESPath     7\n"
        "pointer      0\n"
        "text         Looms Inkle loom 49.90 EUR Table loom 310 EUR\n"
        "XML          Warp & weft\n"
        "feed         Warp & weft\n"
        "feed         Heddles\n"
        "CSS selector 'div >' at column 6: expected a selector after '>'\n"
        "  div >\n"
        "       ^\n");
  CHECK(runProgram(std::string(SAMPLES_FOLDER) + "/selectors --help").output.starts_with("usage: selectors"));
}
