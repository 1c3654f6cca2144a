// What is wrong with a command line, in words: for the command, and for programs of spiders.
#pragma once

#include <string>

namespace CLI {
class App;
class ParseError;
}  // namespace CLI

namespace weft::crawler {

/// Says in a line without its end why `app.parse()` threw: the option that is not there and what was probably meant, the word that is one too many, what is missing, the value that cannot be.
/// `app` is the subcommand, if there is one; `help` is what to type for its options ("weft crawl --help"), which the line ends with.
std::string usageProblem(const CLI::App& app, const CLI::ParseError& error, int argc, char** argv, const std::string& help);

}  // namespace weft::crawler
