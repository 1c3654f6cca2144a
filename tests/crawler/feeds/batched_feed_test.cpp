// Feeds in several files, the names of their files, and feeds without items.
#include <weft/crawler/feeds/batched_feed.hpp>
#include <weft/crawler/feeds/feed_path.hpp>
#include <weft/crawler/settings.hpp>

#include "support/temporary_folder.hpp"

#include <doctest/doctest.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>
#include <string>

using namespace weft;
using namespace weft::crawler;
using test::TemporaryFolder;

namespace {

struct Number {
  int number = 0;
};
WEFT_ITEM(Number, number)

Item number(int n) {
  Number item;
  item.number = n;
  return Item(item);
}

std::string content(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return std::string(std::istreambuf_iterator<char>(in), {});
}

std::set<std::string> filesIn(const TemporaryFolder& folder) {
  std::set<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(folder / "")) names.insert(entry.path().filename().string());
  return names;
}

}  // namespace

TEST_CASE("each batch is a file of its own, whole when the next begins") {
  TemporaryFolder folder;
  BatchedFeed feed(folder / "%(name)s-%(batch_id)02d.json", OutputFile::Mode::Overwrite, {}, {{"name", "numbers"}}, 2);
  CHECK(filesIn(folder) == std::set<std::string>{"numbers-01.json"});
  for (int n = 1; n <= 5; ++n) feed.write(number(n));
  CHECK(content(folder / "numbers-01.json") == "[\n{\"number\":1},\n{\"number\":2}\n]\n");
  feed.flush();
  CHECK(content(folder / "numbers-03.json") == "[\n{\"number\":5}");
  feed.close();
  CHECK(content(folder / "numbers-03.json") == "[\n{\"number\":5}\n]\n");
  CHECK(filesIn(folder) == std::set<std::string>{"numbers-01.json", "numbers-02.json", "numbers-03.json"});
  CHECK(feed.written() == 5);
  CHECK(feed.name() == folder / "%(name)s-%(batch_id)02d.json");
}

TEST_CASE("batches that are exactly full leave no empty file behind them") {
  TemporaryFolder folder;
  BatchedFeed feed(folder / "n-%(batch_id)d.csv", OutputFile::Mode::Overwrite, {}, {}, 2);
  for (int n = 1; n <= 4; ++n) feed.write(number(n));
  feed.close();
  CHECK(filesIn(folder) == std::set<std::string>{"n-1.csv", "n-2.csv"});
  CHECK(content(folder / "n-2.csv") == "number\r\n3\r\n4\r\n");
}

TEST_CASE("batches may be told apart by their time; a path that tells none apart is refused") {
  TemporaryFolder folder;
  BatchedFeed feed(folder / "n-%(batch_time)s.jsonl:jsonl", OutputFile::Mode::Overwrite, {}, {}, 1);
  for (int n = 1; n <= 3; ++n) feed.write(number(n));
  feed.close();
  CHECK(filesIn(folder).size() == 3);
  CHECK_THROWS_WITH_AS(BatchedFeed(folder / "n-%(time)s.jsonl", OutputFile::Mode::Overwrite, {}, {{"time", "x"}}, 1), doctest::Contains("needs %(batch_id)d or %(batch_time)s"), SettingError);
  CHECK_THROWS_AS(BatchedFeed(folder / "none/n-%(batch_id)d.jsonl", OutputFile::Mode::Overwrite, {}, {}, 1), FeedError);
}

TEST_CASE("values go into paths, one part of a path each") {
  const std::map<std::string, std::string> values{{"name", "quotes"}, {"tag", "../a/b"}, {"batch_id", "7"}, {"time", "t"}};
  CHECK(expandFeedPath("out/%(name)s-%(tag)s.csv", values) == "out/quotes-.._a_b.csv");
  CHECK(expandFeedPath("%(batch_id)d %(batch_id)05d %(batch_id)s 100% %s %(name) %(name)x", values) == "7 00007 7 100% %s %(name) %(name)x");
  CHECK(expandFeedPath("plain", values) == "plain");
  CHECK_THROWS_WITH_AS(expandFeedPath("%(nmae)s.csv", values), doctest::Contains("there is no value for %(nmae)s; did you mean name"), SettingError);
  CHECK(feedPathHas("a-%(batch_id)05d", "batch_id"));
  CHECK_FALSE(feedPathHas("a-%(batch_id)q", "batch_id"));
}

TEST_CASE("times in paths are UTC, and without colons") {
  const std::chrono::system_clock::time_point time(std::chrono::microseconds(1'585'406'708'000'042));
  CHECK(feedTime(time) == "2020-03-28T14-45-08");
  CHECK(feedTime(time, true) == "2020-03-28T14-45-08.000042");
}

TEST_CASE("a feed without items is written, or not at all") {
  TemporaryFolder folder;
  FeedOptions options;
  openFeed(folder / "kept.json", OutputFile::Mode::Overwrite, options)->close();
  CHECK(content(folder / "kept.json") == "[\n]\n");
  options.storeEmpty = false;
  for (const char* name : {"a.json", "a.csv", "a.xml", "a.jsonl.gz"}) openFeed(folder / name, OutputFile::Mode::Overwrite, options)->close();
  CHECK(filesIn(folder) == std::set<std::string>{"kept.json"});
  std::ofstream(folder / "before.jsonl") << "{}\n";
  openFeed(folder / "before.jsonl", OutputFile::Mode::Append, options)->close();
  CHECK(content(folder / "before.jsonl") == "{}\n");
  auto feed = openFeed(folder / "some.json", OutputFile::Mode::Overwrite, options);
  feed->write(number(1));
  feed->close();
  CHECK(content(folder / "some.json") == "[\n{\"number\":1}\n]\n");
}
