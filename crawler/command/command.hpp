// The subcommands of `weft`, one file each. Each gives the program's exit code, and prints its own errors.
#pragma once

#include <weft/crawler/internal/crawl_program.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

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

struct FetchOptions {
  std::string url;
  std::string output;                                  // a file; empty: the standard output
  std::string method;                                  // empty: GET, or POST when there is a body
  std::vector<std::string> headers;                    // "NAME: VALUE"
  std::optional<std::string> data, json;               // a body: a form's, JSON
  std::string dataFile;                                // or a file
  std::string user;                                    // NAME:PASSWORD
  std::optional<std::string> proxy;                    // empty: none, whatever the environment says
  std::string cookies;                                 // a file, read before and written after
  std::string cache;                                   // a folder
  std::string authority;                               // a file of certificates that are trusted, instead of the system's
  double timeout = 180;                                // seconds, for all of it
  std::size_t retries = 2;
  bool follow = true;
  bool include = false, head = false, text = false, timing = false, insecure = false, verbose = false;
};
/// weft fetch URL
int fetch(const FetchOptions& options);

/// weft list
int list();

/// weft settings
int settings();

/// weft version
int version();

}  // namespace weft::crawler::command
