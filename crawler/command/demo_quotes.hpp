// The quotes of the demo site.
#pragma once

#include <cstddef>
#include <string_view>

namespace weft::crawler::command {

struct DemoQuote {
  std::string_view text, author, tags;                 // tags separated by commas
};
struct DemoAuthor {
  std::string_view name, born, description;
};

extern const DemoQuote kDemoQuotes[];
extern const std::size_t kDemoQuoteCount;
extern const DemoAuthor kDemoAuthors[];
extern const std::size_t kDemoAuthorCount;

}  // namespace weft::crawler::command
