// The command as a test meets it: a program, its output and its exit code.
#pragma once

#include "support/run_program.hpp"

#include <doctest/doctest.h>

#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>
#include <thread>

inline const std::string kWeft = WEFT_COMMAND;
inline const std::string kQuotes = WEFT_QUOTES;

inline ProgramRun runWeft(const std::string& arguments) { return runProgram(kWeft + " " + arguments); }

inline bool has(const ProgramRun& run, std::string_view text) { return run.output.find(text) != std::string::npos; }

struct Folder {
  Folder() { REQUIRE(mkdtemp(path)); }
  ~Folder() { runProgram("rm -rf '" + std::string(path) + "'"); }
  std::string operator/(const std::string& name) const { return std::string(path) + "/" + name; }
  char path[64] = "/tmp/weft-command-test-XXXXXX";
};

inline std::string contentOf(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return std::string(std::istreambuf_iterator<char>(in), {});
}

inline std::size_t lines(const std::string& text) { return static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n')); }

// The demo site, for as long as this lives.
struct Demo {
  explicit Demo(const Folder& folder) {
    const std::string file = folder / "port";
    const ProgramRun started = runProgram("'" + kWeft + "' demo --port 0 --port-file '" + file + "' >/dev/null 2>&1 & echo $!");
    pid = std::stoi(started.output);
    while (contentOf(file).empty()) {
      REQUIRE(kill(pid, 0) == 0);
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    url = "http://127.0.0.1:" + std::to_string(std::stoi(contentOf(file))) + "/";
  }
  ~Demo() { kill(pid, SIGTERM); }
  pid_t pid = 0;
  std::string url;
};

// One for all tests, as it remembers nothing of those who ask.
inline const Demo& sharedDemo() {
  static const Folder folder;
  static const Demo demo(folder);
  return demo;
}

inline void write(const std::string& path, std::string_view text) {
  std::ofstream out(path, std::ios::binary);
  out << text;
  REQUIRE(out.flush());
}

// In that folder.
inline ProgramRun weftIn(const std::string& folder, const std::string& arguments) { return runProgram("cd '" + folder + "' && '" + kWeft + "' " + arguments); }
