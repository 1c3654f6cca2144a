// expects: g++ 12 destroys a temporary of an aggregate type twice in a co_yield
#include <weft/defer/async_generator.hpp>
#include <string>

struct Quote {
  std::string text, author;
};

weft::AsyncGenerator<Quote> quotes() { co_yield Quote{"Less is more.", "Mies"}; }
