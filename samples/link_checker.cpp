// link_checker: each link of a site that leads nowhere, with each page that holds it.
//
//     build/samples/link_checker --url http://127.0.0.1:8000/
#include <weft/crawler.hpp>

#include <map>
#include <set>

using namespace weft;

struct BrokenLink { std::string link, page, reason; };
WEFT_ITEM(BrokenLink, link, page, reason)

class LinkChecker : public Spider {
 public:
  LinkChecker() : Spider("link_checker") { startUrls = {"http://127.0.0.1:8000/"}; }

  Results parse(Response response) override {
    const std::string page = response.url.href();
    if (site_.empty()) site_ = response.url.host();
    if (response.url.host() != site_ || !response.isHtml()) co_return;       // it is there: that is enough
    for (http::Url& link : links_.read(response).links) {
      const std::string href = link.href();
      if (const auto known = broken_.find(href); known != broken_.end()) co_yield report(href, page, known->second);
      else pagesWith_[href].insert(page);
      Request request(std::move(link), &LinkChecker::parse);
      request.setErrback(&LinkChecker::failed).setCbKwarg("link", href);
      co_yield std::move(request);
    }
  }
  // Another status than 200 to 299, or no answer.
  Results failed(Failure failure, Request request) {
    const std::string link(request.cbKwarg("link")), reason = failure.getErrorMessage();
    broken_[link] = reason;
    for (const std::string& page : pagesWith_[link]) co_yield report(link, page, reason);
  }

 private:
  static Item report(const std::string& link, const std::string& page, const std::string& reason) {
    BrokenLink broken;
    broken.link = link;
    broken.page = page;
    broken.reason = reason;
    return Item(broken);
  }

  LinkExtractor links_;
  std::string site_;
  std::map<std::string, std::set<std::string>> pagesWith_;
  std::map<std::string, std::string> broken_;
};

int main(int argc, char** argv) { return runSpider<LinkChecker>(argc, argv); }
