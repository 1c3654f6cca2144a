#include <weft/defer/deferred.hpp>

#include <weft/core/log.hpp>
#include <weft/defer/async_generator.hpp>
#include <weft/defer/gather.hpp>
#include <weft/core/place.hpp>

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <pthread.h>

namespace weft {
namespace {

std::string alreadyCalledText(std::source_location made, std::source_location fired) {
  std::string text = "this Deferred has already fired";
  if (fired.line()) text += ", at " + detail::placeText(fired);
  if (made.line()) text += "; it was made at " + detail::placeText(made);
  return text;
}

std::atomic<UnhandledErrorHandler> unhandledErrorHandler{nullptr};

}  // namespace

AlreadyCalledError::AlreadyCalledError(std::source_location made, std::source_location fired) : DeferError(alreadyCalledText(made, fired)) {}

SelfChainedError::SelfChainedError(std::source_location callback)
    : DeferError("the callback at " + detail::placeText(callback) + " returned the Deferred that it belongs to, which would wait for itself for ever") {}

NoResultError::NoResultError(std::source_location made)
    : DeferError("this Deferred has no result yet (or is paused, or was given away); it was made at " + detail::placeText(made)) {}

TimeoutError::TimeoutError(double seconds) : DeferError("timed out after " + std::to_string(seconds) + " seconds"), seconds(seconds) {}

void setUnhandledErrorHandler(UnhandledErrorHandler handler) noexcept { unhandledErrorHandler.store(handler); }

Deferred<void> succeed(std::source_location made) {
  auto* cell = new detail::PlainSource<void>(made);
  cell->releaseProducer();
  cell->setValue();
  return Deferred<void>(cell);
}

Failure logError(Failure failure) {
  log::error("weft.defer", failure.getTraceback());
  return failure;
}

namespace detail {

bool Waiter::rewire(CellBase&) noexcept { return false; }

CellBase* CellBase::fired(CellBase&) noexcept { std::abort(); }    // only cells that wait for another override it

namespace {

// Also where the cancelled ones were gathered.
bool isCancellation(const Failure& failure) noexcept {
  if (const auto* first = failure.as<FirstError>()) return isCancellation(first->subFailure);
  if (const auto* group = failure.as<FailureGroup>(); group && !group->failures.empty())
    return std::all_of(group->failures.begin(), group->failures.end(), isCancellation);
  return failure.check<CancelledError>();
}

}  // namespace

void reportUnhandled(const Failure& failure, std::source_location made) noexcept {
  if (isCancellation(failure)) return;
  if (UnhandledErrorHandler handler = unhandledErrorHandler.load()) {
    handler(failure, made);
    return;
  }
  try {
    log::critical("weft.defer", "Unhandled error in Deferred (made or last waiting at " + detail::placeText(made) + "): " + failure.getTraceback());
  } catch (...) {
    std::fputs("weft: an unhandled error in a Deferred could not be logged: out of memory\n", stderr);
  }
}

void reportCancellerError(std::source_location made) noexcept {
  try {
    log::error("weft.defer", "The canceller of the Deferred made at " + detail::placeText(made) + " threw " + Failure().getTraceback());
  } catch (...) {
    std::fputs("weft: an error of a canceller could not be logged: out of memory\n", stderr);
  }
}

void throwAlreadyCalled(std::uintptr_t mark) {
  if (!mark) throw DeferError("this Trigger is empty: it was moved from, or never held a Deferred");
  throw AlreadyCalledError({}, std::bit_cast<std::source_location>(mark & ~std::uintptr_t{1}));
}

void throwAlreadyCalled(std::source_location made) { throw AlreadyCalledError(made, {}); }
void throwAlreadyChained() { throw AlreadyChainedError(); }

void throwBusyGenerator() { throw DeferError("AsyncGenerator: next(), throwInto() or close() while its body is at work for another next()"); }

std::uint16_t threadTag() noexcept {
  static constinit std::atomic<std::uint16_t> last{0};
  static constinit thread_local std::uint16_t tag = 0;
  if (!tag) {
    tag = last.fetch_add(1, std::memory_order_relaxed) + 1;
    if (!tag) tag = 1;
  }
  return tag;
}

void wrongThread(std::source_location made) noexcept {
  std::fprintf(stderr, "weft: a Deferred made at %s:%u is used on another thread than its own; use callFromThread or deferToThread to cross over\n",
               made.file_name(), static_cast<unsigned>(made.line()));
  std::abort();
}

void cancelCell(CellBase* cell) noexcept {
  while (cell) cell = cell->cancelStep();
}

std::string describeWait(const CellBase* cell) {
  if (!cell) return "an empty Deferred\n";
  std::string text;
  int lines = 0;
  for (; cell; cell = cell->pending() ? cell->link : nullptr) {
    if (++lines > 100) return text + "  ...\n";
    const std::source_location at = cell->where();
    text += lines == 1 ? "" : "  waits for ";
    text += cell->failed() ? "failed: " : cell->called() ? "fired: " : cell->flags & CellBase::kCoroutine ? "coroutine " : "pending: ";
    if (cell->flags & CellBase::kCoroutine) text += detail::functionText(at) + " at ";
    text += detail::placeText(at) + '\n';
  }
  return text;
}

bool Turn::yieldToLoop() noexcept {
  if (!loopLink.looping) {
    loopLink.budget = std::numeric_limits<int>::max();
    return false;
  }
  running = false;
  loopLink.pending = true;
  loopLink.resume = +[]() noexcept { turn.pump(); };
  return true;
}

void Turn::defer(CellBase* cell) noexcept {
  push(cell);
  if (running || !loopLink.looping) return;
  loopLink.pending = true;
  loopLink.resume = +[]() noexcept { turn.pump(); };
}

bool CoroutineBase::waitForLoop(CellBase& cell, CellBase& self) noexcept {
  if (!loopLink.looping) {
    loopLink.budget = std::numeric_limits<int>::max();
    return false;
  }
  cell.waiter = &self;
  turn.defer(&cell);
  context.exchange();
  return true;
}

bool stackIsDeep(std::uintptr_t address) noexcept {
  if (stackFloor == UINTPTR_MAX) {
    pthread_attr_t attributes;
    void* lowest = nullptr;
    std::size_t size = 0;
    if (pthread_getattr_np(pthread_self(), &attributes) == 0) {
      pthread_attr_getstack(&attributes, &lowest, &size);
      pthread_attr_destroy(&attributes);
    }
    stackFloor = reinterpret_cast<std::uintptr_t>(lowest) + size / 2;
  }
  return address < stackFloor;
}

namespace {

// Once a recursion of calls has used up the stack it goes on from the turn in stretches of this size: what it touches then stays in the cache (a fifth faster).
constexpr std::uintptr_t kStretch = 256 * 1024;

// Stands in the turn's queue for a coroutine that has yet to start.
struct StartCell final : CellBase, Pooled {
  explicit StartCell(Waiter& coroutine) noexcept : coroutine(coroutine) { waiter = this; }
  CellBase* fired(CellBase&) noexcept override {
    Waiter& started = coroutine;
    const std::uintptr_t floor = stackFloor;
    if (floor != UINTPTR_MAX) stackFloor = std::max(floor, reinterpret_cast<std::uintptr_t>(__builtin_frame_address(0)) - kStretch);
    CellBase* const next = started.fired(*this);       // which does not look at its source
    if (floor != UINTPTR_MAX) stackFloor = floor;
    delete this;
    return next;
  }
  void dispose() noexcept override { delete this; }
  Waiter& coroutine;
};

}  // namespace

void Start::startFromTurn(Waiter& coroutine) { turn.defer(new StartCell(coroutine)); }

void releaseContext(ContextNode* node) noexcept {
  while (node && --node->references == 0) {            // a loop: contexts can be long lists
    ContextNode* parent = node->parent;
    delete node;
    node = parent;
  }
}

}  // namespace detail
}  // namespace weft
