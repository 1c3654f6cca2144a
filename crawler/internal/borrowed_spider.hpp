// BorrowedSpider: crawls as another spider would, but chooses its pages itself. What `weft parse`, `check`, `view` and `shell` are made of.
#pragma once

#include <weft/crawler/internal/crawl_program.hpp>
#include <weft/crawler/spider.hpp>

#include <map>
#include <string>
#include <utility>

namespace weft::crawler {

/// Everything about the fetching is the inner spider's: settings, middlewares, extensions, statuses. Its callbacks run on it, and may fetch(). It must live longer.
class BorrowedSpider : public Spider, private Spider::Fetcher {
 public:
  explicit BorrowedSpider(Spider& inner) : Spider(inner.name), inner_(inner) {
    customSettings = inner.customSettings;
    downloaderMiddlewares = inner.downloaderMiddlewares;
    extensions = inner.extensions;
    spiderMiddlewares = inner.spiderMiddlewares;
    pipelines = inner.pipelines;
    handleHttpstatusAll = inner.handleHttpstatusAll;
    handleHttpstatusList = inner.handleHttpstatusList;
    inner_.setFetcher(this);
  }
  ~BorrowedSpider() override { inner_.setFetcher(nullptr); }

  void setArguments(std::map<std::string, std::string> arguments) override { inner_.setArguments(std::move(arguments)); }

 protected:
  Spider& inner() noexcept { return inner_; }
  const Spider& inner() const noexcept { return inner_; }

 private:
  Deferred<Response> fetchNow(Request request) override { return fetch(std::move(request)); }

  Spider& inner_;
};

/// Runs it on this thread, without a job, a status line, a summary or a limit that would end it early. Gives runCrawl()'s exit code.
int runBorrowed(BorrowedSpider& spider, CrawlOptions options);

}  // namespace weft::crawler
