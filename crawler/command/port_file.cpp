#include <weft/crawler/command/port_file.hpp>

#include <weft/core/internal/replaceable.hpp>

#include <cstdio>

namespace weft::crawler::command {

bool writePortFile(const std::string& path, std::uint16_t port) {
  const auto place = weft::detail::replaceable(path);
  if (!place) return true;                             // nobody waits for a device
  const std::string aside = *place + ".new";
  std::FILE* file = std::fopen(aside.c_str(), "we");
  if (!file) return false;
  const bool written = std::fprintf(file, "%u\n", static_cast<unsigned>(port)) > 0;
  return (std::fclose(file) == 0) && written && std::rename(aside.c_str(), place->c_str()) == 0;
}

}  // namespace weft::crawler::command
