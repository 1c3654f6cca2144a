// expects: inlineCallbacks takes a coroutine
#include <weft/defer/inline_callbacks.hpp>

auto answer = weft::inlineCallbacks([] { return 42; })();
