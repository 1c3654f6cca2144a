#include <weft/crawler/internal/check_program.hpp>

#include <weft/core/internal/suggest.hpp>
#include <weft/core/log.hpp>
#include <weft/crawler/contract.hpp>
#include <weft/crawler/internal/borrowed_spider.hpp>
#include <weft/crawler/json.hpp>

#include <charconv>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <utility>
#include <vector>

namespace weft::crawler {

namespace {

constexpr const char* kNumber = "weft_contract";       // meta: which contract the request is for
constexpr std::size_t kMostItems = 5;                  // broken ones that are shown of a page

void printLine(const std::string& text) {
  std::string line;
  weft::detail::appendEscaped(line, text);             // a page must not steer the terminal
  line += '\n';
  std::fwrite(line.data(), 1, line.size(), stdout);
}

std::string counted(std::uint64_t number, const char* one) { return std::to_string(number) + " " + one + (number == 1 ? "" : "s"); }

bool within(const Contract::Count& count, std::uint64_t number) { return number >= count.least && (!count.most || number <= *count.most); }

// What came of a contract.
struct Verdict {
  std::uint64_t items = 0, requests = 0, brokenItems = 0;
  std::vector<std::string> problems;
  bool called = false;
};

class Checker final : public BorrowedSpider {
 public:
  explicit Checker(Spider& inner) : BorrowedSpider(inner), verdicts_(inner.contracts.size()) {}

  const std::vector<Verdict>& verdicts() const noexcept { return verdicts_; }

  Results startRequests() override {
    for (std::size_t i = 0; i < verdicts_.size(); ++i) {
      const Contract& contract = inner().contracts[i];
      Request request;
      if (!prepare(contract, i, request)) continue;
      co_yield std::move(request);
    }
  }

  Results page(Response response) {
    const std::size_t number = numberOf(response.request());
    const Contract& contract = inner().contracts[number];
    Verdict& verdict = verdicts_[number];
    verdict.called = true;
    std::string thrown;
    try {
      Results results = callbackOf(contract)(inner(), std::move(response));
      while (auto result = co_await results.next()) take(contract, verdict, *result);
    } catch (const std::exception& error) {
      thrown = error.what();
    }
    if (!thrown.empty()) verdict.problems.push_back("the callback failed: " + thrown);
    if (contract.items() && !within(*contract.items(), verdict.items)) verdict.problems.push_back(counted(verdict.items, "item") + " came; promised: " + describe(*contract.items(), "item"));
    if (contract.requests() && !within(*contract.requests(), verdict.requests)) verdict.problems.push_back(counted(verdict.requests, "request") + " came; promised: " + describe(*contract.requests(), "request"));
    if (verdict.brokenItems > kMostItems) verdict.problems.push_back("and " + counted(verdict.brokenItems - kMostItems, "more item") + " like these");
  }

  Results failed(Failure failure, Request request) {
    Verdict& verdict = verdicts_[numberOf(request)];
    verdict.called = true;
    verdict.problems.push_back("the page could not be fetched: " + failure.getErrorMessage());
    co_return;
  }

 private:
  static std::size_t numberOf(const Request& request) {
    const std::string_view text = request.meta(kNumber);
    std::size_t number = 0;
    std::from_chars(text.data(), text.data() + text.size(), number);
    return number;
  }

  // Null: there is none of that name.
  const Callback* find(const std::string& name) const {
    static const Callback parse(&Spider::parse);
    if (const auto found = inner().callbacks.find(name); found != inner().callbacks.end()) return &found->second;
    return name == "parse" ? &parse : nullptr;
  }
  const Callback& callbackOf(const Contract& contract) const { return *find(contract.callback()); }

  bool prepare(const Contract& contract, std::size_t number, Request& request) {
    const auto refuse = [&](const std::string& problem) {
      verdicts_[number].called = true;
      verdicts_[number].problems.push_back(problem);
      return false;
    };
    if (!find(contract.callback())) {
      std::vector<std::string_view> known{"parse"};
      for (const auto& [name, method] : inner().callbacks) known.push_back(name);
      return refuse("the spider names no callback " + contract.callback() + suggestion(contract.callback(), known) + " (Spider::callbacks names them)");
    }
    if (contract.url().empty()) return refuse("it names no page: Contract::url() does");
    const auto url = http::Url::tryParse(contract.url());
    if (!url || !url->isHttp()) return refuse("\"" + contract.url() + "\" is no URL that can be fetched: it must be one of http or https");
    try {
      request = Request(*url, &Checker::page);
      request.setErrback(&Checker::failed).setDontFilter();
      for (const auto& [name, value] : contract.cbKwargs()) request.setCbKwarg(name, value);
      for (const auto& [key, value] : contract.meta()) request.setMeta(key, value);
      request.setMeta(kNumber, std::to_string(number));
    } catch (const weft::Error& error) {
      return refuse(error.what());
    }
    return true;
  }

  static void take(const Contract& contract, Verdict& verdict, Result& result) {
    if (!result.isItem()) {
      ++verdict.requests;
      return;
    }
    ++verdict.items;
    const auto broken = brokenPromises(contract, result.item());
    if (broken.empty() || ++verdict.brokenItems > kMostItems) return;
    std::string all;
    for (const std::string& one : broken) all += (all.empty() ? "" : ", and ") + one;
    verdict.problems.push_back("item " + std::to_string(verdict.items) + " " + all + ": " + toJson(result.item()));
  }

  std::vector<Verdict> verdicts_;
};

}  // namespace

int runBorrowed(BorrowedSpider& spider, CrawlOptions options) {
  options.job.clear();
  options.append.clear();
  options.overwrite.clear();
  options.noStatus = options.noSummary = true;
  for (const char* setting : {"PARSE_THREADS=0", "JOBDIR=", "CLOSESPIDER_PAGECOUNT=0", "CLOSESPIDER_PAGECOUNT_NO_ITEM=0", "CLOSESPIDER_ITEMCOUNT=0", "CLOSESPIDER_ERRORCOUNT=0", "CLOSESPIDER_TIMEOUT=0", "CLOSESPIDER_TIMEOUT_NO_ITEM=0"}) options.settings.emplace_back(setting);
  return runCrawl(spider, options);
}

int checkContracts(Spider& spider, const CrawlOptions& options) {
  try {
    spider.setArguments(spiderArguments(options));     // contracts may depend on them
  } catch (const weft::Error& error) {
    return complain(error.what(), kUsage);
  }
  if (spider.contracts.empty()) return complain("the spider " + spider.name + " has no contracts to check (Spider::contracts holds them)", kUsage);
  Checker checker(spider);
  const int code = runBorrowed(checker, options);
  if (code == kUsage || code == kStartError) return code;
  std::size_t broken = 0;
  for (std::size_t i = 0; i < checker.verdicts().size(); ++i) {
    const Contract& contract = spider.contracts[i];
    const Verdict& verdict = checker.verdicts()[i];
    std::vector<std::string> problems = verdict.problems;
    if (!verdict.called) problems.push_back(code == kStopped ? "it was not checked: the run was stopped" : "the page did not reach the callback: it was dropped, as what robots.txt forbids is");
    broken += !problems.empty();
    printLine((problems.empty() ? "ok      " : "FAILED  ") + spider.name + "  " + contract.callback() + "  " + contract.url() + "  " + counted(verdict.items, "item") + ", " + counted(verdict.requests, "request"));
    for (const std::string& problem : problems) printLine("        " + problem);
  }
  const std::size_t all = checker.verdicts().size();
  printLine(counted(all, "contract") + ": " + std::to_string(all - broken) + " kept, " + std::to_string(broken) + " broken");
  if (std::fflush(stdout) != 0) return complain("cannot write to the standard output", kStopped);
  if (code == kStopped) return kStopped;
  return broken ? kStartError : kComplete;
}

int listContracts(const Spider& spider) {
  for (const Contract& contract : spider.contracts) printLine(spider.name + "  " + contract.callback() + "  " + contract.url() + "  " + contract.describe());
  return kComplete;
}

}  // namespace weft::crawler
