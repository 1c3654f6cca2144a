// FilesPipeline on a server in memory, in virtual time; only the disk is real.
#include <weft/core/manual_clock.hpp>
#include <weft/crawler/dynamic_item.hpp>
#include <weft/crawler/engine.hpp>
#include <weft/crawler/frontier/memory_frontier.hpp>
#include <weft/crawler/http_downloader.hpp>
#include <weft/crawler/json.hpp>
#include <weft/crawler/pipelines/files_pipeline.hpp>
#include <weft/crawler/politeness/polite_downloader.hpp>
#include <weft/defer/testing.hpp>
#include <weft/http/server/site.hpp>
#include <weft/net/digest.hpp>
#include <weft/net/testing/memory_network.hpp>

#include "support/file_size_limit.hpp"
#include "support/temporary_folder.hpp"

#include <doctest/doctest.h>

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <map>
#include <string>
#include <vector>

using namespace weft;
using namespace weft::crawler;
using test::TemporaryFolder;

namespace {

struct Book {
  std::string title;
  std::vector<std::string> file_urls;
  std::vector<DownloadedFile> files;
};
WEFT_ITEM(Book, title, file_urls, files)

Item book(std::string title, std::vector<std::string> urls) {
  Book book;
  book.title = std::move(title);
  book.file_urls = std::move(urls);
  return Item(std::move(book));
}

class Books : public Spider {
 public:
  Books() : Spider("books") {}
  std::vector<std::function<Item()>> start, page;      // what it finds at the start, and on the only page, if there is one
  Results startRequests() override {
    for (const auto& make : start) co_yield make();
    if (page.empty()) co_return;
    Request request("http://shop.test/list", &Books::parse);
    co_yield std::move(request);
  }
  Results parse(Response) override {
    for (const auto& make : page) co_yield make();
  }
};

struct Shop {
  ManualClock clock;
  net::MemoryNetwork network{clock, 7};
  TemporaryFolder folder;
  Settings settings;
  std::map<std::string, std::function<http::Response()>> pages;      // by path
  std::vector<std::string> asked;
  std::vector<double> arrivals;
  std::vector<Item> items;
  std::shared_ptr<FilesPipeline> pipeline = std::make_shared<FilesPipeline>();
  Stats stats;
  LogCapture log;
  Failure startFailure{std::exception_ptr()};
  std::shared_ptr<http::Site> site = std::make_shared<http::Site>([this](http::Request request) -> Deferred<http::Response> {
    if (request.url.path() == "/robots.txt") return succeed(http::Response(200, "User-agent: *\nDisallow: /secret", "text/plain"));
    asked.emplace_back(request.url.path());
    arrivals.push_back(clock.seconds());
    const auto found = pages.find(std::string(request.url.path()));
    return succeed(found == pages.end() ? http::Response(404, "no") : found->second());
  });
  std::unique_ptr<net::Port> port;

  Shop() {
    network.addHost("shop.test");
    port = network.listen(80, site);
    settings.filesStore = folder / "store";
    settings.logstatsInterval = 0;
    file("/list", "page");
  }
  void file(const std::string& path, const std::string& body) {
    pages[path] = [body] { return http::Response(200, body, "application/octet-stream"); };
  }
  struct Items final : Feed {
    explicit Items(std::vector<std::string>& texts) : texts(texts) {}
    void write(const Item& item) override { texts.push_back(toJson(item)); }
    void flush() override {}
    void close() override {}
    std::string_view name() const noexcept override { return "memory"; }
    std::uint64_t written() const noexcept override { return texts.size(); }
    std::vector<std::string>& texts;
  };
  // The items as they were written.
  std::vector<std::string> crawl(Books& spider, std::function<void(Engine&, Deferred<>&)> meanwhile = {}) {
    std::vector<std::string> texts;
    spider.pipelines = {pipeline};
    Politeness politeness(settings, clock);
    HttpDownloader http(network, settings);
    PoliteDownloader downloader(http, politeness);
    MemoryFrontier frontier(settings, politeness);
    Engine engine(spider, settings, clock, downloader, frontier);
    engine.addFeed(std::make_unique<Items>(texts));
    auto running = engine.run();
    if (meanwhile) meanwhile(engine, running);
    else clock.play(3600);
    successResultOf(running);
    startFailure = engine.startFailure();
    stats = engine.stats();
    downloader.close();
    return texts;
  }
  std::string crawlOne(std::vector<std::string> urls) {
    Books spider;
    spider.start = {[urls] { return book("b", urls); }};
    const auto texts = crawl(spider);
    REQUIRE(texts.size() == 1);
    return texts[0];
  }
  std::string content(const std::string& path) const {
    std::ifstream in(settings.filesStore + "/" + path, std::ios::binary);
    return std::string(std::istreambuf_iterator<char>(in), {});
  }
  std::size_t stored() const {
    std::size_t count = 0;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(settings.filesStore)) count += entry.is_regular_file();
    return count;
  }
};

std::string pathOf(const std::string& url, const std::string& extension) { return "full/" + net::hexDigest(net::DigestKind::Sha1, url) + extension; }

const std::string kOne = "http://shop.test/one.jpg", kTwo = "http://shop.test/two.tar.gz?size=1";

}  // namespace

TEST_CASE("the files of an item are stored, and the item says where, in the order of its URLs") {
  Shop shop;
  shop.file("/one.jpg", "cover one");
  shop.file("/two.tar.gz", "archive two");
  const std::string onePath = pathOf(kOne, ".jpg"), twoPath = pathOf(kTwo, ".gz");
  CHECK(shop.crawlOne({kTwo, kOne}) ==
        R"({"title":"b","file_urls":[")" + kTwo + R"(",")" + kOne + R"("],"files":[{"url":")" + kTwo + R"(","path":")" + twoPath + R"(","checksum":")" +
            net::hexDigest(net::DigestKind::Md5, "archive two") + R"(","status":"downloaded","error":""},{"url":")" + kOne + R"(","path":")" + onePath + R"(","checksum":")" +
            net::hexDigest(net::DigestKind::Md5, "cover one") + R"(","status":"downloaded","error":""}]})");
  CHECK(shop.content(onePath) == "cover one");
  CHECK(shop.content(twoPath) == "archive two");
  CHECK(shop.stored() == 2);
  CHECK(shop.stats.getValue("file_count") == 2);
  CHECK(shop.stats.getValue("file_status_count/downloaded") == 2);
  CHECK(shop.stats.getValue("file_bytes") == 20);
}

TEST_CASE("a dict gets its entries as well; items without file URLs are let through, and fields may have other names") {
  Shop shop;
  shop.settings.filesUrlsField = "covers";
  shop.settings.filesResultField = "stored";
  shop.file("/one.jpg", "1");
  Books spider;
  spider.start = {[] {
                    DynamicItem item;
                    item["covers"] = kOne;
                    return Item(item);
                  },
                  [] { return book("plain", {kOne}); }};
  const auto texts = shop.crawl(spider);
  REQUIRE(texts.size() == 2);
  CHECK(texts[0] == R"({"covers":")" + kOne + R"(","stored":[{"url":")" + kOne + R"(","path":")" + pathOf(kOne, ".jpg") + R"(","checksum":"c4ca4238a0b923820dcc509a6f75849b","status":"downloaded"}]})");
  CHECK(texts[1] == R"({"title":"plain","file_urls":[")" + kOne + R"("],"files":[]})");
}

TEST_CASE("what is there is not downloaded again, until it is too old") {
  Shop shop;
  shop.file("/one.jpg", "first");
  shop.crawlOne({kOne});
  shop.file("/one.jpg", "second");
  CHECK(shop.crawlOne({kOne}).find(R"("status":"uptodate")") != std::string::npos);
  CHECK(shop.asked.size() == 1);
  CHECK(shop.content(pathOf(kOne, ".jpg")) == "first");
  const std::string place = shop.settings.filesStore + "/" + pathOf(kOne, ".jpg");
  timespec times[2]{};
  times[1].tv_sec = times[0].tv_sec = ::time(nullptr) - 91 * 86400;
  REQUIRE(::utimensat(AT_FDCWD, place.c_str(), times, 0) == 0);
  const std::string text = shop.crawlOne({kOne});
  CHECK(text.find(R"("status":"downloaded")") != std::string::npos);
  CHECK(text.find(net::hexDigest(net::DigestKind::Md5, "second")) != std::string::npos);
  CHECK(shop.content(pathOf(kOne, ".jpg")) == "second");
}

TEST_CASE("a file that a hundred items want is downloaded once") {
  Shop shop;
  shop.file("/one.jpg", "1");
  Books spider;
  for (int i = 0; i < 100; ++i) spider.page.push_back([] { return book("b", {kOne, kOne}); });
  for (int i = 0; i < 3; ++i) spider.start.push_back([] { return book("b", {kOne}); });
  CHECK(shop.crawl(spider).size() == 103);
  CHECK(std::count(shop.asked.begin(), shop.asked.end(), "/one.jpg") == 1);
  CHECK(shop.stats.getValue("file_count") == 203);
}

TEST_CASE("a file that cannot be had costs no item, which says why") {
  Shop shop;
  shop.settings.filesMaxsize = 1000;
  shop.file("/empty", "");
  shop.file("/long", std::string(1001, 'x'));
  shop.file("/secret", "s");
  const std::string text = shop.crawlOne({"http://shop.test/gone.jpg", "http://shop.test/empty", "http://shop.test/long", "http://shop.test/secret", "no url", "ftp://shop.test/x", "http://nowhere.test/x"});
  for (const char* error : {R"(gone.jpg","path":"","checksum":"","status":"failed","error":"status 404")", R"("error":"the answer is empty")", "1000 bytes", R"("error":"forbidden by robots.txt")",
                            R"("url":"no url","path":"","checksum":"","status":"failed","error":"it is no URL of http or https")", R"("url":"ftp://shop.test/x")", "nowhere.test"}) {
    CAPTURE(error);
    CHECK(text.find(error) != std::string::npos);
  }
  CHECK(shop.stored() == 0);
  CHECK(shop.stats.getValue("file_status_count/failed") == 7);
  CHECK(shop.stats.getValue("file_count") == 0);
  CHECK(shop.stats.getValue("item_scraped_count") == 1);
  CHECK(shop.log.contains("No file of http://shop.test/gone.jpg: status 404"));
}

TEST_CASE("no URL and no name of a user's own leads out of the folder") {
  class Named : public FilesPipeline {
   public:
    std::string filePath(const http::Url& url, const Item&) const override { return std::string(url.query()); }
  };
  Shop shop;
  shop.pipeline = std::make_shared<Named>();
  shop.file("/f", "f");
  const std::vector<std::string> bad{"../f", "/etc/f", "a/../../f", "a//f", "a/", ".", "", "a/./f", std::string(201, 'n')};
  std::vector<std::string> urls;
  for (const std::string& path : bad) urls.push_back("http://shop.test/f?" + path);
  urls.push_back("http://shop.test/f?covers/a%2F..%2Fb.jpg");
  const std::string text = shop.crawlOne(urls);
  CHECK(shop.stats.getValue("file_status_count/failed") == static_cast<std::int64_t>(bad.size()));
  CHECK(text.find("below FILES_STORE has an empty part, or one that is . or ..") != std::string::npos);
  CHECK(shop.stored() == 1);
  CHECK(shop.content("covers/a%2F..%2Fb.jpg") == "f");
  CHECK(pathOf("http://shop.test/a.jp/../x.%2e%2e", "") == "full/" + net::hexDigest(net::DigestKind::Sha1, "http://shop.test/a.jp/../x.%2e%2e"));
}

TEST_CASE("redirects of files are followed only if that is wanted") {
  Shop shop;
  shop.file("/target", "found");
  shop.pages["/moved.jpg"] = [] { return http::Response(302, "moved").setHeader("Location", "/target"); };
  CHECK(shop.crawlOne({"http://shop.test/moved.jpg"}).find(R"("error":"status 302")") != std::string::npos);
  shop.settings.mediaAllowRedirects = true;
  CHECK(shop.crawlOne({"http://shop.test/moved.jpg"}).find(R"("status":"downloaded")") != std::string::npos);
  CHECK(shop.content(pathOf("http://shop.test/moved.jpg", ".jpg")) == "found");
}

TEST_CASE("files are asked for as politely as pages, and tried again") {
  Shop shop;
  shop.settings.downloadDelay = 10;
  shop.settings.randomizeDownloadDelay = false;
  shop.settings.concurrentRequestsPerDomain = 1;       // the page holds it while its files are fetched
  int tries = 0;
  shop.pages["/one.jpg"] = [&tries] { return ++tries < 3 ? http::Response(503, "busy") : http::Response(200, "at last"); };
  shop.file("/two.tar.gz", "2");
  Books spider;
  spider.page = {[] { return book("b", {kOne, kTwo}); }};
  const auto texts = shop.crawl(spider);
  REQUIRE(texts.size() == 1);
  CHECK(texts[0].find("failed") == std::string::npos);
  CHECK(shop.stats.getValue("retry/count") == 2);
  REQUIRE(shop.arrivals.size() == 5);
  for (std::size_t i = 1; i < shop.arrivals.size(); ++i) CHECK(shop.arrivals[i] - shop.arrivals[i - 1] >= 10);
}

TEST_CASE("a file beyond DOWNLOAD_MAXSIZE is stored, as it goes to the disk piece by piece") {
  Shop shop;
  shop.settings.downloadMaxsize = 100'000;
  const std::string body(2'000'000, 'y');
  shop.file("/big.bin", body);
  CHECK(shop.crawlOne({"http://shop.test/big.bin"}).find(net::hexDigest(net::DigestKind::Md5, body)) != std::string::npos);
  CHECK(shop.stats.getValue("downloader/response_bytes") < 1000);
}

TEST_CASE("on a full disk files fail with the reason, and nothing half is left") {
  Shop shop;
  shop.file("/big.bin", std::string(200'000, 'y'));
  shop.file("/small.bin", "small");
  std::string text;
  {
    const test::FileSizeLimit limit(50'000);
    text = shop.crawlOne({"http://shop.test/big.bin", "http://shop.test/small.bin"});
  }
  CHECK(text.find(R"("status":"failed","error":"writing )") != std::string::npos);
  CHECK(text.find(R"("status":"downloaded")") != std::string::npos);
  CHECK(shop.stored() == 1);
}

TEST_CASE("without FILES_STORE the pipeline says that it does nothing; one that cannot be made ends the crawl at its start") {
  Shop shop;
  shop.file("/one.jpg", "1");
  Books spider;
  spider.start = {[] { return book("b", {kOne}); }};
  const std::string file = shop.folder / "file";
  std::ofstream(file) << "x";
  SUBCASE("none") {
    shop.settings.filesStore.clear();
    CHECK(shop.crawl(spider).size() == 1);
    CHECK(shop.log.contains("FilesPipeline does nothing: FILES_STORE names no folder"));
  }
  SUBCASE("one that cannot be made") {
    shop.settings.filesStore = file + "/store";
    CHECK(shop.crawl(spider).empty());
    REQUIRE(shop.startFailure.exception());
    CHECK(shop.startFailure.getErrorMessage().find(file + "/store") != std::string::npos);
  }
  CHECK(shop.asked.empty());
}

TEST_CASE("a crawl that is aborted leaves no half file") {
  Shop shop;
  shop.settings.downloadDelay = 100;
  shop.file("/one.jpg", std::string(100'000, 'x'));
  shop.file("/two.tar.gz", "2");
  Books spider;
  spider.start = {[] { return book("b", {kOne, kTwo}); }};
  const auto texts = shop.crawl(spider, [&shop](Engine& engine, Deferred<>& running) {
    shop.clock.play(1);
    CHECK(shop.asked.size() == 1);                     // the other one waits for its turn
    engine.abort();
    running.cancel();
  });
  CHECK(texts.empty());
  CHECK(shop.stored() == 1);
}
