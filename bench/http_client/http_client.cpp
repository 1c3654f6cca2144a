// bench/http_client: what a GET over a kept connection costs, beside raw epoll with llhttp, libcurl and Boost.Beast in the same run. See docs/performance.md.
#include "../net/counters.hpp"
#include "clients.hpp"
#include "page_server.hpp"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <sched.h>
#include <string_view>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

namespace {

using namespace bench;

struct Options {
  std::vector<std::string> words;
  int rounds = 5;
  long requests = 40'000;
  bool wants(const std::string& name) const {
    return words.empty() || std::any_of(words.begin(), words.end(), [&](const std::string& word) { return name.find(word) != std::string::npos; });
  }
};

/// What a client's process tells of itself.
struct Use {
  double user = 0, system = 0;                         // microseconds
  long bytes = 0;
};

double median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return values.empty() ? 0 : values[values.size() / 2];
}

Use usedSoFar() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto micro = [](const timeval& time) { return static_cast<double>(time.tv_sec) * 1e6 + static_cast<double>(time.tv_usec); };
  return {micro(usage.ru_utime), micro(usage.ru_stime)};
}

/// One client, from its first connection to its last body, in a process of its own on processor 1.
Use run(const HttpClient& client, const Work& work, Counters& counters) {
  auto* const shared = static_cast<Use*>(mmap(nullptr, sizeof(Use), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0));
  std::fflush(stdout);
  const pid_t process = fork();
  if (process < 0) std::abort();
  if (process == 0) {
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(1, &set);
    sched_setaffinity(0, sizeof set, &set);
    Counters::countIn(counters);
    const Use before = usedSoFar();
    const long bytes = client.get(work);
    const Use after = usedSoFar();
    *shared = {after.user - before.user, after.system - before.system, bytes};
    _exit(0);
  }
  int status = 0;
  waitpid(process, &status, 0);
  const Use use = *shared;
  munmap(shared, sizeof(Use));
  if (status != 0) {
    std::fprintf(stderr, "%s did not end well\n", client.name);
    std::exit(1);
  }
  return use;
}

void compare(const Options& options, int connections, std::size_t bytes) {
  const std::string name = "GET " + std::to_string(connections) + " x " + std::to_string(bytes) + " B";
  if (!options.wants(name)) return;
  const PageServer server(bytes);
  const Work work{server.port(), "/page.html", connections, connections == 1 ? options.requests / 4 : options.requests};
  struct Row {
    std::vector<double> cpu, user, ratio;
    Counters* counters = &Counters::shared();
  };
  std::vector<Row> rows(kHttpClients.size());
  for (int round = 0; round < options.rounds; ++round) {
    double floor = 0;
    for (std::size_t i = 0; i < rows.size(); ++i) {
      const Use use = run(kHttpClients[i], work, *rows[i].counters);
      if (use.bytes != work.requests * static_cast<long>(bytes)) {
        std::fprintf(stderr, "%s got %ld bytes\n", kHttpClients[i].name, use.bytes);
        std::exit(1);
      }
      const auto requests = static_cast<double>(work.requests);
      const double cpu = (use.user + use.system) / requests;
      if (i == 0) floor = cpu;
      rows[i].cpu.push_back(cpu);
      rows[i].user.push_back(use.user / requests);
      rows[i].ratio.push_back(cpu / floor);
    }
  }
  const double all = static_cast<double>(work.requests) * options.rounds;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    std::printf("%-20s %-20s %8.2f %8.2f %8.2f %8.2f %8.3f\n", name.c_str(), kHttpClients[i].name, median(rows[i].cpu), median(rows[i].ratio), median(rows[i].user),
                static_cast<double>(rows[i].counters->calls.load()) / all, static_cast<double>(rows[i].counters->allocations.load()) / all);
    std::fflush(stdout);
  }
}

constexpr std::string_view kHelp =
    "http_client: what a GET costs, beside raw epoll with llhttp, libcurl and Boost.Beast\n\n"
    "usage: http_client [--rounds N] [--requests N] [WORD...]\n\n"
    "Measures the cases whose name contains one of the words, or all of them. The clients run one after the other in each of N rounds (5), each for N requests (40,000; a quarter of\n"
    "them where there is one connection), pinned to processor 1; the server has processor 0. A line says, per request, connections opened within:\n"
    "  cpu      microseconds of the client's processor time: median of the rounds\n"
    "  ratio    the same in units of raw epoll's in the same round: median\n"
    "  user     microseconds outside the kernel (rough: the kernel divides ticks)\n"
    "  calls    system calls that read, write, wait and watch\n"
    "  allocs   calls of operator new\n"
    "Cases: GET CONNECTIONS x BYTES.\n";

}  // namespace

int main(int argc, char** argv) {
  Options options;
  for (int i = 1; i < argc; ++i) {
    const std::string_view word = argv[i];
    if (word == "--help" || word == "-h") {
      std::printf("%s", kHelp.data());
      return 0;
    }
    if (word == "--rounds" && i + 1 < argc) {
      options.rounds = std::max(1, std::atoi(argv[++i]));
    } else if (word == "--requests" && i + 1 < argc) {
      options.requests = std::max(2000L, std::atol(argv[++i]));
    } else if (word.starts_with("-")) {
      std::fprintf(stderr, "http_client: unknown option %s; see --help\n", argv[i]);
      return 2;
    } else {
      options.words.emplace_back(word);
    }
  }
  rlimit files{};
  getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = files.rlim_max;
  setrlimit(RLIMIT_NOFILE, &files);

  std::printf("%-20s %-20s %8s %8s %8s %8s %8s\n", "case", "client", "cpu us", "ratio", "user us", "calls", "allocs");
  for (const std::size_t bytes : {std::size_t{1024}, std::size_t{10 * 1024}})
    for (const int connections : {64, 1, 1000}) compare(options, connections, bytes);
  compare(options, 64, 16 * 1024);
  return 0;
}
