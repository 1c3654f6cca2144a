#include <weft/crawler/command/command.hpp>

#include <weft/core/log.hpp>
#include <weft/crawler/internal/settings_layers.hpp>

#include <cstdio>
#include <string>

#include <unistd.h>

namespace weft::crawler::command {

int settings(const SettingsOptions& options) {
  SettingsLayers layers;
  try {
    layers.addProject();
    layers.addEnvironment(environ);
    addSettings(layers, options.settings);
    if (!options.name.empty()) {
      std::puts(layers.settings().get(options.name).c_str());
      return kComplete;
    }
  } catch (const Error& error) {
    return complain(error.what(), kUsage);
  }
  for (const std::string& warning : layers.warnings()) complain(warning, kComplete);
  std::string out = layers.projectFile().empty() ? "# there is no weft.toml here or above" : "# with " + layers.projectFile();
  out += '\n';
  for (const SettingInfo& setting : allSettings()) {
    const auto column = [&out](std::string_view text, std::size_t width) {
      const std::size_t before = out.size();
      weft::detail::appendEscaped(out, text);
      out.append(out.size() - before < width ? width - (out.size() - before) : 0, ' ').append("  ");
    };
    column(std::string(setting.name) + "=" + shownValue(layers.settings(), setting.name), 36);
    column(layers.origin(setting.name), 12);
    out.append(setting.purpose).append("\n");
  }
  return std::fputs(out.c_str(), stdout) >= 0 && std::fflush(stdout) == 0 ? kComplete : kStartError;
}

}  // namespace weft::crawler::command
