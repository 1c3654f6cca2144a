#include <weft/core/failure.hpp>

#include <weft/core/place.hpp>
#include <weft/core/type_name.hpp>

#include <memory>

namespace weft {
namespace detail {
namespace {

void release(Trace* trace) noexcept {
  if (--trace->references == 0) delete trace;
}

// An exception cannot carry our trace while it is in the air. So the thread keeps the trace from rethrow() until the Failure() that catches it. The trace
// holds the exception itself: another one can't take its address meanwhile and inherit a foreign trace.
struct Rethrown {
  Trace* trace = nullptr;

  void set(Trace* newTrace) noexcept {
    clear();
    ++newTrace->references;
    trace = newTrace;
    rethrownRemembered = true;
  }
  void clear() noexcept {
    rethrownRemembered = false;
    if (trace) release(std::exchange(trace, nullptr));
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
    if (detail::rethrown.trace->error == error_) {
      error_ = nullptr;
      setTrace(std::exchange(detail::rethrown.trace, nullptr));
    }
    detail::rethrown.clear();
  }
}

Failure::Failure(const Failure& other) noexcept : word_(other.word_) {
  if (traced()) ++trace()->references;
  else std::construct_at(&error_, other.error_);
}

void Failure::drop() noexcept {
  if (traced()) detail::release(trace());
  else error_.~exception_ptr();
}

void Failure::rethrow() const {
  if (!exception()) throw NoCurrentExceptionError();
  if (traced()) detail::rethrown.set(trace());
  std::rethrow_exception(exception());
}

const char* Failure::what() const noexcept {
  if (!exception()) return "no error";
  if (const auto* error = as<std::exception>()) {
    const char* text = error->what();
    return text ? text : "an exception that says nothing";
  }
  return "an exception that is not a std::exception";
}

std::string Failure::getErrorMessage() const { return what(); }

std::string Failure::typeName() const {
#if defined(__GLIBCXX__)
  if (!exception()) return "none";
  return detail::typeName(*exception().__cxa_exception_type());
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
  if (!traced()) return {};
  return {trace()->at, trace()->count};
}

void Failure::passedThrough(std::source_location at) {
  if (!traced()) {
    auto* first = new detail::Trace;
    first->error = std::move(error_);
    setTrace(first);
  } else if (trace()->references > 1) {                // copies keep the trace they had
    auto* own = new detail::Trace(*trace());
    own->references = 1;
    detail::release(trace());
    setTrace(own);
  }
  detail::Trace& noted = *trace();
  if (noted.count < detail::Trace::kMax) noted.at[noted.count++] = at;
}

}  // namespace weft
