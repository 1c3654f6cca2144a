// expects: this errback's result does not fit the chain
#include <weft/defer/deferred.hpp>
#include <string>

weft::Deferred<int> recover(weft::Deferred<int> answer) {
  return std::move(answer).addErrback([](weft::Failure) { return weft::succeed(std::string("forty-two")); });
}
