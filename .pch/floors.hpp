// What nearly every file includes, compiled once for each library where -Db_pch=true asks for that: ./test --all does for the
// sanitizers' builds. Only headers of the standard library: a file must name what it needs of weft itself.
#include <algorithm>
#include <chrono>
#include <coroutine>
#include <cstdint>
#include <exception>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <variant>
#include <vector>
