// expects: a function that runs on a pool's thread cannot return a Deferred
#include <weft/defer/threads.hpp>

auto work(weft::Reactor& reactor) {
  return weft::deferToThread(reactor, [] { return weft::succeed(1); });
}
