#include <weft/core/manual_clock.hpp>
#include <weft/crawler/engine.hpp>
#include <weft/crawler/frontier/memory_frontier.hpp>
#include <weft/crawler/pipelines/item_pipelines.hpp>
#include <weft/defer/defer_later.hpp>
#include <weft/defer/testing.hpp>

#include <doctest/doctest.h>

#include <functional>
#include <stdexcept>
#include <string>
#include <vector>

using namespace weft;
using namespace weft::crawler;

namespace {

struct Word {
  std::string text;
};
WEFT_ITEM(Word, text)

Item word(std::string text) {
  Word item;
  item.text = std::move(text);
  return Item(std::move(item));
}

// Yields an item for each start word, and for each word of the only page.
class WordsSpider : public Spider {
 public:
  WordsSpider() : Spider("words") {}
  std::vector<std::string> start, page;

  Results startRequests() override {
    for (const std::string& text : start) co_yield word(text);
    Request request("http://a/", &WordsSpider::parse);
    co_yield request;
  }
  Results parse(Response) override {
    for (const std::string& text : page) co_yield word(text);
  }
};

class PageDownloader final : public Downloader {
 public:
  Deferred<Response> fetch(std::shared_ptr<const Request> request) override {
    Response response(request->url, 200, {}, "");
    response.setRequest(request);
    return succeed(std::move(response));
  }
};

class WordsFeed final : public Feed {
 public:
  explicit WordsFeed(std::vector<std::string>& words) : words_(words) {}
  void write(const Item& item) override { words_.push_back(item.as<Word>()->text); }
  void flush() override {}
  void close() override {}
  std::string_view name() const noexcept override { return "memory"; }
  std::uint64_t written() const noexcept override { return words_.size(); }

 private:
  std::vector<std::string>& words_;
};

// Does what it is told, and keeps a diary.
class Scripted final : public ItemPipeline {
 public:
  Scripted(std::string name, int order, std::vector<std::string>& diary) : ItemPipeline(std::move(name), order), diary_(diary) {}
  std::function<Deferred<>(Item&)> process = [](Item&) { return succeed(); };
  std::function<Deferred<>()> opening = [] { return succeed(); }, closing = [] { return succeed(); };

  Deferred<> openSpider(const PipelineContext& crawl) override {
    diary_.push_back("open " + name + " for " + crawl.spider.name);
    return opening();
  }
  Deferred<> closeSpider() override {
    diary_.push_back("close " + name);
    return closing();
  }
  Deferred<> processItem(Item& item) override {
    diary_.push_back(name + " " + item.as<Word>()->text);
    return process(item);
  }

 private:
  std::vector<std::string>& diary_;
};

struct Crawl {
  ManualClock clock;
  Settings settings;
  PageDownloader downloader;
  WordsSpider spider;
  std::vector<std::string> written, diary;
  LogCapture log;
  MemoryFrontier frontier{settings};
  std::unique_ptr<Engine> engine;

  Scripted& add(const std::string& name, int order) {
    auto pipeline = std::make_shared<Scripted>(name, order, diary);
    spider.pipelines.push_back(pipeline);
    return *pipeline;
  }
  Deferred<> start() {
    engine = std::make_unique<Engine>(spider, settings, clock, downloader, frontier);
    engine->addFeed(std::make_unique<WordsFeed>(written));
    return engine->run();
  }
  void run() {
    auto running = start();
    clock.playAll(100);
    successResultOf(running);
    CHECK(clock.getDelayedCalls().empty());
  }
  std::int64_t stat(std::string_view key) const { return engine->stats().getValue(key); }
};

}  // namespace

TEST_CASE("items go through the pipelines by order, start items included, and each may change them or put another in their place") {
  Crawl crawl;
  crawl.spider.start = {"start"};
  crawl.spider.page = {"one", "two"};
  crawl.add("Late", 700).process = [](Item& item) { return item = word(item.as<Word>()->text + "!"), succeed(); };
  crawl.add("Early", 300).process = [](Item& item) { return item.as<Word>()->text += "?", succeed(); };
  crawl.run();
  CHECK(crawl.written == std::vector<std::string>{"start?!", "one?!", "two?!"});
  CHECK(crawl.diary == std::vector<std::string>{"open Early for words", "open Late for words", "Early start", "Late start?", "Early one", "Late one?", "Early two", "Late two?",
                                                "close Early", "close Late"});
  CHECK(crawl.stat("item_scraped_count") == 3);
  CHECK(crawl.log.contains("Enabled item pipelines: Early, Late"));
}

TEST_CASE("DropItem drops one item, is logged at its level and counted, and later pipelines do not see it") {
  Crawl crawl;
  crawl.spider.page = {"good", "bad", "dull", "fine"};
  crawl.add("Check", 1).process = [](Item& item) -> Deferred<> {
    if (item.as<Word>()->text == "bad") throw DropItem("it is bad");                    // thrown before there is a Deferred
    if (item.as<Word>()->text == "dull") return fail(DropItem("it is dull", LogLevel::Debug));
    return succeed();
  };
  crawl.add("Then", 2);
  crawl.run();
  CHECK(crawl.written == std::vector<std::string>{"good", "fine"});
  CHECK(crawl.stat("item_dropped_count") == 2);
  CHECK(crawl.stat("item_dropped_reasons_count/DropItem") == 2);
  CHECK(crawl.stat("item_scraped_count") == 2);
  CHECK(crawl.log.contains("Dropped: it is bad: {\"text\":\"bad\"} of <GET http://a/>"));
  for (const auto& entry : crawl.log.entries())
    if (entry.message.find("Dropped: it is dull") == 0) CHECK(entry.level == LogLevel::Debug);
  for (const std::string& line : crawl.diary) CHECK_MESSAGE((line != "Then bad" && line != "Then dull"), line);
}

TEST_CASE("a pipeline that throws costs the item, is logged with the item and the page, and never the crawl") {
  Crawl crawl;
  crawl.spider.page = {"good", "odd", "gone", "fine"};
  crawl.add("Store", 1).process = [](Item& item) -> Deferred<> {
    if (item.as<Word>()->text == "odd") throw std::runtime_error("the database is out of tea");
    if (item.as<Word>()->text == "gone") item = Item();
    return succeed();
  };
  crawl.run();
  CHECK(crawl.written == std::vector<std::string>{"good", "fine"});
  CHECK(crawl.stat("item_error_count") == 2);
  CHECK(crawl.stat("item_dropped_count") == 0);
  CHECK(crawl.engine->closeReason() == "finished");
  CHECK(crawl.engine->counts().done == 1);
  CHECK(crawl.log.contains("Error processing {\"text\":\"odd\"} of <GET http://a/> in Store: "));
  CHECK(crawl.log.contains("the database is out of tea"));
  CHECK(crawl.log.contains("it left no item"));
}

TEST_CASE("items of a page wait in the pipelines side by side, CONCURRENT_ITEMS at most, and are written in their order") {
  Crawl crawl;
  crawl.settings.concurrentItems = 3;
  int inside = 0, most = 0, seen = 0;
  for (int i = 0; i < 10; ++i) crawl.spider.page.push_back(std::to_string(i));
  crawl.add("Slow", 1).process = [&](Item& item) {
    most = std::max(most, ++inside);
    Item* kept = &item;
    return deferLater(crawl.clock, 10 - ++seen, [&inside, kept] {                       // the last ones are ready first
      --inside;
      kept->as<Word>()->text += "s";
    });
  };
  crawl.run();
  CHECK(most == 3);
  CHECK(crawl.written == std::vector<std::string>{"0s", "1s", "2s", "3s", "4s", "5s", "6s", "7s", "8s", "9s"});
}

TEST_CASE("a pipeline that cannot open ends the crawl before the first request; those before it are closed") {
  Crawl crawl;
  crawl.spider.page = {"never"};
  crawl.add("First", 1);
  crawl.add("Broken", 2).opening = [] { return fail(std::runtime_error("no such database")); };
  crawl.add("Third", 3);
  crawl.run();
  CHECK(crawl.engine->closeReason() == "start_error");
  CHECK(crawl.engine->startFailure().getErrorMessage() == "no such database");
  CHECK(crawl.engine->counts().enqueued == 0);
  CHECK(crawl.written.empty());
  CHECK(crawl.diary == std::vector<std::string>{"open First for words", "open Broken for words", "close First"});
}

TEST_CASE("the crawl begins when the pipelines are open, and ends when they are closed; a failure to close is logged") {
  Crawl crawl;
  crawl.spider.page = {"one"};
  Scripted& slow = crawl.add("Slow", 1);
  slow.opening = [&] { return deferLater(crawl.clock, 5, [] {}); };
  slow.closing = [&] { return deferLater(crawl.clock, 7, [] { throw std::runtime_error("half closed"); }); };
  auto running = crawl.start();
  crawl.clock.play(4);
  CHECK(crawl.engine->counts().enqueued == 0);
  crawl.clock.play(2);
  CHECK(crawl.written == std::vector<std::string>{"one"});
  assertNoResult(running);
  crawl.clock.play(7);
  successResultOf(running);
  CHECK(crawl.log.contains("The pipeline Slow failed in closeSpider(): "));
  CHECK(crawl.engine->closeReason() == "finished");
}

TEST_CASE("abort() cancels what the pipelines wait for, and they are closed all the same") {
  Crawl crawl;
  crawl.settings.concurrentItems = 2;
  crawl.spider.page = {"one", "two", "three"};
  int cancelled = 0;
  Scripted& slow = crawl.add("Slow", 1);
  slow.process = [&](Item&) { return Deferred<>([&cancelled] { ++cancelled; }); };
  slow.closing = [&] { return Deferred<>([&cancelled] { cancelled += 10; }); };
  auto running = crawl.start();
  crawl.clock.play(1);
  assertNoResult(running);
  crawl.engine->abort();
  running.cancel();
  successResultOf(running);
  CHECK(cancelled == 12);
  CHECK(crawl.written.empty());
  CHECK(crawl.engine->closeReason() == "shutdown");
  CHECK(crawl.diary.back() == "close Slow");
}

TEST_CASE("ITEM_PIPELINES gives other orders, leaves pipelines out by null, and knows their names") {
  Crawl crawl;
  crawl.spider.page = {"x"};
  crawl.add("A", 1);
  crawl.add("B", 2);
  crawl.add("Gone", 3);
  crawl.settings.set("ITEM_PIPELINES", R"({"B": 0, "Gone": null})");
  crawl.run();
  CHECK(crawl.diary == std::vector<std::string>{"open B for words", "open A for words", "B x", "A x", "close B", "close A"});

  crawl.settings.set("ITEM_PIPELINES", R"({"Gnoe": null})");
  CHECK_THROWS_WITH_AS(enabledPipelines(crawl.spider, crawl.settings), "ITEM_PIPELINES: this crawl has none called Gnoe; did you mean Gone?", SettingError);
  for (const char* bad : {"[1]", "{\"A\": \"first\"}", "{\"A\": 1.5}", "A"}) CHECK_THROWS_AS(crawl.settings.set("ITEM_PIPELINES", bad), SettingError);
  CHECK_THROWS_AS(crawl.settings.set("CONCURRENT_ITEMS", "0"), SettingError);
}

TEST_CASE("a long item is cut in messages, between characters") {
  Crawl crawl;
  std::string text;
  for (int i = 0; i < 400; ++i) text += "\u00e9";
  crawl.spider.page = {text};
  crawl.add("No", 1).process = [](Item&) { return fail(DropItem("too long")); };
  crawl.run();
  bool found = false;
  for (const auto& entry : crawl.log.entries()) {
    if (entry.message.find("Dropped: too long") != 0) continue;
    found = true;
    CHECK(entry.message.size() < 600);
    CHECK(entry.message.find("\u00e9... of <GET") != std::string::npos);
  }
  CHECK(found);
}
