// The cases that the first design of Deferred was judged by, under the names that it printed.
#pragma once

#include "harness.hpp"

namespace bench {

void addSketchCases(Suite& suite);

}  // namespace bench
