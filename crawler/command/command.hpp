// The subcommands of `weft`, one file each. Each gives the program's exit code, and prints its own errors.
#pragma once

#include <weft/crawler/internal/crawl_program.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace CLI {
class App;
}  // namespace CLI

namespace weft::crawler::command {

/// weft crawl TARGET
int crawl(const std::string& target, CrawlOptions options);

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

struct ParsePageOptions {
  std::string url;
  std::string spider;                                  // a name, or a file; empty: the spider of `weft crawl URL`
  std::string callback;
  std::vector<std::string> arguments, settings;        // -a, -s
  std::string logLevel;
  bool noItems = false, noLinks = false, noLog = false;
};
/// weft parse URL
int parse(const ParsePageOptions& options);

struct BenchOptions {
  double seconds = 10;
  std::vector<std::string> settings;                   // -s NAME=VALUE
};
/// weft bench
int bench(const BenchOptions& options);

/// Is it the name of a C++ file?
bool isSpiderFile(std::string_view name);

struct ServeOptions {
  std::string folder = ".";
  std::uint16_t port = 8000;                           // 0: any free one
  std::string interface = "127.0.0.1";
  std::string portFile;                                // gets the port's number once the site listens
  std::optional<double> maxAge;                        // seconds, for Cache-Control
  bool list = false, dotFiles = false, followLinks = false, quiet = false;
};
/// weft serve DIR: serves a folder until SIGINT or SIGTERM; then answers that are on their way are still sent.
int serve(const ServeOptions& options);

struct SettingsOptions {
  std::string name;                                    // of the one that is asked for; empty: all
  std::vector<std::string> settings;                   // -s NAME=VALUE
};
/// weft settings [NAME]
int settings(const SettingsOptions& options);

/// weft version
int version();

// These add their subcommand themselves. Its callback sets `code`, which must outlive the app.
void addCheck(CLI::App& app, int& code);
void addGenSpider(CLI::App& app, int& code);
void addStartProject(CLI::App& app, int& code);
void addShell(CLI::App& app, int& code);
void addView(CLI::App& app, int& code);
void addWhy(CLI::App& app, int& code);
/// weft completion and weft man, which are made of all that `app` knows when they run.
void addCompletion(CLI::App& app, int& code);

}  // namespace weft::crawler::command
