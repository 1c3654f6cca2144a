#include <weft/crawler/internal/parse_program.hpp>

#include <weft/core/internal/suggest.hpp>
#include <weft/core/log.hpp>
#include <weft/crawler/internal/borrowed_spider.hpp>
#include <weft/crawler/json.hpp>

#include <cstdio>
#include <cstdint>
#include <utility>
#include <vector>

namespace weft::crawler {

namespace {

void print(std::string_view kind, std::string_view text) {
  std::string line(kind);
  line.append(kind.size() < 9 ? 9 - kind.size() : 1, ' ');
  weft::detail::appendEscaped(line, text);             // a page must not steer the terminal
  line += '\n';
  std::fwrite(line.data(), 1, line.size(), stdout);
}

// A spider of one request.
class OnePage final : public BorrowedSpider {
 public:
  OnePage(Spider& inner, const ParseOptions& options, Callback callback) : BorrowedSpider(inner), options_(options), callback_(callback) { startUrls = {options.url}; }

  bool called() const noexcept { return called_; }
  const std::string& problem() const noexcept { return problem_; }

  Results startRequests() override {
    Request request(options_.url, &OnePage::page);
    request.setErrback(&OnePage::failed);
    co_yield std::move(request);
  }

  Results page(Response response) {
    called_ = true;
    print("page", std::to_string(response.status) + " " + response.url.href());
    Results results = callback_ ? callback_(inner(), std::move(response)) : inner().parse(std::move(response));
    while (auto result = co_await results.next()) {
      if (result->isItem()) {
        ++items_;
        if (options_.items) print("item", toJson(result->item()));
      } else {
        ++requests_;
        if (options_.requests) print("request", describe(result->request()));
      }
    }
    print("in all", std::to_string(items_) + (items_ == 1 ? " item, " : " items, ") + std::to_string(requests_) + (requests_ == 1 ? " request" : " requests"));
  }

  Results failed(Failure failure, Request) {
    problem_ = failure.getErrorMessage();
    co_return;
  }

 private:
  std::string describe(const Request& request) const {
    std::string text(request.method());
    text += ' ' + request.url.href();
    std::string callback = !request.callback || request.callback == Callback(&Spider::parse) ? "parse" : "unnamed";
    for (const auto& [name, known] : inner().callbacks)
      if (known == request.callback) callback = name;
    if (callback != "parse") text += "  callback " + callback;
    if (request.priority) text += "  priority " + std::to_string(request.priority);
    for (const auto& [key, value] : request.allMeta()) text += "  " + key + '=' + value;
    for (const auto& [name, value] : request.allCbKwargs()) text += "  " + name + '=' + value;
    return text;
  }

  const ParseOptions& options_;
  const Callback callback_;
  std::uint64_t items_ = 0, requests_ = 0;
  bool called_ = false;
  std::string problem_;
};

}  // namespace

int parsePage(Spider& spider, const ParseOptions& options, CrawlOptions crawlOptions) {
  if (const auto url = http::Url::tryParse(options.url); !url || !url->isHttp()) {
    return complain("\"" + options.url + "\" is no URL that can be fetched: it must be one of http or https", kUsage);
  }
  Callback callback;
  if (!options.callback.empty() && options.callback != "parse") {
    const auto found = spider.callbacks.find(options.callback);
    if (found == spider.callbacks.end()) {
      std::vector<std::string_view> known{"parse"};
      for (const auto& [name, method] : spider.callbacks) known.push_back(name);
      return complain("the spider " + spider.name + " names no callback " + options.callback + suggestion(options.callback, known) + " (Spider::callbacks names them)", kUsage);
    }
    callback = found->second;
  }
  OnePage page(spider, options, callback);
  crawlOptions.target = options.url;
  const int code = runBorrowed(page, crawlOptions);
  if (std::fflush(stdout) != 0) return complain("cannot write to the standard output", kStopped);
  if (code == kComplete && !page.called()) return complain("the page did not reach the callback: " + (page.problem().empty() ? "it was dropped" : page.problem()), kNothingFetched);
  return code;
}

}  // namespace weft::crawler
