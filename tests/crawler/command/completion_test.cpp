// weft completion and weft man: made of the command line itself, and understood by those who read them.

#include "crawler/command/weft_command.hpp"

namespace {

// What bash would offer behind these words.
std::string offered(const std::string& words, int place, const std::string& folder = "/") {
  return runProgram("cd '" + folder + "' && PATH='" + kWeft.substr(0, kWeft.rfind('/')) + "':\"$PATH\" bash -c 'source <(weft completion bash); COMP_WORDS=(" + words + "); COMP_CWORD=" + std::to_string(place) +
                    "; _weft 2>/dev/null; printf \"%s\\n\" \"${COMPREPLY[@]}\" | LC_ALL=C sort'")
      .output;
}

}  // namespace

TEST_CASE("bash completes commands, options, settings, levels and files") {
  const Folder folder;
  CHECK(offered("weft cr", 1) == "crawl\n");
  CHECK(offered("weft crawl --lo", 2) == "--logfile\n--loglevel\n");
  CHECK(offered("weft crawl -s CONCURRENT_REQUESTS_PER_D", 3) == "CONCURRENT_REQUESTS_PER_DOMAIN=\n");
  CHECK(offered("weft crawl -L W", 3) == "WARNING\n");
  CHECK(offered("weft genspider -t c", 3) == "crawl\ncsvfeed\n");
  CHECK(offered("weft completion z", 2) == "zsh\n");
  write(folder / "quotes.cpp", "");
  write(folder / "quotes.txt", "");
  CHECK(offered("weft runspider q", 2, folder.path) == "quotes.cpp\n");
  CHECK(offered("weft crawl -o q", 3, folder.path) == "quotes.cpp\nquotes.txt\n");
  CHECK(runProgram("'" + kWeft + "' completion bash | bash -n").output == "");
}

TEST_CASE("zsh and groff, where they are, read what is made for them without a word") {
  CHECK(runProgram("command -v zsh >/dev/null || exit 0; '" + kWeft + "' completion zsh > \"${TMPDIR:-/tmp}/_weft.$$\"; zsh -n \"${TMPDIR:-/tmp}/_weft.$$\"; rm -f \"${TMPDIR:-/tmp}/_weft.$$\"").output == "");
  CHECK(runProgram("command -v groff >/dev/null || exit 0; '" + kWeft + "' man | groff -man -ww -Tascii -z").output == "");
}
