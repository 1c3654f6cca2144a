#include <weft/http/client/internal/drain.hpp>

#include <weft/http/client/errors.hpp>

#include <utility>

namespace weft::http::detail {
namespace {

Deferred<> readOff(Body body, std::size_t most) {
  for (std::size_t size = 0; size <= most;) {
    auto next = body.next();
    auto outcome = co_await next.outcome();
    if (!outcome) {
      if (outcome.failure().check<CancelledError, AgentClosed>()) outcome.failure().rethrow();
      co_return;
    }
    if (!*outcome) co_return;
    size += (*outcome)->size();
  }
}

}  // namespace

Deferred<> drain(Body body, std::size_t most, Delay time, Clock& clock) {
  if (body.complete()) return succeed();
  return readOff(std::move(body), most).addTimeout(time, clock).addErrback([](const TimeoutError&) {});
}

}  // namespace weft::http::detail
