// The subcommands of `weft`, one file each. Each gives the program's exit code, and prints its own errors.
#pragma once

#include <weft/crawler/internal/crawl_program.hpp>

#include <cstdint>
#include <string>

namespace weft::crawler::command {

/// weft crawl TARGET
int crawl(const std::string& target, const CrawlOptions& options);

struct DemoOptions {
  std::uint16_t port = 8000;                           // 0: any free one
  std::string interface = "127.0.0.1";
  std::string portFile;                                // gets the port's number once the site listens
};
/// weft demo: serves the demo site until SIGINT or SIGTERM.
int demo(const DemoOptions& options);

/// weft list
int list();

/// weft settings
int settings();

/// weft version
int version();

}  // namespace weft::crawler::command
