// The programs that spiders' files have been compiled to, by what they were compiled from.
#pragma once

#include <weft/crawler/error.hpp>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace weft::crawler::command {

/// The cache has no place, or cannot be written. The text names the folder.
class CacheError : public Error {
 public:
  using Error::Error;
};

/// A folder of programs: $WEFT_CACHE, or weft/ in $XDG_CACHE_HOME, or ~/.cache/weft. An entry is a folder, named by a hash of its key, that appears whole by a rename; the least recently
/// used ones are removed when there are more than kMost. Several processes may use it at once.
class SpiderCache {
 public:
  static constexpr std::size_t kMost = 20;

  /// Makes the folder, for this user alone. Throws CacheError.
  SpiderCache();

  /// The program of that key, if it is there and the headers that it was compiled from are as they were.
  std::optional<std::string> find(std::string_view key) const;

  /// A folder to work in, beside the entry that it becomes. Removed at the end.
  class Workshop {
   public:
    Workshop(std::string path, std::string entry) : path_(std::move(path)), entry_(std::move(entry)) {}
    Workshop(const Workshop&) = delete;
    Workshop& operator=(const Workshop&) = delete;
    ~Workshop();
    std::string operator/(std::string_view name) const { return path_ + '/' + std::string(name); }
    const std::string& entry() const noexcept { return entry_; }
    const std::string& path() const noexcept { return path_; }

   private:
    std::string path_, entry_;
  };
  /// Throws CacheError.
  Workshop begin(std::string_view key) const;
  /// Makes the workshop's "program" the entry, and gives its path. "headers.d" says, as compilers do, which headers it was made from; those below the folders of these -I flags are the library's
  /// and not looked at. Throws CacheError.
  std::string keep(const Workshop& workshop, const std::vector<std::string>& includes) const;

 private:
  std::string entryOf(std::string_view key) const;
  void prune() const;

  std::string folder_;
};

/// The whole file, or nothing with errno.
std::optional<std::string> readWhole(const std::string& path);
/// False with errno.
bool writeWhole(const std::string& path, std::string_view text);

/// The files that a rule of a makefile depends on, as compilers write it: "a.o: a.cpp \", "b\ c.hpp".
std::vector<std::string> dependenciesIn(std::string_view makefile);

}  // namespace weft::crawler::command
