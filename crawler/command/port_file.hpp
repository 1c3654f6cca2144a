// The file that tells which port a server of the command has.
#pragma once

#include <cstdint>
#include <string>

namespace weft::crawler::command {

/// Written aside and renamed, so that who waits for the file never reads half a number. False: it cannot be written.
bool writePortFile(const std::string& path, std::uint16_t port);

}  // namespace weft::crawler::command
