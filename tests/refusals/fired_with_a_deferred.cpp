// expects: fire with a value, not with a Deferred
#include <weft/defer/deferred.hpp>

void pass(weft::Deferred<int>& outer, weft::Deferred<int> inner) { outer.callback(std::move(inner)); }
