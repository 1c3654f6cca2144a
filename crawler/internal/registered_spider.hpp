// The main that `weft runspider FILE.cpp` gives to a file without one.
#pragma once

namespace weft::crawler {

/// runSpider() for the spider that WEFT_SPIDER made known. Where there are several, `--spider NAME` says which.
int runRegisteredSpider(int argc, char** argv);

}  // namespace weft::crawler
