#include <weft/crawler/command/command.hpp>

#include <cstdio>
#include <string>

namespace weft::crawler::command {

int settings() {
  const Settings defaults;
  for (const SettingInfo& setting : allSettings()) {
    const std::string line = std::string(setting.name) + "=" + defaults.get(setting.name);
    std::printf("%-36s  %.*s\n", line.c_str(), static_cast<int>(setting.purpose.size()), setting.purpose.data());
  }
  return kComplete;
}

}  // namespace weft::crawler::command
