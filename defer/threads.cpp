#include <weft/defer/threads.hpp>

namespace weft::detail {

void refuseBlockingOnReactorThread(const Reactor& reactor) {
  if (Reactor::current() == &reactor)
    throw DeferError("blockingCallFromThread: called on the reactor's own thread, which would wait for itself for ever; just call the function");
}

}  // namespace weft::detail
