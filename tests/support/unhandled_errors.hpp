// The errors that nobody handled, kept for the test instead of being logged.
#pragma once

#include <weft/defer/deferred.hpp>

#include <doctest/doctest.h>

#include <source_location>
#include <utility>
#include <vector>

namespace weft::test {

/// At the head of a test: no error may go unhandled that the test does not ask for with take().
class UnhandledErrors {
 public:
  struct Entry {
    Failure failure;
    std::source_location made;
  };
  UnhandledErrors() : outer_(std::exchange(current, this)) {
    setUnhandledErrorHandler(+[](const Failure& failure, std::source_location made) { current->entries_.push_back(Entry{failure, made}); });
  }
  UnhandledErrors(const UnhandledErrors&) = delete;
  ~UnhandledErrors() {
    current = outer_;
    if (!outer_) setUnhandledErrorHandler(nullptr);
    for (const Entry& entry : entries_) FAIL_CHECK("an unhandled error was reported: " << entry.failure.getTraceback());
  }
  std::size_t count() const noexcept { return entries_.size(); }
  /// What was reported since the last time.
  std::vector<Entry> take() { return std::exchange(entries_, {}); }
  /// Was exactly one error of this type reported since the last time?
  template <class E> bool tookOne() {
    const auto entries = take();
    return entries.size() == 1 && entries[0].failure.template check<E>();
  }

 private:
  static inline UnhandledErrors* current = nullptr;
  UnhandledErrors* outer_;
  std::vector<Entry> entries_;
};

}  // namespace weft::test
