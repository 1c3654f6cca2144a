// expects: the errback's result does not fit what the callback returns
#include <weft/defer/deferred.hpp>
#include <string>

auto either(weft::Deferred<int> answer) {
  return std::move(answer).addCallbacks([](int x) { return x; }, [](weft::Failure) { return std::string("none"); });
}
