#include <weft/crawler/internal/command_line.hpp>

#include <CLI/CLI.hpp>

#include <utility>

namespace weft::crawler {

CommandOption& CommandOption::text(const std::string& placeholder) {
  option_.option_text(placeholder);
  return *this;
}

CommandOption& CommandOption::required() {
  option_.required();
  return *this;
}

CommandOption& CommandOption::positive() {
  option_.check(CLI::PositiveNumber);
  return *this;
}

CommandOption& CommandOption::notNegative() {
  option_.check(CLI::NonNegativeNumber);
  return *this;
}

CommandLine::CommandLine(CLI::App& app, const std::string& subcommand, const std::string& help) : app_(*app.add_subcommand(subcommand, help)) {}

CommandOption CommandLine::option(const std::string& names, std::string& value, const std::string& help) { return CommandOption(*app_.add_option(names, value, help)); }

CommandOption CommandLine::option(const std::string& names, std::optional<std::string>& value, const std::string& help) { return CommandOption(*app_.add_option(names, value, help)); }

CommandOption CommandLine::option(const std::string& names, std::vector<std::string>& values, const std::string& help) {
  CLI::Option* const option = app_.add_option(names, values, help);
  option->allow_extra_args(false);
  return CommandOption(*option);
}

CommandOption CommandLine::option(const std::string& names, double& value, const std::string& help) { return CommandOption(*app_.add_option(names, value, help)); }

CommandOption CommandLine::option(const std::string& names, std::optional<double>& value, const std::string& help) { return CommandOption(*app_.add_option(names, value, help)); }

CommandOption CommandLine::option(const std::string& names, std::optional<int>& value, const std::string& help) { return CommandOption(*app_.add_option(names, value, help)); }

CommandOption CommandLine::option(const std::string& names, std::size_t& value, const std::string& help) { return CommandOption(*app_.add_option(names, value, help)); }

CommandOption CommandLine::option(const std::string& names, std::uint16_t& value, const std::string& help) { return CommandOption(*app_.add_option(names, value, help)); }

void CommandLine::flag(const std::string& names, bool& value, const std::string& help) { app_.add_flag(names, value, help); }

void CommandLine::flag(const std::string& names, std::string& value, const std::string& help) { app_.add_flag(names, value, help); }

void CommandLine::notes(const std::string& text) { app_.footer(text); }

void CommandLine::run(std::function<void()> action) { app_.callback(std::move(action)); }

void CommandLine::runWithOthers(std::function<void(std::vector<std::string>)> action) {
  app_.allow_extras();
  app_.callback([&app = app_, action = std::move(action)] { action(app.remaining()); });
}

}  // namespace weft::crawler
