// expects: a Deferred cannot hold an over-aligned type
#include <weft/defer/deferred.hpp>

struct alignas(64) Line {
  char bytes[64];
};
weft::Deferred<Line> line;
