// The measuring harness of the bench programs: cases, their limits, and the table.
//
// A case is measured by CPU time of the whole process (user and system), once to warm up and then five times; the median counts. Its limit, the least code
// that does the same work, is measured turn by turn with it in the same run, so that a busy machine slows both and their ratio stays.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

namespace bench {

/// Tells the compiler that `value` is used, and that memory may have been changed.
template <class T> inline void keep(const T& value) { asm volatile("" : : "r,m"(value) : "memory"); }
/// Tells the compiler that all memory may have been read and written.
inline void clobber() { asm volatile("" : : : "memory"); }

/// A whole repetition of a case: as many operations as the case says.
using Body = std::function<void()>;

/// What a case is compared with.
struct Limit {
  Limit() = default;
  Limit(Body body, double bar = 0) : body(std::move(body)), bar(bar) {}
  Body body;
  double bar = 0;                                      // what the ratio ought to be at most; 0: not said
};

/// The cases of one program, in order, and its command line.
class Suite {
 public:
  Suite(std::string program, std::string about) : program_(std::move(program)), about_(std::move(about)) {}

  /// A headline; the cases that follow belong under it.
  void section(std::string title);
  /// `operations` is what one call of `body` does: the row is per operation.
  void time(std::string name, double operations, Body body, Limit limit = {});
  /// A figure that is not a time. It is taken in a process of its own, so that no memory of other cases is reused.
  void bytes(std::string name, double operations, std::function<double()> measure, std::function<double()> limit = {}, double bar = 0);
  /// Another figure, taken right after the case before: a count of system calls, for example.
  void count(std::string name, std::function<double()> value);

  /// Reads the command line, measures, prints. Returns the exit status.
  int run(int argc, char** argv);

 private:
  struct Case {
    enum class Kind { Section, Time, Bytes, Count } kind;
    std::string name;
    double operations = 1;
    Limit limit;
    Body body;
    std::function<double()> figure, limitFigure;
  };
  bool wanted(const std::string& name) const;
  void measure(const Case& one) const;
  void measureBytes(const Case& one) const;
  void printHelp() const;

  std::string program_, about_;
  std::vector<Case> cases_;
  std::vector<std::string> filters_;
  int repetitions_ = 5;
};

/// Resident bytes of this process.
std::size_t residentBytes();

/// The raw floor, the same in every program: a coroutine resumed, a virtual call, malloc and free, a free list, and their like.
void addRawFloor(Suite& suite);

}  // namespace bench
