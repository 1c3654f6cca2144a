// The options of a program or of a subcommand. CLI11's header takes longer to compile than most of our files: command_line.cpp, and
// the few that need what CLI11 knows of its options, are the only ones to see it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace CLI {
class App;
class Option;
}  // namespace CLI

namespace weft::crawler {

/// An option or an operand, while it is declared.
class CommandOption {
 public:
  explicit CommandOption(CLI::Option& option) : option_(option) {}

  /// What stands for its value in the help.
  CommandOption& text(const std::string& placeholder);
  CommandOption& required();
  /// A whole number must not be less.
  CommandOption& atLeast(std::int64_t least);
  /// It is a number of seconds, and above 0, or 0 as well.
  CommandOption& positive();
  CommandOption& notNegative();

 private:
  CLI::Option& option_;
};

/// Declares what a command line may hold. What is given is written to variables that must live until the app has parsed it, and, with run(), until it has run.
class CommandLine {
 public:
  explicit CommandLine(CLI::App& app) : app_(app) {}
  /// The options of a new subcommand of `app`.
  CommandLine(CLI::App& app, const std::string& subcommand, const std::string& help);

  CommandOption option(const std::string& names, std::string& value, const std::string& help);
  CommandOption option(const std::string& names, std::optional<std::string>& value, const std::string& help);
  /// Takes one value each time it is given.
  CommandOption option(const std::string& names, std::vector<std::string>& values, const std::string& help);
  CommandOption option(const std::string& names, double& value, const std::string& help);
  CommandOption option(const std::string& names, std::optional<double>& value, const std::string& help);
  CommandOption option(const std::string& names, std::optional<int>& value, const std::string& help);
  CommandOption option(const std::string& names, std::size_t& value, const std::string& help);
  CommandOption option(const std::string& names, std::uint16_t& value, const std::string& help);
  /// "!--no-links" makes it false.
  void flag(const std::string& names, bool& value, const std::string& help);
  /// "--dashboard{0}" may be given a value, which is "0" where it is not.
  void flag(const std::string& names, std::string& value, const std::string& help);

  /// What stands below the options in the help.
  void notes(const std::string& text);
  /// Called once the whole command line has been understood.
  void run(std::function<void()> action);
  /// Calls it with the words that are no option of this command, which are then no mistake.
  void runWithOthers(std::function<void(std::vector<std::string>)> action);

 private:
  CLI::App& app_;
};

}  // namespace weft::crawler
