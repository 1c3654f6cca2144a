// The same for the tests: see floors.hpp.
#pragma once

#include "floors.hpp"

#include <doctest/doctest.h>
