#include "server_process.hpp"

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <sched.h>
#include <string>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

namespace bench {

namespace {

void pinTo(int processor) {
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(static_cast<unsigned>(processor), &set);
  sched_setaffinity(0, sizeof set, &set);              // where there is but one processor, all runs there
}

}  // namespace

void pinToLoadProcessor() { pinTo(1); }

ServerProcess::ServerProcess(const EchoServer& server) : counters_(Counters::shared()) {
  int ends[2];
  if (pipe(ends) != 0) std::abort();
  std::fflush(stdout);
  process_ = fork();
  if (process_ < 0) std::abort();
  if (process_ == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    pinTo(0);
    Counters::countIn(counters_);
    server.serve([&](std::uint16_t port) {
      if (write(ends[1], &port, sizeof port) != sizeof port) _exit(1);
    });
    _exit(0);
  }
  close(ends[1]);
  if (read(ends[0], &port_, sizeof port_) != sizeof port_) std::abort();
  close(ends[0]);
}

ServerProcess::~ServerProcess() {
  kill(process_, SIGKILL);
  waitpid(process_, nullptr, 0);
}

ServerProcess::Use ServerProcess::use() const {
  const std::string folder = "/proc/" + std::to_string(process_);
  Use use;
  std::ifstream(folder + "/schedstat") >> use.cpu;
  std::ifstream status(folder + "/stat");
  std::string line;
  std::getline(status, line);
  const char* fields = std::strrchr(line.c_str(), ')');
  if (!fields || std::sscanf(fields, ") %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lf %lf", &use.user, &use.system) != 2) std::abort();
  use.calls = counters_.calls.load();
  use.allocations = counters_.allocations.load();
  return use;
}

std::size_t ServerProcess::privateBytes() const {
  std::ifstream file("/proc/" + std::to_string(process_) + "/smaps_rollup");
  std::size_t total = 0;
  for (std::string line; std::getline(file, line);)
    if (line.starts_with("Private_")) total += std::strtoul(line.c_str() + line.find(':') + 1, nullptr, 10) * 1024;
  return total;
}

}  // namespace bench
