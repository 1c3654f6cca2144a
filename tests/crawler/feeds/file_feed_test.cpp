// Feeds as files: compressed, appended to, on a full disk, and of a job that is stopped, killed and resumed.

#include <weft/core/manual_clock.hpp>
#include <weft/crawler/engine.hpp>
#include <weft/crawler/frontier/journal_frontier.hpp>
#include <weft/crawler/politeness/politeness.hpp>
#include <weft/crawler/settings.hpp>
#include <weft/defer/testing.hpp>

#include "support/file_size_limit.hpp"
#include "support/temporary_folder.hpp"

#include <doctest/doctest.h>

#include <zlib.h>
#include <zstd.h>

#include <fstream>
#include <iterator>
#include <string>
#include <vector>

using namespace weft;
using namespace weft::crawler;
using test::TemporaryFolder;

namespace {

struct Number {
  int number = 0;
  std::string text;
};
WEFT_ITEM(Number, number, text)

Item number(int n) {
  Number item;
  item.number = n;
  item.text = "line one,\nline " + std::to_string(n);
  return Item(std::move(item));
}

std::string raw(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return std::string(std::istreambuf_iterator<char>(in), {});
}

// As gzip -d and zstd -d read it.
std::string content(const std::string& path) {
  std::string text;
  char block[4096];
  if (path.ends_with(".gz")) {
    gzFile file = gzopen(path.c_str(), "rb");
    REQUIRE(file);
    int count;
    while ((count = gzread(file, block, sizeof block)) > 0) text.append(block, static_cast<std::size_t>(count));
    CHECK(count == 0);
    int code = 0;
    gzerror(file, &code);
    CHECK(code == Z_OK);
    gzclose(file);
    return text;
  }
  const std::string bytes = raw(path);
  if (!path.ends_with(".zst")) return bytes;
  ZSTD_DCtx* const context = ZSTD_createDCtx();
  ZSTD_inBuffer in{bytes.data(), bytes.size(), 0};
  std::size_t left = 0;
  while (in.pos < in.size) {
    ZSTD_outBuffer out{block, sizeof block, 0};
    left = ZSTD_decompressStream(context, &out, &in);
    REQUIRE_FALSE(ZSTD_isError(left));
    text.append(block, out.pos);
  }
  CHECK(left == 0);                                    // the last frame is whole
  ZSTD_freeDCtx(context);
  return text;
}

void write(const std::string& target, OutputFile::Mode mode, int from, int to, const FeedOptions& options = {}) {
  auto feed = openFeed(target, mode, options);
  for (int i = from; i < to; ++i) feed->write(number(i));
  feed->close();
  CHECK(feed->written() == static_cast<std::uint64_t>(to - from));
}

std::string expected(const TemporaryFolder& folder, const std::string& extension, int count) {
  const std::string path = folder / ("expected" + extension);
  write(path, OutputFile::Mode::Overwrite, 0, count);
  return content(path);
}

std::string refusal(const std::string& target, OutputFile::Mode mode, const FeedOptions& options = {}) {
  try {
    openFeed(target, mode, options);
  } catch (const SettingError& error) {
    return error.what();
  }
  return "opened";
}

// Pages 0 to 29, each with an item of its number and a link to the next two.
class NumbersSpider : public Spider {
 public:
  NumbersSpider() : Spider("numbers") {
    startUrls = {"http://a/0"};
    callbacks = {{"parse", &NumbersSpider::parse}};
  }
  Results parse(Response response) override {
    const int n = std::stoi(std::string(response.url.path().substr(1)));
    co_yield number(n);
    for (int next = n + 1; next < std::min(n + 3, 30); ++next) co_yield response.follow("/" + std::to_string(next), &NumbersSpider::parse);
  }
};

class PageDownloader final : public Downloader {
 public:
  explicit PageDownloader(Clock& clock) : clock_(clock) {}
  Deferred<Response> fetch(std::shared_ptr<const Request> request) override {
    Deferred<Response> deferred([] {});
    clock_.callLater(1, [request, trigger = deferred.takeTrigger()]() mutable {
      if (!trigger.active()) return;
      Response response(request->url, 200, {}, "");
      response.setRequest(request);
      trigger.callback(std::move(response));
    });
    return deferred;
  }

 private:
  Clock& clock_;
};

enum class End { Finish, Stop, Kill };

// One run of the job, as the command runs it.
void runJob(const TemporaryFolder& folder, const std::string& path, End end, const std::vector<std::string>& fields) {
  ManualClock clock;
  Settings settings;
  settings.logstatsInterval = 0;
  settings.concurrentRequests = 1;
  NumbersSpider spider;
  Politeness politeness(settings, clock, 1);
  PageDownloader downloader(clock);
  JournalFrontier frontier(folder / "job", spider, settings, politeness, clock);
  FeedOptions options;
  options.job = true;
  options.resumed = frontier.knowsFeed(path);
  options.fields = fields;
  auto feed = openFeed(path, options.resumed ? OutputFile::Mode::Append : OutputFile::Mode::Overwrite, options);
  std::vector<Packer> packers;
  packers.push_back(feed->packer());
  frontier.openFeeds({path}, std::move(packers));
  feed->hold();
  Engine engine(spider, settings, clock, downloader, frontier);
  engine.addFeed(std::move(feed));
  auto running = engine.run();
  if (end == End::Finish) {
    clock.playAll(1000);
  } else {
    clock.play(7.5);
    if (end == End::Stop) {
      engine.stop("shutdown");
      clock.playAll(100);
    } else {
      engine.abort();                                  // nothing more is committed: as dead as kill -9 makes it
      running.cancel();
    }
  }
  successResultOf(running);
}

}  // namespace

TEST_CASE("a last extension compresses, in pieces that read as one") {
  TemporaryFolder folder;
  for (const char* extension : {".jsonl", ".csv", ".json", ".xml"}) {
    const std::string plain = expected(folder, extension, 500);
    for (const char* coding : {".gz", ".zst"}) {
      const std::string path = folder / ("out" + std::string(extension) + coding);
      CAPTURE(path);
      auto feed = openFeed(path, OutputFile::Mode::Overwrite);
      for (int i = 0; i < 500; ++i) {
        feed->write(number(i));
        if (i % 100 == 0) feed->flush();
      }
      feed->close();
      CHECK(content(path) == plain);
      CHECK(raw(path).size() < plain.size() / 3);
    }
  }
  write(folder / "named.gz:csv", OutputFile::Mode::Overwrite, 0, 2);
  CHECK(content(folder / "named.gz") == expected(folder, ".csv", 2));
  write(folder / "plain.gz", OutputFile::Mode::Overwrite, 0, 2);
  CHECK(content(folder / "plain.gz") == expected(folder, ".jsonl", 2));
}

TEST_CASE("what can be appended to goes on where it stands; JSON and XML are refused, with the way out") {
  TemporaryFolder folder;
  for (const char* extension : {".jsonl", ".jsonl.gz", ".jl.zst", ".csv"}) {
    const std::string path = folder / ("out" + std::string(extension));
    write(path, OutputFile::Mode::Append, 0, 3);
    write(path, OutputFile::Mode::Append, 3, 5);
    CHECK(content(path) == expected(folder, extension, 5));
  }
  for (const char* extension : {".json", ".xml", ".json.gz"}) {
    const std::string path = folder / ("out" + std::string(extension));
    write(path, OutputFile::Mode::Append, 0, 3);       // there is nothing yet
    const std::string before = raw(path), message = refusal(path, OutputFile::Mode::Append);
    CHECK_MESSAGE(message.find("overwrite it with -O " + path) != std::string::npos, message);
    CHECK(raw(path) == before);
    write(path, OutputFile::Mode::Overwrite, 0, 2);
    CHECK(content(path) == expected(folder, extension, 2));
  }
  const std::string path = folder / "out.csv.gz";
  write(path, OutputFile::Mode::Append, 0, 3);
  CHECK(refusal(path, OutputFile::Mode::Append).find("FEED_EXPORT_FIELDS") != std::string::npos);
  FeedOptions named;
  named.fields = {"number", "text"};
  write(path, OutputFile::Mode::Append, 3, 5, named);
  CHECK(content(path) == expected(folder, ".csv", 5));
  FeedOptions job;
  job.job = true;
  CHECK(refusal(folder / "new.csv.zst", OutputFile::Mode::Overwrite, job).find("FEED_EXPORT_FIELDS") != std::string::npos);
}

TEST_CASE("on a full disk a feed ends with a whole item, also where an item has lines, and where it is compressed") {
  TemporaryFolder folder;
  for (const char* extension : {".csv", ".xml", ".json", ".jsonl.gz", ".csv.zst"}) {
    const std::string path = folder / ("out" + std::string(extension));
    CAPTURE(path);
    auto feed = openFeed(path, OutputFile::Mode::Overwrite);
    for (int i = 0; i < 3; ++i) feed->write(number(i));
    feed->flush();
    const test::FileSizeLimit full(700);
    CHECK_THROWS_AS(
        [&] {
          for (int i = 3; i < 4000; ++i) feed->write(number(i));
          feed->flush();
        }(),
        FeedError);
    const int whole = static_cast<int>(feed->written());
    CHECK(whole >= 3);
    CHECK(whole < 100);
    auto exporter = makeExporter(std::string_view(extension).substr(1, std::string_view(extension).find('.', 1) - 1));
    std::string text;
    for (int i = 0; i < whole; ++i) exporter->write(text, number(i), i == 0);
    CHECK(content(path) == text);
  }
}

TEST_CASE("a job that is stopped, killed and resumed leaves the feed that an unbroken crawl does, in every format") {
  for (const char* extension : {".jsonl", ".json", ".csv", ".xml", ".jsonl.gz", ".json.zst", ".xml.gz", ".csv.gz"}) {
    TemporaryFolder folder;
    const std::string path = folder / ("out" + std::string(extension));
    CAPTURE(path);
    std::vector<std::string> fields;
    if (std::string_view(extension) == ".csv.gz") fields = {"number", "text"};
    runJob(folder, path, End::Stop, fields);
    const std::string stopped = content(path);
    CHECK(stopped.size() > 100);
    CHECK(stopped.size() < 900);
    if (std::string_view(extension).starts_with(".json") && !std::string_view(extension).starts_with(".jsonl")) CHECK(stopped.ends_with("\n]\n"));
    runJob(folder, path, End::Kill, fields);
    std::ofstream(path, std::ios::app | std::ios::binary) << "torn";            // what was written and never committed
    runJob(folder, path, End::Kill, fields);
    runJob(folder, path, End::Finish, fields);
    CHECK(content(path) == expected(folder, extension, 30));
    runJob(folder, path, End::Finish, fields);                                  // nothing is left to do
    CHECK(content(path) == expected(folder, extension, 30));
  }
}
