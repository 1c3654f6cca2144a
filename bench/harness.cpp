#include "harness.hpp"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <dlfcn.h>
#include <new>
#include <string_view>
#include <sys/wait.h>
#include <unistd.h>

// operator new of the bench programs counts while a case is being counted, and goes on to the C++ library's, whose cost it thereby keeps: a jump through a
// pointer takes the place of the jump through the linkage table. operator delete is the library's.
namespace {

bool counting = false;
std::size_t allocations = 0;

using Allocate = void* (*)(std::size_t);
void* allocateFirst(std::size_t size);
constinit Allocate libraryAllocate = allocateFirst;

void* allocateFirst(std::size_t size) {
  libraryAllocate = reinterpret_cast<Allocate>(dlsym(RTLD_NEXT, "_Znwm"));
  if (!libraryAllocate) libraryAllocate = std::malloc;   // linked statically
  return libraryAllocate(size);
}

}  // namespace

void* operator new(std::size_t size) {
  if (counting) [[unlikely]] __atomic_add_fetch(&allocations, 1, __ATOMIC_RELAXED);
  return libraryAllocate(size);
}

namespace bench {
namespace {

double cpuNanoseconds() {
  timespec time;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
  return static_cast<double>(time.tv_sec) * 1e9 + static_cast<double>(time.tv_nsec);
}

double timeOnce(const Body& body) {
  const double start = cpuNanoseconds();
  body();
  return cpuNanoseconds() - start;
}

double countAllocations(const Body& body) {
  allocations = 0;
  counting = true;
  body();
  counting = false;
  return static_cast<double>(allocations);
}

double median(std::vector<double>& values) {
  std::sort(values.begin(), values.end());
  return values[values.size() / 2];
}

constexpr int kNameWidth = 54;

void printHeader() {
  std::printf("%-*s %10s %10s %10s %8s %10s %7s %5s\n", kNameWidth, "case", "ns/op", "min", "max", "allocs", "limit", "ratio", "bar");
}

void printRatio(double value, double limit, double bar) {
  std::printf(" %10.2f %7.2f", limit, value / limit);
  if (bar > 0) std::printf(" %5.1f%s", bar, value <= bar * limit ? "" : "  over");
}

}  // namespace

std::size_t residentBytes() {
  unsigned long total = 0, resident = 0;
  if (std::FILE* file = std::fopen("/proc/self/statm", "r")) {
    if (std::fscanf(file, "%lu %lu", &total, &resident) != 2) resident = 0;
    std::fclose(file);
  }
  return resident * static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
}

void Suite::section(std::string title) { cases_.push_back(Case{Case::Kind::Section, std::move(title), 0, {}, {}, {}, {}}); }

void Suite::time(std::string name, double operations, Body body, Limit limit) {
  cases_.push_back(Case{Case::Kind::Time, std::move(name), operations, std::move(limit), std::move(body), {}, {}});
}

void Suite::bytes(std::string name, double operations, std::function<double()> measure, std::function<double()> limit, double bar) {
  cases_.push_back(Case{Case::Kind::Bytes, std::move(name), operations, Limit({}, bar), {}, std::move(measure), std::move(limit)});
}

void Suite::count(std::string name, std::function<double()> value) {
  cases_.push_back(Case{Case::Kind::Count, std::move(name), 1, {}, {}, std::move(value), {}});
}

bool Suite::wanted(const std::string& name) const {
  return filters_.empty() || std::any_of(filters_.begin(), filters_.end(), [&](const std::string& filter) { return name.find(filter) != std::string::npos; });
}

void Suite::measure(const Case& one) const {
  one.body();                                          // warm-up: pools fill, pages come
  if (one.limit.body) one.limit.body();
  std::vector<double> ours, limits;
  for (int i = 0; i < repetitions_; ++i) {
    ours.push_back(timeOnce(one.body) / one.operations);
    if (one.limit.body) limits.push_back(timeOnce(one.limit.body) / one.operations);
  }
  const double allocated = countAllocations(one.body) / one.operations;
  const double value = median(ours);
  std::printf("%-*s %10.2f %10.2f %10.2f %8.3f", kNameWidth, one.name.c_str(), value, ours.front(), ours.back(), allocated);
  if (one.limit.body) printRatio(value, median(limits), one.limit.bar);
  std::printf("\n");
}

void Suite::measureBytes(const Case& one) const {
  const auto inChild = [](const std::function<double()>& figure) {
    int ends[2];
    if (pipe(ends) != 0) std::abort();
    std::fflush(stdout);
    const pid_t child = fork();
    if (child < 0) std::abort();
    if (child == 0) {
      const double value = figure();
      _exit(write(ends[1], &value, sizeof value) == sizeof value ? 0 : 1);
    }
    close(ends[1]);
    double value = 0;
    if (read(ends[0], &value, sizeof value) != sizeof value) std::abort();
    close(ends[0]);
    int status = 0;
    waitpid(child, &status, 0);
    return value;
  };
  const double value = inChild(one.figure) / one.operations;
  std::printf("%-*s %8.1f B %31s", kNameWidth, one.name.c_str(), value, "");
  if (one.limitFigure) printRatio(value, inChild(one.limitFigure) / one.operations, one.limit.bar);
  std::printf("\n");
}

void Suite::printHelp() const {
  std::printf(
      "%s: %s\n\n"
      "usage: %s [--reps N] [--list] [WORD...]\n\n"
      "Measures the cases whose name contains one of the words, or all of them, and prints a line for each:\n"
      "  ns/op    CPU time of the process per operation: median of N repetitions (default 5) after one to warm up; then the fastest and the slowest\n"
      "  allocs   calls of operator new per operation, when warm\n"
      "  limit    the least hand-written code for the same work (bench/limits.hpp), measured turn by turn with the case\n"
      "  ratio    ns/op in units of the limit; bar: what it should be at most ('over' where it is not)\n"
      "docs/performance.md explains the cases.\n",
      program_.c_str(), about_.c_str(), program_.c_str());
}

int Suite::run(int argc, char** argv) {
  bool list = false;
  for (int i = 1; i < argc; ++i) {
    const std::string_view argument = argv[i];
    if (argument == "--help" || argument == "-h") {
      printHelp();
      return 0;
    }
    if (argument == "--list") {
      list = true;
    } else if (argument == "--reps" && i + 1 < argc) {
      repetitions_ = std::max(1, std::atoi(argv[++i]));
    } else if (argument.starts_with("-")) {
      std::fprintf(stderr, "%s: unknown option %s; see --help\n", program_.c_str(), argv[i]);
      return 2;
    } else {
      filters_.emplace_back(argument);
    }
  }
  const std::string* title = nullptr;
  bool measured = false, previousWanted = false;
  if (!list) printHeader();
  for (const Case& one : cases_) {
    if (one.kind == Case::Kind::Section) {
      title = &one.name;
      continue;
    }
    const bool follows = one.kind == Case::Kind::Count;
    if (follows ? !previousWanted : !(previousWanted = wanted(one.name))) continue;
    if (title) std::printf("-- %s\n", title->c_str());
    title = nullptr;
    measured = true;
    if (list) std::printf("%s\n", one.name.c_str());
    else if (one.kind == Case::Kind::Time) measure(one);
    else if (one.kind == Case::Kind::Bytes) measureBytes(one);
    else std::printf("%-*s %10.2f\n", kNameWidth, one.name.c_str(), one.figure());
    std::fflush(stdout);
  }
  if (!measured) {
    std::fprintf(stderr, "%s: no case has such a name; see --list\n", program_.c_str());
    return 2;
  }
  return 0;
}

}  // namespace bench
