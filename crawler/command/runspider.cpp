#include <weft/crawler/command/command.hpp>
#include <weft/crawler/command/spider_program.hpp>
#include <weft/crawler/internal/command_line.hpp>

#include <memory>
#include <string>

namespace weft::crawler::command {

void addRunSpider(CLI::App& app, int& code) {
  auto file = std::make_shared<std::string>();
  CommandLine command(app, "runspider", "Compile a spider's file and run it");
  command.option("file", *file, "A file with a spider, and WEFT_SPIDER or a main below it").text("FILE.cpp").required();
  command.notes(R"(
Examples:
  weft runspider quotes.cpp -o quotes.jsonl
  weft runspider quotes.cpp -a tag=life -s DOWNLOAD_DELAY=1 -O quotes.csv

What stands behind the file goes to the spider, which takes the options of weft crawl: weft runspider quotes.cpp -o quotes.jsonl
The program is compiled with $CXX (c++) and $CXXFLAGS, and kept in ~/.cache/weft ($WEFT_CACHE): the second time it runs at once.)");
  command.run([file, &code] { code = runSpiderFile(*file, {}); });      // alone; what stands behind a file is not read here, see main.cpp
}

}  // namespace weft::crawler::command
