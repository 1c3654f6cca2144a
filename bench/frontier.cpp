// bench/frontier: what requests that wait and URLs that were seen cost, in memory and with a job's journal. See docs/performance.md.
#include <weft/core/reactor.hpp>
#include <weft/crawler/frontier/journal_frontier.hpp>
#include <weft/crawler/frontier/memory_frontier.hpp>
#include <weft/crawler/politeness/politeness.hpp>
#include <weft/crawler/settings.hpp>
#include <weft/crawler/spider.hpp>
#include <weft/defer/gather.hpp>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <string>
#include <string_view>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>
#include <utility>
#include <vector>

namespace {

using namespace weft;
using namespace weft::crawler;
namespace fs = std::filesystem;

constexpr long kHosts = 100;
constexpr int kWorkers = 64;
constexpr long kBatch = 1000;

class NoSpider final : public Spider {
 public:
  NoSpider() : Spider("bench") {}
};

/// What a case's process tells of itself.
struct Use {
  double queued = 0, drained = 0;                      // CPU seconds, all threads
  double megabytesQueued = 0;                          // resident, when all wait
  double megabytesPeak = 0;
};

double cpuSeconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& time) { return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6; };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

double residentMegabytes() {
  long pages = 0, resident = 0;
  std::FILE* file = std::fopen("/proc/self/statm", "r");
  if (!file || std::fscanf(file, "%ld %ld", &pages, &resident) != 2) std::abort();
  std::fclose(file);
  return static_cast<double>(resident) * static_cast<double>(sysconf(_SC_PAGESIZE)) / 1e6;
}

Settings settings() {
  Settings settings;
  settings.concurrentRequests = kWorkers;
  settings.concurrentRequestsPerDomain = kWorkers;
  settings.schedulerMaxPending = 1'000'000'000;
  return settings;
}

Deferred<> work(Frontier& frontier) {
  while (auto lease = co_await frontier.next()) {
    auto committing = frontier.commit(std::move(*lease), Fate::Done, {});
    co_await committing;
  }
}

Deferred<> crawl(Frontier& frontier, long urls, Use& use) {
  const double begin = cpuSeconds();
  for (long i = 0; i < urls;) {
    std::vector<Request> requests;
    for (; i < urls && requests.size() < kBatch; ++i)
      requests.emplace_back("http://host" + std::to_string(i % kHosts) + ".example.com/section/" + std::to_string(i / 1000) + "/page-" + std::to_string(i) + ".html");
    auto adding = frontier.add(std::move(requests));
    co_await adding;
  }
  frontier.seeded();
  const double between = cpuSeconds();
  use.queued = between - begin;
  use.megabytesQueued = residentMegabytes();
  std::vector<Deferred<>> workers;
  for (int i = 0; i < kWorkers; ++i) workers.push_back(work(frontier));
  auto all = gatherResults(std::move(workers));
  co_await all;
  use.drained = cpuSeconds() - between;
}

void run(Reactor& reactor, Frontier& frontier, long urls, Use& use) {
  Deferred<> running(nullptr);
  reactor.callWhenRunning([&] {
    running = crawl(frontier, urls, use).addBoth([&reactor](auto outcome) {
      reactor.stop();
      if (outcome.ok()) return;
      std::fprintf(stderr, "frontier: %s\n", outcome.failure().getErrorMessage().c_str());
      std::exit(1);
    });
  });
  reactor.run();
}

void inMemory(long urls, Use& use) {
  Reactor reactor;
  const Settings chosen = settings();
  Politeness politeness(chosen, reactor);
  MemoryFrontier frontier(chosen, politeness);
  run(reactor, frontier, urls, use);
}

void inJob(long urls, Use& use) {
  std::string folder = (fs::temp_directory_path() / "weft-frontier-XXXXXX").string();
  if (!mkdtemp(folder.data())) std::abort();
  {
    Reactor reactor;
    const Settings chosen = settings();
    Politeness politeness(chosen, reactor);
    NoSpider spider;
    JournalFrontier frontier(folder + "/job", spider, chosen, politeness, reactor);
    run(reactor, frontier, urls, use);
  }
  fs::remove_all(folder);
}

// In a process of its own, whose peak is its own.
void measure(const char* name, void (*frontier)(long, Use&), long urls) {
  auto* const use = static_cast<Use*>(mmap(nullptr, sizeof(Use), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0));
  std::fflush(stdout);
  const pid_t process = fork();
  if (process < 0) std::abort();
  if (process == 0) {
    *use = Use();
    frontier(urls, *use);
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    use->megabytesPeak = static_cast<double>(usage.ru_maxrss) * 1024 / 1e6;
    _exit(0);
  }
  int status = 0;
  waitpid(process, &status, 0);
  if (status != 0) std::exit(1);
  const auto count = static_cast<double>(urls);
  std::printf("%-8s %12ld %10.2f %10.2f %12.0f %12.0f\n", name, urls, use->queued / count * 1e6, use->drained / count * 1e6, use->megabytesQueued, use->megabytesPeak);
  munmap(use, sizeof(Use));
}

constexpr std::string_view kHelp =
    "frontier: what requests that wait and URLs that were seen cost\n\n"
    "usage: frontier [memory|job] [URLS]\n\n"
    "Adds that many URLs (1,000,000) of 100 hosts, a thousand at a time, and then takes them all out, 64 at a time. A line says:\n"
    "  add, take   microseconds of processor time a URL, all threads\n"
    "  waiting     megabytes resident when all of them wait\n"
    "  peak        the most that was ever resident\n";

}  // namespace

int main(int argc, char** argv) {
  long urls = 1'000'000;
  std::string_view which;
  for (int i = 1; i < argc; ++i) {
    const std::string_view word = argv[i];
    if (word == "--help" || word == "-h") return std::printf("%s", kHelp.data()), 0;
    if (word == "memory" || word == "job") {
      which = word;
    } else if (const long number = std::atol(argv[i]); number > 0) {
      urls = number;
    } else {
      std::fprintf(stderr, "frontier: what is \"%s\"? see --help\n", argv[i]);
      return 2;
    }
  }
  std::printf("%-8s %12s %10s %10s %12s %12s\n", "frontier", "URLs", "add us", "take us", "waiting MB", "peak MB");
  if (which != "job") measure("memory", inMemory, urls);
  if (which != "memory") measure("job", inJob, urls);
  return 0;
}
