#include <weft/crawler/feeds/feed.hpp>
#include <weft/crawler/settings.hpp>

#include <doctest/doctest.h>

#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <string>

using namespace weft::crawler;

namespace {

struct Line {
  std::string text;
};
WEFT_ITEM(Line, text)

struct Folder {
  Folder() { REQUIRE(mkdtemp(path)); }
  ~Folder() {
    std::remove((std::string(path) + "/out.jsonl").c_str());
    rmdir(path);
  }
  char path[64] = "/tmp/weft-feed-test-XXXXXX";
  std::string file() const { return std::string(path) + "/out.jsonl"; }
  std::string content() const {
    std::ifstream in(file(), std::ios::binary);
    return std::string(std::istreambuf_iterator<char>(in), {});
  }
};

Item line(std::string text) {
  Line item;
  item.text = std::move(text);
  return Item(std::move(item));
}

}  // namespace

TEST_CASE("items become lines, which are in the file after flush()") {
  Folder folder;
  auto feed = openFeed(folder.file(), OutputFile::Mode::Overwrite);
  feed->write(line("a"));
  feed->write(line("b\nc"));
  CHECK(feed->written() == 0);
  feed->flush();
  CHECK(feed->written() == 2);
  CHECK(folder.content() == "{\"text\":\"a\"}\n{\"text\":\"b\\nc\"}\n");
  feed->close();
}

TEST_CASE("append keeps what is there, overwrite does not") {
  Folder folder;
  for (auto mode : {OutputFile::Mode::Overwrite, OutputFile::Mode::Append}) {
    auto feed = openFeed(folder.file(), mode);
    feed->write(line("x"));
    feed->close();
  }
  CHECK(folder.content() == "{\"text\":\"x\"}\n{\"text\":\"x\"}\n");
  openFeed(folder.file(), OutputFile::Mode::Overwrite)->close();
  CHECK(folder.content().empty());
}

TEST_CASE("a file that cannot be opened says so at once, with the system's reason") {
  try {
    openFeed("/nonexistent/folder/x.jsonl", OutputFile::Mode::Append);
    FAIL("opened");
  } catch (const FeedError& error) {
    CHECK(std::string(error.what()) == "cannot write to /nonexistent/folder/x.jsonl: No such file or directory");
    CHECK(error.path == "/nonexistent/folder/x.jsonl");
  }
}

TEST_CASE("an unknown format is refused before anything is opened") {
  CHECK_THROWS_AS(openFeed("items.pickle", OutputFile::Mode::Append), SettingError);
  CHECK_THROWS_AS(openFeed("items:jsonlinse", OutputFile::Mode::Append), SettingError);
  CHECK_THROWS_AS(openFeed("", OutputFile::Mode::Append), SettingError);
}

TEST_CASE("a full disk is an error, not a silence") {
  auto feed = openFeed("/dev/full", OutputFile::Mode::Append);
  feed->write(line("x"));
  CHECK_THROWS_AS(feed->flush(), FeedError);
}

TEST_CASE("when the disk fills up inside a line, the file ends with the last whole one") {
  Folder folder;
  auto feed = openFeed(folder.file(), OutputFile::Mode::Overwrite);
  // A limit on the file's size fails as a full disk does: the write that crosses it is cut short, the next one fails.
  rlimit before{};
  getrlimit(RLIMIT_FSIZE, &before);
  const rlimit limit{1000, before.rlim_max};
  const auto handler = std::signal(SIGXFSZ, SIG_IGN);
  setrlimit(RLIMIT_FSIZE, &limit);
  for (int i = 0; i < 100; ++i) feed->write(line("line " + std::to_string(i)));
  CHECK_THROWS_AS(feed->flush(), FeedError);
  setrlimit(RLIMIT_FSIZE, &before);
  std::signal(SIGXFSZ, handler);
  const std::string content = folder.content();
  CHECK(content.size() > 900);
  CHECK(content.size() <= 1000);
  CHECK(content.back() == '\n');
  CHECK(feed->written() == static_cast<std::uint64_t>(std::count(content.begin(), content.end(), '\n')));
}
