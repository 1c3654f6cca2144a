// What is typed into `weft shell`, taken apart.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace weft::crawler::command {

/// A line of the shell. Both manners mean the same:
///
///     css li a::attr(href)                              a word, and the rest of the line as it is
///     response.css('li a::attr(href)').get()            as in Scrapy's shell: {"css", "li a::attr(href)", {{"get", ""}}}
struct ShellLine {
  std::string word, argument;
  std::vector<std::pair<std::string, std::string>> then;   // what is called on the outcome, with its argument
  std::string problem;                                 // why it cannot be read; else empty
};

/// An empty line, and a comment (#), give an empty word.
ShellLine readShellLine(std::string_view line);

}  // namespace weft::crawler::command
