// inlineCallbacks: for coroutine lambdas that capture.
#pragma once

#include <weft/defer/deferred.hpp>

#include <memory>
#include <utility>

namespace weft {

/// Makes a capturing coroutine lambda safe to call and forget. Any function that returns a Deferred and uses co_await is what Twisted calls an inlineCallbacks function;
/// only a lambda with captures has a trap: its coroutine refers to the captures where the lambda lies, and is lost when that goes first. What this returns keeps a copy of the
/// lambda alive for as long as each of its calls runs.
///
///     auto work = inlineCallbacks([url, &agent]() -> Deferred<> { … co_await agent.get(url); … });
///     work().detach();
template <class F> auto inlineCallbacks(F f) {
  return [f = std::make_shared<F>(std::move(f))]<class... A>(A... arguments) -> std::invoke_result_t<F&, A...> {
    using R = std::invoke_result_t<F&, A...>;
    static_assert(detail::isDeferred<R>, "inlineCallbacks takes a coroutine: its return type must be Deferred<...>");
    return [](std::shared_ptr<F> kept, A... passed) -> R {
      R running = (*kept)(std::move(passed)...);
      co_return co_await running;
    }(f, std::move(arguments)...);
  };
}

}  // namespace weft
