// SettingsLayers: settings, and where each of them comes from.
#pragma once

#include <weft/crawler/internal/project_file.hpp>
#include <weft/crawler/settings.hpp>

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace weft::crawler {

/// Settings that come from several places, one layer over the other; a later one wins. The order of a crawl: defaults, weft.toml, the spider's own, the environment, the command line.
class SettingsLayers {
 public:
  /// One setting that is not as it is by default.
  struct Changed {
    std::string_view name;
    std::string value, origin;
  };

  /// weft.toml of here or above. Throws SettingError.
  void addProject();
  void add(const ProjectFile& file);
  /// Variables called WEFT_ and a setting's name; empty ones are not set. One that is nearly called so is warned of, as others may belong to somebody else. `variables` ends with null:
  /// environ. Throws SettingError.
  void addEnvironment(const char* const* variables);
  /// Throws SettingError.
  void set(std::string_view name, std::string_view value, std::string_view origin);

  const Settings& settings() const noexcept { return settings_; }
  /// "default", "weft.toml:3", "spider quotes", "environment", "command line".
  std::string_view origin(std::string_view name) const;
  /// Those whose value is another than by default, sorted by name. A password is "***".
  std::vector<Changed> changed() const;
  /// Path of the weft.toml that was read; empty when there was none.
  const std::string& projectFile() const noexcept { return projectFile_; }
  const std::vector<std::string>& warnings() const noexcept { return warnings_; }

 private:
  Settings settings_;
  std::map<std::string, std::string, std::less<>> origins_;
  std::string projectFile_;
  std::vector<std::string> warnings_;
};

/// The value as it may be shown: "***" for a password that is set.
std::string shownValue(const Settings& settings, std::string_view name);

}  // namespace weft::crawler
