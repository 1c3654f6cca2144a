// The names under which this floor logs.
#pragma once

#include <weft/core/log.hpp>

namespace weft {

inline const Logger kDeferLog("weft.defer");

}  // namespace weft
