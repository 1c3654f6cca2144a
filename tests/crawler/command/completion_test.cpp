// weft completion and weft man: made of the command line itself, and understood by those who read them.

#include "crawler/command/weft_command.hpp"

#include <sstream>
#include <vector>

namespace {

// What bash would offer behind these words.
std::string offered(const std::string& words, int place, const std::string& folder = "/") {
  return runProgram("cd '" + folder + "' && PATH='" + kWeft.substr(0, kWeft.rfind('/')) + "':\"$PATH\" bash -c 'source <(weft completion bash); COMP_WORDS=(" + words + "); COMP_CWORD=" + std::to_string(place) +
                    "; _weft 2>/dev/null; printf \"%s\\n\" \"${COMPREPLY[@]}\" | LC_ALL=C sort'")
      .output;
}

std::vector<std::string> commands() {
  std::vector<std::string> names;
  std::istringstream help(runWeft("--help").output);
  bool within = false;
  for (std::string line; std::getline(help, line);) {
    if (line == "Subcommands:") within = true;
    else if (within && line.starts_with("  ") && line.size() > 2 && line[2] != ' ') names.push_back(line.substr(2, line.find(' ', 2) - 2));
    else if (within && line.empty()) break;
  }
  return names;
}

}  // namespace

TEST_CASE("every command has examples in its help, and is in the completions and the manual page") {
  const std::vector<std::string> names = commands();
  CHECK(names.size() >= 17);
  const std::string bash = runWeft("completion bash").output, zsh = runWeft("completion zsh").output, man = runWeft("man").output;
  for (const std::string& name : names) {
    CAPTURE(name);
    const ProgramRun help = runWeft(name + " --help");
    CHECK(help.status == 0);
    CHECK(has(help, "\nExamples:\n  "));
    CHECK(bash.find("\n    " + name + ")\n") != std::string::npos);
    CHECK(zsh.find("\n    " + name + ") _arguments") != std::string::npos);
    CHECK(man.find("\n.SS weft " + name) != std::string::npos);
  }
}

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

TEST_CASE("three mistakes with weft completion") {
  CHECK(has(runWeft("completion"), "shell is required"));
  const ProgramRun run = runWeft("completion bahs");
  CHECK(run.status == 2);
  CHECK(run.output == "weft: there is no completion for \"bahs\"; did you mean bash?; there is one for bash and one for zsh\n");
  CHECK(runWeft("completion fish").output == "weft: there is no completion for \"fish\"; there is one for bash and one for zsh\n");
}
