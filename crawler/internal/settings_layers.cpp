#include <weft/crawler/internal/settings_layers.hpp>

#include <weft/core/internal/suggest.hpp>

#include <algorithm>

namespace weft::crawler {

void SettingsLayers::addProject() {
  if (const auto file = ProjectFile::find()) add(*file);
}

void SettingsLayers::add(const ProjectFile& file) {
  projectFile_ = file.path;
  for (const ProjectFile::Setting& setting : file.settings) set(setting.name, setting.value, file.path + ':' + std::to_string(setting.line));
}

void SettingsLayers::addEnvironment(const char* const* variables) {
  constexpr std::string_view kPrefix = "WEFT_";
  std::vector<std::string_view> names;
  for (const SettingInfo& info : allSettings()) names.push_back(info.name);
  for (; *variables; ++variables) {
    std::string_view variable = *variables;
    const std::size_t equals = variable.find('=');
    if (!variable.starts_with(kPrefix) || equals == std::string_view::npos || equals + 1 == variable.size()) continue;
    const std::string_view name = variable.substr(kPrefix.size(), equals - kPrefix.size());
    if (std::find(names.begin(), names.end(), name) == names.end()) {
      if (const std::string meant = suggestion(name, names); !meant.empty())
        warnings_.push_back("the environment's WEFT_" + std::string(name) + " is no setting" + meant);
      continue;
    }
    try {
      set(name, variable.substr(equals + 1), "environment");
    } catch (const SettingError& error) {
      throw SettingError("in the environment, WEFT_" + std::string(error.what()));
    }
  }
}

void SettingsLayers::set(std::string_view name, std::string_view value, std::string_view origin) {
  settings_.set(name, value);
  origins_.insert_or_assign(std::string(name), origin);
}

std::string_view SettingsLayers::origin(std::string_view name) const {
  const auto found = origins_.find(name);
  return found == origins_.end() ? std::string_view("default") : std::string_view(found->second);
}

std::vector<SettingsLayers::Changed> SettingsLayers::changed() const {
  const Settings defaults;
  std::vector<Changed> all;
  for (const SettingInfo& info : allSettings())
    if (settings_.get(info.name) != defaults.get(info.name)) all.push_back({info.name, shownValue(settings_, info.name), std::string(origin(info.name))});
  return all;
}

std::string shownValue(const Settings& settings, std::string_view name) {
  std::string value = settings.get(name);
  return name == "HTTPAUTH_PASS" && !value.empty() ? "***" : value;
}

}  // namespace weft::crawler
