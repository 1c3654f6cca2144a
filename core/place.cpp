#include <weft/core/place.hpp>

#include <string_view>

namespace weft::detail {

std::string placeText(std::source_location at) {
  if (!at.line()) return "an unknown place";
  return std::string(at.file_name()) + ':' + std::to_string(at.line());
}

std::string functionText(std::source_location at) {
  const std::string_view written = at.function_name();
  const std::string_view prefix = "void ";
  const auto frame = written.rfind(".Frame*)");
  const auto mangled = frame == written.npos ? written.npos : written.rfind("::_Z", frame);
  if (mangled == written.npos || !written.starts_with(prefix)) return std::string(written);
  // The name stands twice: before the parenthesis, and, with the real parameters, behind it.
  for (auto open = written.find('('); open != written.npos && open < mangled; open = written.find('(', open + 1)) {
    const std::string_view name = written.substr(prefix.size(), open - prefix.size());
    if (written.substr(open + 1).starts_with(name)) return std::string(written.substr(open + 1, mangled - open - 1));
  }
  return std::string(written);
}

}  // namespace weft::detail
