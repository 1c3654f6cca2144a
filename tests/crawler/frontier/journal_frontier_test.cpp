#include <weft/crawler/frontier/journal_frontier.hpp>

#include <weft/core/log.hpp>
#include <weft/core/manual_clock.hpp>
#include <weft/crawler/politeness/politeness.hpp>
#include <weft/crawler/spider.hpp>
#include <weft/defer/testing.hpp>

#include <doctest/doctest.h>

#include <sys/resource.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <limits>
#include <memory>
#include <optional>
#include <sstream>
#include <string>
#include <vector>

using namespace weft;
using namespace weft::crawler;
namespace fs = std::filesystem;

namespace {

class PlainSpider : public Spider {
 public:
  explicit PlainSpider(std::string name = "plain") : Spider(std::move(name)) {}
  Results other(Response) { co_return; }
  Results failed(Failure, Request) { co_return; }
};

std::string contentOf(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

// A folder of its own for each test.
struct Folder {
  Folder() {
    std::string name = (fs::temp_directory_path() / "weft-job-XXXXXX").string();
    REQUIRE(::mkdtemp(name.data()) != nullptr);
    path = name;
  }
  ~Folder() { fs::remove_all(path); }
  std::string job() const { return (path / "job").string(); }
  std::string feed() const { return (path / "feed.jsonl").string(); }
  fs::path path;
};

// One run of a job, journal and all, in virtual time. Dropped without a word, as by kill -9.
struct Run {
  explicit Run(const Folder& folder, std::unique_ptr<PlainSpider> its = std::make_unique<PlainSpider>()) : spider(std::move(its)) {
    frontier = std::make_unique<JournalFrontier>(folder.job(), *spider, settings, politeness, clock);
  }
  std::string nextUrl() {
    auto next = frontier->next();
    clock.play(0.1);
    lease = successResultOf(next);
    return lease ? lease->request->url.href() : "none";
  }
  Deferred<std::size_t> begin(Fate fate, std::vector<std::string> children, std::string lines = "") {
    std::vector<Request> requests;
    for (const std::string& url : children) requests.emplace_back(url);
    Output output;
    if (!lines.empty()) output.feeds.emplace_back(0, std::move(lines), 1);
    output.cause = "it is gone";
    return frontier->commit(std::move(*lease), fate, std::move(requests), std::move(output));
  }
  std::size_t commit(Fate fate, std::vector<std::string> children, std::string lines = "") {
    auto committing = begin(fate, std::move(children), std::move(lines));
    clock.play(0.1);
    return successResultOf(committing);
  }
  void start(std::vector<std::string> urls) {
    std::vector<Request> requests;
    for (const std::string& url : urls) requests.emplace_back(url);
    auto adding = frontier->add(std::move(requests));
    clock.play(0.1);
    successResultOf(adding);
  }

  ManualClock clock;
  Settings settings;
  LogCapture log;
  Politeness politeness{settings, clock};
  std::unique_ptr<PlainSpider> spider;
  std::unique_ptr<JournalFrontier> frontier;
  std::optional<Lease> lease;
};

template <class E> std::string problemOf(const Folder& folder, std::unique_ptr<PlainSpider> spider = std::make_unique<PlainSpider>()) {
  try {
    Run run(folder, std::move(spider));
  } catch (const E& error) {
    return error.what();
  }
  return "no error";
}

}  // namespace

TEST_CASE("what was committed is there again, what was leased waits again, and what was seen stays seen") {
  Folder folder;
  {
    Run run(folder);
    CHECK_FALSE(run.frontier->resumed());
    run.start({"http://a/1", "http://a/2"});
    CHECK(run.nextUrl() == "http://a/1");
    CHECK(run.commit(Fate::Done, {"http://a/3", "http://a/2"}) == 1);
    CHECK(run.nextUrl() == "http://a/2");
    CHECK(run.commit(Fate::Failed, {}) == 0);
    CHECK(run.nextUrl() == "http://a/3");              // leased, and never committed
  }
  Run run(folder);
  CHECK(run.frontier->resumed());
  const FrontierCounts counts = run.frontier->counts();
  CHECK(counts.enqueued == 3);
  CHECK(counts.done == 1);
  CHECK(counts.failed == 1);
  CHECK(counts.pending == 1);
  CHECK(counts.filtered == 1);
  for (const char* url : {"http://a/1", "http://a/2", "http://a/3"}) CHECK(run.frontier->seen(http::Url(url)));
  CHECK(run.nextUrl() == "http://a/3");
  run.frontier->seeded();
  run.commit(Fate::Done, {});
  CHECK(run.nextUrl() == "none");
}

TEST_CASE("a request keeps all that it carries, and its retries, over a crash") {
  Folder folder;
  {
    Run run(folder);
    Request request("http://a/form", &PlainSpider::other);
    request.setMethod("POST").setBody("x=1").setHeader("X-Kind", "test").setMeta("page", "7").setErrback(&PlainSpider::failed).setPriority(-3).setDontFilter();
    request.depth = 4;
    std::vector<Request> requests;
    requests.push_back(request);
    auto adding = run.frontier->add(std::move(requests));
    run.clock.play(0.1);
    successResultOf(adding);
    run.nextUrl();
    run.lease->request->retryTimes = 2;
    run.commit(Fate::Retry, {});
  }
  Run run(folder);
  CHECK(run.nextUrl() == "http://a/form");
  const Request& request = *run.lease->request;
  CHECK(request.callback == Callback(&PlainSpider::other));
  CHECK(request.errback() == Errback(&PlainSpider::failed));
  CHECK(request.method() == "POST");
  CHECK(request.body() == "x=1");
  CHECK(*request.headers().get("X-Kind") == "test");
  CHECK(request.meta("page") == "7");
  CHECK(request.priority == -3);
  CHECK(request.depth == 4);
  CHECK(request.retryTimes == 2);
  CHECK(request.dontFilter);
}

TEST_CASE("a feed is cut back to what was committed, and one that was changed is refused") {
  Folder folder;
  std::ofstream(folder.feed()) << "before\n";
  {
    Run run(folder);
    run.frontier->openFeeds({folder.feed()});
    run.start({"http://a/1", "http://a/2"});
    run.nextUrl();
    run.commit(Fate::Done, {}, "one\n");
  }
  std::ofstream(folder.feed(), std::ios::app) << "written, but not comm";
  {
    Run run(folder);
    CHECK(run.frontier->knowsFeed(folder.feed()));
    run.frontier->openFeeds({folder.feed()});
    CHECK(contentOf(folder.feed()) == "before\none\n");
    run.nextUrl();
    run.commit(Fate::Done, {}, "two\n");
    CHECK(contentOf(folder.feed()) == "before\none\ntwo\n");
  }
  fs::resize_file(folder.feed(), 3);
  Run run(folder);
  CHECK_THROWS_WITH_AS(run.frontier->openFeeds({folder.feed()}), doctest::Contains("holds 3 bytes, and the job in"), JournalError);
}

TEST_CASE("a job folder belongs to one process, one spider and one version, and damage is found") {
  Folder folder;
  {
    Run run(folder);
    run.start({"http://a/1"});
    CHECK(problemOf<JobInUse>(folder).find("is in use by process " + std::to_string(::getpid())) != std::string::npos);
  }
  CHECK(problemOf<JournalError>(folder, std::make_unique<PlainSpider>("another")).find("is of the spider \"plain\", not of \"another\"") != std::string::npos);
  const fs::path file = folder.path / "job" / "journal.db";
  std::string bytes = contentOf(file);
  {
    std::string other = bytes;
    other[63] = 9;                                     // user_version, in SQLite's header
    std::ofstream(file, std::ios::binary) << other;
    CHECK(problemOf<JournalError>(folder).find("is of version 9, and this weft reads versions 1 to 2") != std::string::npos);
    other[63] = 1;
    std::ofstream(file, std::ios::binary) << other;
    CHECK(Run(folder).frontier->resumed());            // an older one is gone on with, as one of today
    CHECK(contentOf(file)[63] == 2);
  }
  {
    std::ofstream(file, std::ios::binary) << bytes.substr(0, 100) << std::string(bytes.size() - 100, '\x5A');
    CHECK(problemOf<JournalDamaged>(folder).find("is damaged") != std::string::npos);
  }
  std::ofstream(file, std::ios::binary) << "this is no database, but it is long enough to have a header of one hundred bytes, as every database of SQLite has it, and some more";
  CHECK(problemOf<JournalDamaged>(folder).find("restore the folder from a copy, or remove it and begin the job anew") != std::string::npos);
}

TEST_CASE("on a full disk commits wait, and go on when there is room") {
  Folder folder;
  Run run(folder);
  run.frontier->openFeeds({folder.feed()});
  run.start({"http://a/1", "http://a/2"});
  run.nextUrl();
  rlimit before{};
  REQUIRE(::getrlimit(RLIMIT_FSIZE, &before) == 0);
  const auto handler = std::signal(SIGXFSZ, SIG_IGN);
  rlimit small = before;
  small.rlim_cur = 200'000;
  REQUIRE(::setrlimit(RLIMIT_FSIZE, &small) == 0);
  auto committing = run.begin(Fate::Done, {"http://a/3"}, std::string(300'000, 'x') + "\n");
  run.clock.play(30);
  const bool waited = !committing.called();
  const bool said = run.log.contains("no room left on the disk for");
  const bool cutBack = contentOf(folder.feed()).empty();
  ::setrlimit(RLIMIT_FSIZE, &before);
  std::signal(SIGXFSZ, handler);
  CHECK(waited);
  CHECK(said);
  CHECK(cutBack);                                      // no torn line meanwhile
  run.clock.play(2);
  CHECK(successResultOf(committing) == 1);
  CHECK(contentOf(folder.feed()).size() == 300'001);
  CHECK(run.log.contains("There is room again"));
}

TEST_CASE("a crawl that is stopped on a full disk fails whole, and loses nothing") {
  Folder folder;
  {
    Run run(folder);
    run.frontier->openFeeds({"/dev/full"});
    run.start({"http://a/1", "http://a/2"});
    run.nextUrl();
    auto committing = run.begin(Fate::Done, {"http://a/3"}, "line\n");
    run.clock.play(5);
    assertNoResult(committing);
    run.frontier->close();
    CHECK(failureResultOf<JournalError>(committing).getErrorMessage().find("/dev/full") != std::string::npos);
    CHECK(run.frontier->counts().pending == 2);
    CHECK(run.frontier->counts().done == 0);
  }
  Run run(folder);
  CHECK(run.frontier->counts().pending == 2);
  CHECK_FALSE(run.frontier->seen(http::Url("http://a/3")));
}

TEST_CASE("start requests that were taken in are not taken again") {
  Folder folder;
  {
    Run run(folder);
    std::vector<Request> requests;
    requests.emplace_back("http://a/1");
    Output output;
    output.starts = 1;
    auto adding = run.frontier->add(std::move(requests), std::move(output));
    run.clock.play(0.1);
    successResultOf(adding);
  }
  {
    Run run(folder);
    CHECK(run.frontier->startsTaken() == 1);
    run.frontier->seeded();
    run.clock.play(0.1);
  }
  Run run(folder);
  CHECK(run.frontier->startsTaken() == std::numeric_limits<std::uint64_t>::max());
}

TEST_CASE("a thousand groups, with sweeps between, leave exactly what is pending") {
  Folder folder;
  {
    Run run(folder);
    run.start({"http://a/0"});
    for (int i = 0; i < 3000; ++i) {
      run.nextUrl();
      run.commit(Fate::Done, {"http://a/" + std::to_string(2 * i + 1), "http://a/" + std::to_string(2 * i + 2)});
    }
  }
  Run run(folder);
  CHECK(run.frontier->counts().pending == 3001);
  CHECK(run.nextUrl() == "http://a/3000");
  CHECK(run.frontier->seen(http::Url("http://a/6000")));
}
