// Runs a program for a test and keeps what it prints.
#pragma once

#include <sys/wait.h>

#include <cstdio>
#include <stdexcept>
#include <string>

struct ProgramRun {
  std::string output;                                  // of standard output and standard error
  int status;                                          // the exit code; 128 and the signal's number if one ended it
};

/// Runs a shell command to its end.
inline ProgramRun runProgram(const std::string& command) {
  FILE* pipe = popen((command + " 2>&1").c_str(), "r");
  if (!pipe) throw std::runtime_error("cannot run " + command);
  ProgramRun run{"", 0};
  char buffer[4096];
  while (const std::size_t got = std::fread(buffer, 1, sizeof buffer, pipe)) run.output.append(buffer, got);
  const int status = pclose(pipe);
  run.status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  return run;
}
