// Items: what the spiders of this project find. Their fields are the columns of the feeds, in this order.
#pragma once

#include <weft/crawler/item.hpp>

#include <string>
#include <vector>

struct Quote {
  std::string text, author;
  std::vector<std::string> tags;
};
WEFT_ITEM(Quote, text, author, tags)
