// weft startproject and weft genspider: what they write, and what they refuse. That it compiles is for tests/house/templates_test.py.

#include "crawler/command/weft_command.hpp"

#include <filesystem>
#include <utility>

TEST_CASE("startproject writes a project and says what comes next") {
  const Folder folder;
  const ProgramRun run = weftIn(folder.path, "startproject shop");
  CHECK_MESSAGE(run.status == 0, run.output);
  CHECK(run.output.starts_with("The project shop is in shop. Next:\n\n    cd shop\n    meson setup build"));
  CHECK(has(run, "weft crawl quotes -O quotes.jsonl"));
  for (const char* file : {"weft.toml", "meson.build", "main.cpp", "items.hpp", "pipelines.hpp", "spiders/quotes.cpp", "tests/quotes_test.cpp", ".gitignore", "README.md"}) {
    CAPTURE(file);
    const std::string text = contentOf(folder / ("shop/" + std::string(file)));
    CHECK(!text.empty());
    CHECK(text.find("emplate_name") == std::string::npos);
  }
  CHECK(contentOf(folder / "shop/meson.build").find("executable('shop', 'main.cpp', spiders, dependencies: weft)") != std::string::npos);
  CHECK(weftIn(folder / "shop", "settings USER_AGENT").output == "shop (+https://example.com/who-we-are)\n");
}

TEST_CASE("startproject takes an empty folder, and no other") {
  const Folder folder;
  std::filesystem::create_directory(folder / "empty");
  CHECK(weftIn(folder.path, "startproject shop empty").status == 0);
  CHECK(!contentOf(folder / "empty/weft.toml").empty());
  write(folder / "file", "mine");
  std::filesystem::create_directory(folder / "full");
  write(folder / "full/mine", "mine");
  const std::pair<const char*, const char*> cases[] = {
      {"startproject 9", "cannot be the name of a project"},
      {"startproject shop file", "file is there already, and no folder; nothing was changed"},
      {"startproject shop full", "the folder full is not empty; nothing was changed"},
      {"startproject shop empty", "the folder empty is not empty"},
      {"startproject shop file/below", "cannot write file/below/"},
  };
  for (const auto& [arguments, message] : cases) {
    CAPTURE(arguments);
    const ProgramRun run = weftIn(folder.path, arguments);
    CHECK(run.status == 2);
    CHECK(lines(run.output) == 1);
    CHECK_MESSAGE(has(run, message), run.output);
  }
  CHECK(contentOf(folder / "file") == "mine");
  CHECK(std::distance(std::filesystem::directory_iterator(folder / "full"), {}) == 1);
}

TEST_CASE("genspider outside of a project writes one file for runspider") {
  const Folder folder;
  const ProgramRun run = weftIn(folder.path, "genspider my_shop shop.example");
  CHECK(run.status == 0);
  CHECK(run.output == "The spider my_shop is in my_shop.cpp. Run it: weft runspider my_shop.cpp -O my_shop.jsonl\n");
  const std::string text = contentOf(folder / "my_shop.cpp");
  CHECK(text.find("class MyShopSpider : public Spider {") != std::string::npos);
  CHECK(text.find("MyShopSpider() : Spider(\"my_shop\") {") != std::string::npos);
  CHECK(text.find("allowedDomains = {\"shop.example\"};") != std::string::npos);
  CHECK(text.find("startUrls = {\"https://shop.example/\"};") != std::string::npos);
}

TEST_CASE("genspider begins where the site's feed or sitemap is, unless the URL says so itself") {
  const Folder folder;
  CHECK(weftIn(folder.path, "genspider a shop.example -t sitemap").status == 0);
  CHECK(contentOf(folder / "a.cpp").find("sitemapUrls = {\"https://shop.example/robots.txt\"};") != std::string::npos);
  CHECK(weftIn(folder.path, "genspider b 'http://shop.example:8080/x.csv?a=\\\"b' --template csvfeed").status == 0);
  CHECK(contentOf(folder / "b.cpp").find(R"(startUrls = {"http://shop.example:8080/x.csv?a=\\%22b"};)") != std::string::npos);
  CHECK(contentOf(folder / "b.cpp").find("allowedDomains = {\"shop.example\"};") != std::string::npos);
}

TEST_CASE("genspider within a project lists the spider in its meson.build") {
  const Folder folder;
  REQUIRE(weftIn(folder.path, "startproject shop").status == 0);
  const ProgramRun run = weftIn(folder / "shop/spiders", "genspider books books.example -t crawl");
  CHECK(run.status == 0);
  CHECK(has(run, "and listed in meson.build. ninja -C build compiles it."));
  CHECK(contentOf(folder / "shop/spiders/books.cpp").find("class BooksSpider : public CrawlSpider") != std::string::npos);
  CHECK(contentOf(folder / "shop/meson.build").find("spiders = files(\n  'spiders/quotes.cpp',\n  'spiders/books.cpp',\n)\n") != std::string::npos);
  CHECK(has(weftIn(folder / "shop", "genspider Books a.example"), "would make a class BooksSpider"));

  write(folder / "shop/meson.build", "project('mine')\n");
  const ProgramRun other = weftIn(folder / "shop", "genspider toys toys.example");
  CHECK(other.status == 0);
  CHECK(has(other, "Add it to the sources of the program in meson.build: 'spiders/toys.cpp'"));
  CHECK(contentOf(folder / "shop/meson.build") == "project('mine')\n");
}

TEST_CASE("genspider shows its templates, and refuses what it cannot use") {
  const Folder folder;
  CHECK(has(runWeft("genspider --list"), "crawl     a CrawlSpider: rules say which links are followed\n"));
  CHECK(has(runWeft("genspider --print xmlfeed"), "class TemplateSpider : public XmlFeedSpider"));
  write(folder / "mine.cpp", "mine");
  const std::pair<const char*, const char*> cases[] = {
      {"genspider shop", "weft genspider NAME DOMAIN"},
      {"genspider my-shop a.example", "cannot be the name of a spider"},
      {"genspider a 'a b'", "\"a b\" is neither a domain"},
      {"genspider --print bsic", "did you mean basic?"},
      {"genspider mine a.example", "mine.cpp is there already; nothing was changed"},
  };
  for (const auto& [arguments, message] : cases) {
    CAPTURE(arguments);
    const ProgramRun run = weftIn(folder.path, arguments);
    CHECK(run.status == 2);
    CHECK(lines(run.output) == 1);
    CHECK_MESSAGE(has(run, message), run.output);
  }
  CHECK(contentOf(folder / "mine.cpp") == "mine");
}
