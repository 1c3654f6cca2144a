// Failure: an error on its way to whoever handles it.
#pragma once

#include <weft/core/block_pool.hpp>
#include <weft/core/error.hpp>

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <source_location>
#include <span>
#include <string>
#include <type_traits>
#include <typeinfo>
#include <utility>

namespace weft {

/// `Failure()` or `errback()` without an argument, while no exception is being handled.
class NoCurrentExceptionError : public CoreError {
 public:
  NoCurrentExceptionError() : CoreError("Failure(): no exception is being handled here; pass the error instead") {}
};

namespace detail {
/// An error that has passed somewhere, and where. Shared by copies of a Failure.
struct Trace : Pooled {
  static constexpr std::size_t kMax = 14;              // with the rest, a block of 128 bytes
  std::exception_ptr error;
  std::uint32_t references = 1;
  std::uint32_t count = 0;
  std::source_location at[kMax];
};
// Set while the thread remembers the trace of an error that it rethrew; see forgetRethrown().
inline constinit thread_local bool rethrownRemembered = false;
void forgetRethrown() noexcept;
}  // namespace detail

/// An exception as a value, and the places that it has passed: coroutines it was thrown out of, callbacks that passed it on.
///
/// Copies share the exception and cost a reference count. Asking what it is (`check`, `as`) never throws and takes about 20 ns, where throwing and
/// catching takes 1300. A Failure may be moved to another thread; copies of one must not be used on two threads at once.
class Failure {
 public:
  /// The exception being handled (call it in a catch block). A thrown Failure is unwrapped. Throws NoCurrentExceptionError if there is none.
  Failure();
  Failure(std::exception_ptr error) noexcept : error_(std::move(error)) {}
  /// From any exception object: `fail<int>(ConnectionRefused(host, port))`.
  template <class E>
    requires std::derived_from<std::remove_cvref_t<E>, std::exception>
  Failure(E&& error) : error_(std::make_exception_ptr(std::forward<E>(error))) {}
  Failure(const Failure& other) noexcept;
  Failure(Failure&& other) noexcept : word_(std::exchange(other.word_, 0)) {}
  Failure& operator=(Failure other) noexcept {
    std::swap(word_, other.word_);
    return *this;
  }
  ~Failure() {
    if (word_) drop();
  }

  /// The error as an E (or a type derived from it), or null. Owned by the Failure.
  template <class E> const E* as() const noexcept {
    const std::exception_ptr& held = exception();
#if defined(__GLIBCXX__)
    if (!held) return nullptr;
    void* object = *reinterpret_cast<void* const*>(&held);                // what libstdc++'s exception_ptr holds
    return typeid(E).__do_catch(held.__cxa_exception_type(), &object, 1) ? static_cast<const E*>(object) : nullptr;
#else
    try {
      std::rethrow_exception(held);
    } catch (const E& error) {
      return &error;
    } catch (...) {
      return nullptr;
    }
#endif
  }

  /// Is it one of these?
  template <class... E> bool check() const noexcept { return (as<E>() || ...); }

  /// The error as an E; any other is thrown on. `f.trap<Timeout>()` at the head of an errback says "only this one is mine".
  template <class E> const E& trap() const {
    if (const E* error = as<E>()) return *error;
    rethrow();
  }
  template <class E1, class E2, class... E> void trap() const {
    if (!check<E1, E2, E...>()) rethrow();
  }

  /// Throws it. A coroutine that lets it through adds itself to the trace.
  [[noreturn]] void rethrow() const;

  /// What the error says. Never throws. Owned by the Failure.
  const char* what() const noexcept;
  std::string getErrorMessage() const;
  /// Its type's name as C++ writes it ("weft::CancelledError").
  std::string typeName() const;
  /// Type, text, and a line for each place that it passed.
  std::string getTraceback() const;
  /// The places it passed, the first one first; at most 14 are kept.
  std::span<const std::source_location> traceback() const noexcept;
  /// Notes that it passed here.
  void passedThrough(std::source_location at);

  const std::exception_ptr& exception() const noexcept { return traced() ? trace()->error : error_; }

 private:
  static constexpr std::uintptr_t kTraced = 1;

  bool traced() const noexcept { return (word_ & kTraced) != 0; }
  detail::Trace* trace() const noexcept { return reinterpret_cast<detail::Trace*>(word_ - kTraced); }
  void setTrace(detail::Trace* trace) noexcept { word_ = reinterpret_cast<std::uintptr_t>(trace) | kTraced; }
  void drop() noexcept;

  // One word, for every cell has room for a Failure: two would be 8 to 16 bytes more in each Deferred, callback and coroutine. It is the exception as long as that
  // has passed nowhere, then the trace that holds it, marked by the lowest bit: exceptions and traces are aligned to more than that.
  static_assert(sizeof(std::exception_ptr) == sizeof(std::uintptr_t));
  union {
    std::exception_ptr error_;
    std::uintptr_t word_;
  };
};

}  // namespace weft
