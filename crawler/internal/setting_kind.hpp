// What a setting's value is.
#pragma once

#include <cstdint>
#include <string_view>

namespace weft::crawler {

enum class SettingKind : std::uint8_t {
  Text,
  Boolean,
  WholeNumber,
  Number,
  List,                      // names, with commas between them
  Slots,                     // a JSON object of values by host
  Orders,                    // a JSON object of places by name; null switches one off
};

/// Throws SettingError when there is no setting of that name.
SettingKind settingKind(std::string_view name);

}  // namespace weft::crawler
