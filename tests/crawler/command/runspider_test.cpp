// weft runspider and weft parse with a spider's file: compiled once, run as a crawl.

#include "crawler/command/spider_workshop.hpp"

TEST_CASE("runspider compiles a spider's file the first time, and runs the program at once the second") {
  const Workshop& shop = quotesShop();
  const Demo& demo = sharedDemo();
  const std::size_t runs = shop.compilerRuns();
  CHECK(shop.first.output.starts_with("Compiling quotes.cpp ...\n"));
  CHECK(runs == 2);                                    // compiled, and linked

  const ProgramRun crawl = shop.weft("runspider quotes.cpp -a url=" + demo.url + " -O quotes.jsonl");
  CHECK_MESSAGE(crawl.status == 0, crawl.output);
  CHECK_FALSE(has(crawl, "Compiling"));
  CHECK(has(crawl, "Spider opened: quotes"));
  CHECK(lines(contentOf(shop.folder / "quotes.jsonl")) == 108);
  CHECK(shop.compilerRuns() == runs);
  // Its arguments and its exit code are the spider's.
  CHECK(has(shop.weft("runspider quotes.cpp --help"), "Runs the spider \"quotes\""));
  CHECK(shop.weft("runspider quotes.cpp --bogus").status == 2);
  CHECK(shop.weft("runspider quotes.cpp -a url=http://127.0.0.1:1/ --nolog -O /dev/null").status == 4);
  CHECK(shop.compilerRuns() == runs);

  // What the spider makes of a single page.
  const ProgramRun page = shop.weft("parse " + demo.url + " --spider quotes.cpp --nolog");
  CHECK_MESSAGE(page.status == 0, page.output);
  CHECK(page.output.starts_with("page     200 " + demo.url + "\nitem     {\"text\":\""));
  CHECK(has(page, "\"author\":\"William Shakespeare\",\"born\":\"\"}\n"));
  CHECK(page.output.ends_with("request  GET " + demo.url + "page/2/\nin all   10 items, 1 request\n"));
  const ProgramRun author = shop.weft("parse " + demo.url + "author/Jane-Austen/ --spider quotes.cpp -c author --nolog");
  CHECK(author.output == "page     200 " + demo.url + "author/Jane-Austen/\nitem     {\"text\":\"\",\"author\":\"Jane Austen\",\"born\":\"\"}\nin all   1 item, 0 requests\n");
  const ProgramRun typo = shop.weft("parse " + demo.url + " --spider quotes.cpp -c auhtor");
  CHECK(typo.status == 2);
  CHECK(has(typo, "the spider quotes names no callback auhtor; did you mean author?"));
  CHECK(shop.compilerRuns() == runs);
}

TEST_CASE("runspider compiles again when the file, a header of its own, the flags or the compiler change, and not otherwise") {
  const Workshop shop;
  write(shop.folder / "name.hpp", "#define NAME \"first\"\n");
  const std::string program = "#include \"name.hpp\"\n#include <cstdio>\nint main(int argc, char**) { std::printf(\"%s %d\\n\", NAME, argc); return 7; }\n";
  write(shop.folder / "my spider.cpp", program);
  const std::string run = "runspider 'my spider.cpp' a 'b c'";
  const ProgramRun first = shop.weft(run);
  CHECK_MESSAGE(first.status == 7, first.output);      // a main of its own goes before weft's
  CHECK(first.output.ends_with("first 3\n"));
  CHECK(shop.weft(run).output == "first 3\n");
  CHECK(shop.compilerRuns() == 2);
  write(shop.folder / "name.hpp", "#define NAME \"second\"\n");
  CHECK(shop.weft(run).output.ends_with("second 3\n"));
  CHECK(shop.compilerRuns() == 4);
  write(shop.folder / "my spider.cpp", program + "// more\n");
  CHECK(shop.weft(run).output.ends_with("second 3\n"));
  CHECK(shop.compilerRuns() == 6);
  write(shop.folder / "c++", contentOf(shop.folder / "c++") + "# another compiler\n");
  write(shop.folder / "my spider.cpp", program);       // a program of that text is kept, but of another compiler
  CHECK(shop.weft(run).output.ends_with("second 3\n"));
  CHECK(shop.compilerRuns() == 8);
  CHECK(shop.weft(run).output == "second 3\n");
}

TEST_CASE("a spider that does not compile is shown with its line; nothing stays behind") {
  const Workshop shop;
  write(shop.folder / "bad.cpp", "#include <string>\n\nint broken = nothing;\n");
  const ProgramRun run = shop.weft("runspider bad.cpp -o x.jsonl");
  CHECK(run.status == 1);
  CHECK_MESSAGE(has(run, "bad.cpp:3:14: error: "), run.output);
  CHECK(run.output.ends_with("weft: bad.cpp could not be compiled (see above)\n"));
  CHECK(std::filesystem::is_empty(shop.folder / "cache"));
  CHECK(access((shop.folder / "x.jsonl").c_str(), F_OK) != 0);
}

TEST_CASE("what stands in the way of a spider's file is said in a line") {
  const Workshop shop;
  write(shop.folder / "main.cpp", "int main() {}\n");
  const ProgramRun compiler = shop.with("CXX=/nonexistent/c++", "runspider main.cpp");
  CHECK(compiler.status == 1);
  CHECK(has(compiler, "weft: cannot run the compiler /nonexistent/c++: No such file or directory; set CXX to one that is there\n"));
  const ProgramRun cache = shop.with("WEFT_CACHE=/proc/nothing", "runspider main.cpp");
  CHECK(cache.status == 1);
  CHECK(has(cache, "WEFT_CACHE names another folder"));
  std::filesystem::create_directory(shop.folder / "open");
  std::filesystem::permissions(shop.folder / "open", std::filesystem::perms::all);
  CHECK(has(shop.with("WEFT_CACHE=open", "runspider main.cpp"), "can be written by other users"));

  // A file without a spider, and one with several.
  write(shop.folder / "none.cpp", "// nothing yet\n");
  const ProgramRun none = shop.weft("runspider none.cpp");
  CHECK(none.status == 2);
  CHECK_MESSAGE(has(none, "no spider is known here: write WEFT_SPIDER(YourSpider) below the class"), none.output);
  write(shop.folder / "two.cpp", "#include <weft/crawler/spider.hpp>\nstruct A : weft::Spider { A() : Spider(\"a\") {} };\nstruct B : weft::Spider { B() : Spider(\"b\") {} };\nWEFT_SPIDER(A)\nWEFT_SPIDER(B)\n");
  CHECK(has(shop.weft("runspider two.cpp"), "there are several spiders here (a, b); say which by --spider NAME"));
  CHECK(has(shop.weft("runspider two.cpp --spider b --help"), "Runs the spider \"b\""));
}
