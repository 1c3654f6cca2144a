// Places in the source, as people read them.
#pragma once

#include <source_location>
#include <string>

namespace weft::detail {

/// "fetch.cpp:12", or "an unknown place".
std::string placeText(std::source_location at);

/// The function's name as it was written: g++ names a coroutine's body after its frame, "void f(f(int)::_Z1fi.Frame*)"; this gives "f(int)".
std::string functionText(std::source_location at);

}  // namespace weft::detail
