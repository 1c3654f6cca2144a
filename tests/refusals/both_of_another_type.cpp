// expects: addBoth takes f(Outcome<T>), or f() that looks at nothing
#include <weft/defer/deferred.hpp>
#include <string>

auto look(weft::Deferred<int> answer) {
  return std::move(answer).addBoth([](const std::string& text) { return text; });
}
