// CompiledCache: queries that were compiled before.
#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>

namespace weft::crawler::internal {

/// What was compiled on this thread before, by its text. Spiders ask the same few questions of every page; a program
/// that makes up its queries starts over after kMost of them rather than growing.
template <class Compiled>
class CompiledCache {
 public:
  template <class Compile>
  std::shared_ptr<const Compiled> get(std::string_view text, Compile&& compile) {
    if (const auto found = entries_.find(text); found != entries_.end()) return found->second;
    std::shared_ptr<const Compiled> made = compile(text);
    if (entries_.size() >= kMost) entries_.clear();
    entries_.emplace(std::string(text), made);
    return made;
  }

 private:
  static constexpr std::size_t kMost = 256;
  struct Hash : std::hash<std::string_view> {
    using is_transparent = void;
  };
  std::unordered_map<std::string, std::shared_ptr<const Compiled>, Hash, std::equal_to<>> entries_;
};

/// A query of a type that is made from its text.
template <class Compiled>
std::shared_ptr<const Compiled> compiled(std::string_view text) {
  thread_local CompiledCache<Compiled> cache;
  return cache.get(text, [](std::string_view query) { return std::make_shared<const Compiled>(query); });
}

}  // namespace weft::crawler::internal
