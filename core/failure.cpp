#include <weft/core/failure.hpp>

#include <weft/core/block_pool.hpp>
#include <weft/core/place.hpp>
#include <weft/core/type_name.hpp>

#include <cstddef>

namespace weft {
namespace detail {

struct Trace : Pooled {
  static constexpr std::size_t kMax = 14;             // with the counts, a block of 128 bytes
  std::uint32_t references = 1;
  std::uint32_t count = 0;
  std::source_location at[kMax];
};

namespace {

// An exception cannot carry our trace while it is in the air. So the thread keeps the pair from rethrow() until the Failure() that catches it. The pair
// holds the exception itself: another one can't take its address meanwhile and inherit a foreign trace.
struct Rethrown {
  std::exception_ptr error;
  Trace* trace = nullptr;

  void set(std::exception_ptr newError, Trace* newTrace) noexcept {
    clear();
    error = std::move(newError);
    trace = newTrace;
    if (trace) ++trace->references;
    rethrownRemembered = true;
  }
  void clear() noexcept {
    rethrownRemembered = false;
    if (trace && --trace->references == 0) delete trace;
    trace = nullptr;
    error = nullptr;
  }
  ~Rethrown() { clear(); }
};
thread_local Rethrown rethrown;

}  // namespace

void forgetRethrown() noexcept { rethrown.clear(); }

}  // namespace detail

Failure::Failure() : error_(std::current_exception()) {
  if (!error_) throw NoCurrentExceptionError();
  if (const Failure* inner = as<Failure>()) {
    *this = Failure(*inner);
    return;
  }
  if (detail::rethrownRemembered) {
    if (detail::rethrown.error == error_) trace_ = std::exchange(detail::rethrown.trace, nullptr);
    detail::rethrown.clear();
  }
}

Failure::Failure(const Failure& other) noexcept : error_(other.error_), trace_(other.trace_) {
  if (trace_) ++trace_->references;
}

void Failure::release(detail::Trace* trace) noexcept {
  if (--trace->references == 0) delete trace;
}

void Failure::rethrow() const {
  if (!error_) throw NoCurrentExceptionError();
  if (trace_) detail::rethrown.set(error_, trace_);
  std::rethrow_exception(error_);
}

const char* Failure::what() const noexcept {
  if (!error_) return "no error";
  if (const auto* error = as<std::exception>()) {
    const char* text = error->what();
    return text ? text : "an exception that says nothing";
  }
  return "an exception that is not a std::exception";
}

std::string Failure::getErrorMessage() const { return what(); }

std::string Failure::typeName() const {
#if defined(__GLIBCXX__)
  if (!error_) return "none";
  return detail::typeName(*error_.__cxa_exception_type());
#else
  return "exception";
#endif
}

std::string Failure::getTraceback() const {
  std::string text = typeName() + ": " + what();
  for (const std::source_location& at : traceback()) {
    text += "\n  through ";
    text += detail::functionText(at);
    text += " at ";
    text += detail::placeText(at);
  }
  return text;
}

std::span<const std::source_location> Failure::traceback() const noexcept {
  if (!trace_) return {};
  return {trace_->at, trace_->count};
}

void Failure::passedThrough(std::source_location at) {
  if (trace_ && trace_->references > 1) {              // copies keep the trace they had
    auto* own = new detail::Trace(*trace_);
    own->references = 1;
    release(std::exchange(trace_, own));
  }
  if (!trace_) trace_ = new detail::Trace;
  if (trace_->count < detail::Trace::kMax) trace_->at[trace_->count++] = at;
}

}  // namespace weft
