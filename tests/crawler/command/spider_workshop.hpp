// Spiders' files, compiled for a test.
#pragma once

#include "crawler/command/weft_command.hpp"

#include <filesystem>

// What a spider has to be compiled with, to go with this build of weft.
#if defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define WEFT_SPIDER_FLAGS "-fsanitize=thread"
#elif __has_feature(address_sanitizer)
#define WEFT_SPIDER_FLAGS "-fsanitize=address,undefined"
#endif
#endif
#if defined(__SANITIZE_ADDRESS__)
#define WEFT_SPIDER_FLAGS "-fsanitize=address,undefined"
#elif defined(__SANITIZE_THREAD__)
#define WEFT_SPIDER_FLAGS "-fsanitize=thread"
#endif
#ifndef WEFT_SPIDER_FLAGS
#define WEFT_SPIDER_FLAGS ""
#endif

// A cache of its own, and a compiler that counts how often it is run. It links as fast as can be: the library is large, above all with sanitizers.
struct Workshop {
  Workshop() {
    write(folder / "c++", "#!/bin/sh\necho run >> '" + folder / "runs" + "'\ncase \" $* \" in *' -c '*) ;; *) set -- \"$@\" -Wl,-S; command -v ld.gold >/dev/null && set -- \"$@\" -fuse-ld=gold ;; esac\nexec " WEFT_CXX " \"$@\"\n");
    std::filesystem::permissions(folder / "c++", std::filesystem::perms::owner_all);
  }
  ProgramRun weft(const std::string& arguments) const { return with("", arguments); }
  ProgramRun with(const std::string& variables, const std::string& arguments) const {
    return runProgram("cd '" + std::string(folder.path) + "' && WEFT_CACHE='" + folder / "cache" + "' CXX='" + folder / "c++" + "' CXXFLAGS='" WEFT_SPIDER_FLAGS "' " + variables + " '" + kWeft + "' " + arguments);
  }
  std::size_t compilerRuns() const { return lines(contentOf(folder / "runs")); }
  Folder folder;
  ProgramRun first{"", 0};                             // of quotesShop(): the run that compiled the spider
};

// The spider of the tests that need one that is compiled; its url is an argument, as are its contracts.
inline constexpr const char* kQuotesSpider = R"cpp(#include <weft/crawler.hpp>
using namespace weft;
struct Quote { std::string text, author, born; };
WEFT_ITEM(Quote, text, author, born)
class QuotesSpider : public Spider {
 public:
  QuotesSpider() : Spider("quotes") { callbacks = {{"author", &QuotesSpider::author}, {"checked", &QuotesSpider::checked}, {"fails", &QuotesSpider::fails}}; }
  void setArguments(std::map<std::string, std::string> arguments) override {
    Spider::setArguments(std::move(arguments));
    const std::string url(argument("url"));
    if (argument("contracts") == "kept") {
      contracts = {Contract("parse").url(url).returnsItems(1, 16).returnsRequests(1, 1).scrapes({"text", "author"}),
                   Contract("checked").url(url + "author/Jane-Austen/").cbKwarg("from", "index").returnsItems(0)};
    } else if (argument("contracts") == "broken") {
      contracts = {Contract("parse").url(url).returnsItems(1, 3).returnsRequests(0, 0).scrapes({"author", "born"}),
                   Contract("fails").url(url),
                   Contract("autor").url(url),
                   Contract("parse").url(url + "nowhere/"),
                   Contract("parse"),
                   Contract("parse").url("mailto:me")};
    }
  }
  Results startRequests() override { co_yield Request(argument("url")); }
  Results parse(Response response) override {
    for (auto block : response.css("div.quote")) {
      Quote quote;
      quote.text = block.css("span.text::text").get();
      quote.author = block.css("small.author::text").get();
      co_yield quote;
    }
    if (auto next = response.css("li.next a::attr(href)").first()) co_yield response.follow(*next, &QuotesSpider::parse);
  }
  Results author(Response response) {
    Quote quote;
    quote.author = response.css("h2.author-title::text").get();
    co_yield quote;
  }
  Results checked(Response response) {
    if (response.cbKwarg("from") != "index") throw Error("no argument came");
    co_return;
  }
  Results fails(Response response) {
    Quote quote;
    co_yield quote;
    throw Error("the page has changed");
  }
};
WEFT_SPIDER(QuotesSpider)
)cpp";

// Where that spider is quotes.cpp, and compiled: once for all tests.
inline const Workshop& quotesShop() {
  static const Workshop* const shop = [] {
    static Workshop made;
    write(made.folder / "quotes.cpp", kQuotesSpider);
    made.first = made.weft("runspider quotes.cpp --help");
    return &made;
  }();
  return *shop;
}
