// Type names for people.
#pragma once

#include <string>
#include <typeinfo>

namespace weft::detail {

/// The type as C++ writes it. For a lambda that says in which function it was written.
std::string typeName(const std::type_info& type);

}  // namespace weft::detail
