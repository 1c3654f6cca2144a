// An error's type as stats and logs name it.
#pragma once

#include <weft/core/failure.hpp>

#include <string>

namespace weft::crawler {

/// "ConnectionRefused": the type's name without its namespaces.
inline std::string errorName(const Failure& failure) {
  std::string type = failure.typeName();
  const std::size_t colons = type.rfind("::");
  return colons == std::string::npos ? type : type.substr(colons + 2);
}

}  // namespace weft::crawler
