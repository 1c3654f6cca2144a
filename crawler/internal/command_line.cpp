#include <weft/crawler/internal/command_line.hpp>

#include <CLI/CLI.hpp>

#include <charconv>
#include <cmath>
#include <limits>
#include <utility>

namespace weft::crawler {

namespace {

// "" for a value that will do, else what is wrong with it.
using ValueCheck = std::function<std::string(const std::string&)>;

ValueCheck isWhole(std::int64_t least, std::int64_t most) {
  return [least, most](const std::string& text) -> std::string {
    std::int64_t value = 0;
    const auto [end, trouble] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (trouble == std::errc() && end == text.data() + text.size() && value >= least && value <= most) return {};
    return "\"" + text + "\" is no whole number from " + std::to_string(least) + " to " + std::to_string(most);
  };
}

ValueCheck isSeconds(bool zero) {
  return [zero](const std::string& text) -> std::string {
    double value = -1;
    const auto [end, trouble] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (trouble == std::errc() && end == text.data() + text.size() && std::isfinite(value) && (value > 0 || (zero && value == 0))) return {};
    return "\"" + text + "\" is no number of seconds, such as 2 or 0.5";
  };
}

}  // namespace

CommandOption& CommandOption::text(const std::string& placeholder) {
  option_.option_text(placeholder);
  return *this;
}

CommandOption& CommandOption::required() {
  option_.required();
  return *this;
}

CommandOption& CommandOption::atLeast(std::int64_t least) {
  option_.check(isWhole(least, std::numeric_limits<int>::max()));
  return *this;
}

CommandOption& CommandOption::positive() {
  option_.check(isSeconds(false));
  return *this;
}

CommandOption& CommandOption::notNegative() {
  option_.check(isSeconds(true));
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

CommandOption CommandLine::option(const std::string& names, std::uint16_t& value, const std::string& help) {
  CLI::Option* const option = app_.add_option(names, value, help);
  option->check(isWhole(0, std::numeric_limits<std::uint16_t>::max()));
  return CommandOption(*option);
}

void CommandLine::flag(const std::string& names, bool& value, const std::string& help) { app_.add_flag(names, value, help); }

void CommandLine::flag(const std::string& names, std::string& value, const std::string& help) { app_.add_flag(names, value, help); }

void CommandLine::notes(const std::string& text) { app_.footer(text); }

void CommandLine::run(std::function<void()> action) { app_.callback(std::move(action)); }

void CommandLine::runWithOthers(std::function<void(std::vector<std::string>)> action) {
  app_.allow_extras();
  app_.callback([&app = app_, action = std::move(action)] { action(app.remaining()); });
}

}  // namespace weft::crawler
