#include <weft/core/type_name.hpp>

#include <cstdlib>
#include <cxxabi.h>
#include <memory>

namespace weft::detail {

std::string typeName(const std::type_info& type) {
  int status = 0;
  const std::unique_ptr<char, void (*)(void*)> readable(abi::__cxa_demangle(type.name(), nullptr, nullptr, &status), std::free);
  return readable ? readable.get() : type.name();
}

}  // namespace weft::detail
