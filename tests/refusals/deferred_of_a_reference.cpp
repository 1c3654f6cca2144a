// expects: a Deferred cannot hold a reference
#include <weft/defer/deferred.hpp>

weft::Deferred<int&> counter;
