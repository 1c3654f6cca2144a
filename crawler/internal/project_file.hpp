// ProjectFile: the settings of a project, as its weft.toml has them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace weft::crawler {

/// What a weft.toml says:
///
///     [settings]
///     CONCURRENT_REQUESTS = 32
///     ROBOTSTXT_OBEY = true
///     USER_AGENT = "example-bot (+https://example.com/bot)"
///     FEED_EXPORT_FIELDS = ["url", "title"]              # lists: arrays of strings
///     EXTENSIONS = { SlowPages = false }                 # JSON: tables; false stands for null, which TOML has not
///     [project]
///     program = "build/shop"                             # made of the project's spiders; weft crawl SPIDER builds and runs it
struct ProjectFile {
  struct Setting {
    std::string name, value;                           // the value as Settings::set() takes it
    std::uint32_t line, column;                        // of the value
  };
  std::string path;
  std::string program;                                 // as it is written; empty when none is
  std::vector<Setting> settings;                       // in the order of their lines

  /// Reads a text. Every setting is checked: name, type and value. Throws SettingError, which begins with "PATH:LINE:COLUMN: ".
  static ProjectFile parse(std::string path, std::string_view text);
  /// The weft.toml of the working directory, or of the nearest folder above it that has one. Throws SettingError when it cannot be read.
  static std::optional<ProjectFile> find();
};

}  // namespace weft::crawler
