#include <weft/crawler/command/demo_site.hpp>

#include <weft/crawler/command/demo_quotes.hpp>
#include <weft/http/html_escape.hpp>

#include <algorithm>
#include <charconv>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace weft::crawler::command {

namespace {

constexpr std::size_t kQuotesPerPage = 10;

// "The Tailor's Apprentice" -> "The-Tailors-Apprentice"
std::string slugOf(std::string_view name) {
  std::string slug;
  for (char c : name) {
    if (c == ' ') slug += '-';
    else if (c != '\'') slug += c;
  }
  return slug;
}

std::vector<std::string_view> tagsOf(const DemoQuote& quote) {
  std::vector<std::string_view> tags;
  for (std::string_view rest = quote.tags; !rest.empty();) {
    const std::size_t comma = rest.find(',');
    tags.push_back(rest.substr(0, comma));
    rest = comma == std::string_view::npos ? std::string_view() : rest.substr(comma + 1);
  }
  return tags;
}

std::string frame(std::string_view title, std::string_view body) {
  std::string page = "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<title>";
  http::appendHtmlEscaped(page, title);
  page += "</title>\n<style>body{font:1.1em Georgia,serif;max-width:42em;margin:2em auto;padding:0 1em}.quote{margin:1.5em 0}"
          ".tag{margin-right:.5em}nav li{display:inline;margin-right:1em}</style>\n</head>\n<body>\n<h1><a href=\"/\">Quotes to weave</a></h1>\n";
  page += body;
  page += "<footer><p><a href=\"/random\">Somewhere else</a> &middot; <a href=\"/attic/\">The attic</a> &middot; served by weft demo</p></footer>\n</body>\n</html>\n";
  return page;
}

void appendQuote(std::string& out, const DemoQuote& quote) {
  out += "<div class=\"quote\">\n<span class=\"text\">\xE2\x80\x9C";
  http::appendHtmlEscaped(out, quote.text);
  out += "\xE2\x80\x9D</span>\n<span>by <small class=\"author\">";
  http::appendHtmlEscaped(out, quote.author);
  out += "</small> <a href=\"/author/" + slugOf(quote.author) + "/\">(about)</a></span>\n<div class=\"tags\">Tags:";
  for (std::string_view tag : tagsOf(quote)) {
    out += " <a class=\"tag\" href=\"/tag/";
    out += tag;
    out += "/\">";
    out += tag;
    out += "</a>";
  }
  out += "</div>\n</div>\n";
}

// All pages, by path. A few hundred kilobytes; made once.
class Pages {
 public:
  Pages() {
    std::vector<const DemoQuote*> all;
    std::map<std::string_view, std::vector<const DemoQuote*>> byTag, byAuthor;
    for (std::size_t i = 0; i < kDemoQuoteCount; ++i) {
      all.push_back(&kDemoQuotes[i]);
      byAuthor[kDemoQuotes[i].author].push_back(&kDemoQuotes[i]);
      for (std::string_view tag : tagsOf(kDemoQuotes[i])) byTag[tag].push_back(&kDemoQuotes[i]);
    }
    addList("", "Quotes to weave", "", all);
    for (const auto& [tag, quotes] : byTag) addList("/tag/" + std::string(tag), "Quotes on " + std::string(tag), "<h2>" + std::string(tag) + "</h2>\n", quotes);
    for (std::size_t i = 0; i < kDemoAuthorCount; ++i) addAuthor(kDemoAuthors[i], byAuthor[kDemoAuthors[i].name]);
    addTagList(byTag);
  }

  Deferred<http::Response> answer(http::Request request) const {
    const std::string path(request.url.path());
    if (path == "/random") return redirect("/page/" + std::to_string(pages_ / 2) + "/");
    const auto found = byPath_.find(path);
    if (found != byPath_.end()) return succeed(http::Response(200, found->second, "text/html; charset=utf-8"));
    if (byPath_.contains(path + "/")) return redirect(path + "/");
    return succeed(http::Response(404, frame("Not here", "<p>There is nothing at this address but dust.</p>\n"), "text/html; charset=utf-8"));
  }

 private:
  static Deferred<http::Response> redirect(std::string to) {
    return succeed(http::Response(302, frame("Elsewhere", "<p><a href=\"" + to + "\">Over there.</a></p>\n"), "text/html; charset=utf-8").setHeader("Location", to));
  }

  static std::string pathOf(const std::string& base, std::size_t page) { return page == 1 ? base + "/" : base + "/page/" + std::to_string(page) + "/"; }

  void addList(const std::string& base, std::string_view title, std::string_view heading, const std::vector<const DemoQuote*>& quotes) {
    const std::size_t last = (quotes.size() + kQuotesPerPage - 1) / kQuotesPerPage;
    if (base.empty()) pages_ = last;
    for (std::size_t page = 1; page <= last; ++page) {
      std::string body(heading);
      for (std::size_t i = (page - 1) * kQuotesPerPage; i < std::min(quotes.size(), page * kQuotesPerPage); ++i) appendQuote(body, *quotes[i]);
      body += "<nav><ul>";
      if (page > 1) body += "<li class=\"previous\"><a href=\"" + pathOf(base, page - 1) + "\">&larr; Previous</a></li>";
      if (page < last) body += "<li class=\"next\"><a href=\"" + pathOf(base, page + 1) + "\">Next &rarr;</a></li>";
      body += "</ul></nav>\n";
      if (base.empty()) body += "<p><a href=\"/tags/\">All tags</a></p>\n";
      byPath_[pathOf(base, page)] = frame(page == 1 ? std::string(title) : std::string(title) + ", page " + std::to_string(page), body);
    }
  }

  void addAuthor(const DemoAuthor& author, const std::vector<const DemoQuote*>& quotes) {
    std::string body = "<h2 class=\"author-title\">";
    http::appendHtmlEscaped(body, author.name);
    body += "</h2>\n";
    if (!author.born.empty()) body += "<p>Born: <span class=\"author-born-date\">" + std::string(author.born) + "</span></p>\n";
    body += "<p class=\"author-description\">";
    http::appendHtmlEscaped(body, author.description);
    body += "</p>\n<ul>\n";
    for (const DemoQuote* quote : quotes) {
      body += "<li>";
      http::appendHtmlEscaped(body, quote->text);
      body += "</li>\n";
    }
    body += "</ul>\n";
    byPath_["/author/" + slugOf(author.name) + "/"] = frame(author.name, body);
  }

  void addTagList(const std::map<std::string_view, std::vector<const DemoQuote*>>& byTag) {
    std::string body = "<h2>Tags</h2>\n<ul>\n";
    for (const auto& [tag, quotes] : byTag) {
      body += "<li><a class=\"tag\" href=\"/tag/" + std::string(tag) + "/\">" + std::string(tag) + "</a> (" + std::to_string(quotes.size()) + ")</li>\n";
    }
    byPath_["/tags/"] = frame("Tags", body + "</ul>\n");
  }

  std::map<std::string, std::string> byPath_;
  std::size_t pages_ = 0;
};

}  // namespace

std::size_t demoQuoteCount() noexcept { return kDemoQuoteCount; }

std::shared_ptr<http::Site> demoSite() {
  return std::make_shared<http::Site>([pages = std::make_shared<const Pages>()](http::Request request) { return pages->answer(std::move(request)); });
}

}  // namespace weft::crawler::command
