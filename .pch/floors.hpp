// What nearly every file of the upper floors includes, compiled once for each library where -Db_pch=true asks for that: ./test --all
// does for the sanitizers' builds, which take a third less for it. The other builds do without, so that no file lives on what it has
// not included.
#include <weft/defer.hpp>

#include <algorithm>
#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <variant>
#include <vector>
