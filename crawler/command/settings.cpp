#include <weft/crawler/command/command.hpp>
#include <weft/crawler/command/print_out.hpp>

#include <weft/core/log.hpp>
#include <weft/crawler/internal/command_line.hpp>
#include <weft/crawler/internal/settings_layers.hpp>

#include <memory>
#include <string>
#include <vector>

#include <unistd.h>

namespace weft::crawler::command {

namespace {

struct Options {
  std::string name;                                    // of the one that is asked for; empty: all
  std::vector<std::string> settings;                   // -s NAME=VALUE
};

int settings(const Options& options) {
  SettingsLayers layers;
  try {
    layers.addProject();
    layers.addEnvironment(environ);
    addSettings(layers, options.settings);
    if (!options.name.empty()) {
      return printOut(layers.settings().get(options.name) + "\n");
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
  return printOut(out);
}

}  // namespace

void addSettingsCommand(CLI::App& app, int& code) {
  auto options = std::make_shared<Options>();
  CommandLine command(app, "settings", "List the settings, with their values and where these come from");
  command.option("name", options->name, "Only the value of this one").text("NAME");
  command.option("-s,--set", options->settings, "Set a setting; may be repeated").text("NAME=VALUE");
  command.notes(R"(
Examples:
  weft settings
  weft settings CONCURRENT_REQUESTS -s CONCURRENT_REQUESTS=32)");
  command.run([options, &code] { code = settings(*options); });
}

}  // namespace weft::crawler::command
