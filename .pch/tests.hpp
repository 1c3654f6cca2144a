// The same for the tests: see floors.hpp. (No #pragma once in either: g++ takes it for a mistake in a header that is compiled.)
#include "floors.hpp"

#include <doctest/doctest.h>
