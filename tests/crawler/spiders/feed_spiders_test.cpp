#include "../site_crawl.hpp"

#include <weft/crawler/spiders/csv_feed_spider.hpp>
#include <weft/crawler/spiders/csv_reader.hpp>
#include <weft/crawler/spiders/xml_feed_spider.hpp>

#include <doctest/doctest.h>

#include <string>
#include <vector>

using namespace weft;
using namespace weft::crawler;
using weft::testing::SiteCrawl;

namespace {

struct Entry {
  std::string name, price;
};
WEFT_ITEM(Entry, name, price)

class XmlFeed : public XmlFeedSpider {
 public:
  XmlFeed() : XmlFeedSpider("feed") { startUrls = {"http://e.com/feed"}; }
  Results parseNode(const Response& response, Selector node) override {
    CHECK(response.url.href() == "http://e.com/feed");
    Entry entry;
    entry.name = node.xpath("name/text()").get();
    entry.price = node.xpath(price).get();
    co_yield entry;
    if (node.xpath("@more")) co_yield response.follow(node.xpath("@more").get(), &XmlFeed::parseMore);
  }
  Results parseMore(Response) {
    Entry entry;
    entry.name = "more";
    co_yield entry;
  }
  std::string price = "price/text()";
};

class CsvFeed : public CsvFeedSpider {
 public:
  CsvFeed() : CsvFeedSpider("feed") { startUrls = {"http://e.com/feed"}; }
  Results parseRow(const Response&, CsvRow row) override {
    Entry entry;
    entry.name = row["name"];
    entry.price = row["price"];
    CHECK(row.has("name"));
    CHECK_FALSE(row.has("colour"));
    CHECK(row["colour"].empty());
    co_yield entry;
  }
};

std::vector<std::vector<std::string>> rowsOf(std::string_view text, char delimiter = ',', char quote = '"') {
  CsvReader reader(text, delimiter, quote);
  std::vector<std::vector<std::string>> rows;
  while (auto row = reader.next()) rows.push_back(std::move(*row));
  return rows;
}

using Rows = std::vector<std::vector<std::string>>;

}  // namespace

TEST_CASE("each element of an XML feed goes to parseNode(), and what it yields goes on") {
  XmlFeed spider;
  SiteCrawl crawl;
  crawl.site.text("http://e.com/more", "");
  SUBCASE("plain") {
    crawl.site.text("http://e.com/feed", "\n<?xml version='1.0'?><feed><item more='/more'><name>A &amp; B</name><price>1</price></item><x/><item><name>C</name></item></feed>", "text/xml");
    crawl.run(spider);
    CHECK(crawl.items == std::vector<std::string>{R"({"name":"A & B","price":"1"})", R"({"name":"C","price":""})", R"({"name":"more","price":""})"});
  }
  SUBCASE("another name, and namespaces") {
    spider.itertag = "product";
    spider.namespaces = {{"g", "http://g.com/"}};
    spider.price = "g:price/text()";
    crawl.site.text("http://e.com/feed", "<feed xmlns:x='http://g.com/'><product><name>A</name><x:price>3</x:price></product></feed>");
    crawl.run(spider);
    CHECK(crawl.items == std::vector<std::string>{R"({"name":"A","price":"3"})"});
  }
  SUBCASE("another encoding, longer than a piece") {
    std::string feed = "<?xml version='1.0' encoding='iso-8859-1'?><feed>";
    for (int i = 0; i < 5000; ++i) feed += "<item><name>\xE9</name><price>1</price></item>";
    crawl.site.text("http://e.com/feed", feed + "</feed>");
    crawl.run(spider);
    CHECK(crawl.items.size() == 5000);
    CHECK(crawl.items[4999] == "{\"name\":\"\xC3\xA9\",\"price\":\"1\"}");
  }
  SUBCASE("what is refused fails the page, and what stood before it counts") {
    crawl.site.text("http://e.com/feed", "<feed><item><name>A</name></item></feed>");
    crawl.run(spider);
    CHECK(crawl.engine->counts().failed == 0);
    CHECK(crawl.items.size() == 1);
  }
}

TEST_CASE("a feed can be changed before it is read, and results after") {
  class Changed : public XmlFeed {
   public:
    void adaptResponse(Response& response) override { response.body = "<feed><item><name>mine</name></item><item><name>drop</name></item></feed>"; }
    bool processResult(Result& result) override { return result.item().as<Entry>()->name != "drop"; }
  };
  Changed spider;
  SiteCrawl crawl;
  crawl.site.text("http://e.com/feed", "not XML");
  crawl.run(spider);
  CHECK(crawl.items == std::vector<std::string>{R"({"name":"mine","price":""})"});
}

TEST_CASE("rows of comma-separated values are read as Python reads them") {
  CHECK(rowsOf("a,b\r\n1,2\r\n") == Rows{{"a", "b"}, {"1", "2"}});
  CHECK(rowsOf("a,b\n\n\n1,\n,2") == Rows{{"a", "b"}, {"1", ""}, {"", "2"}});
  CHECK(rowsOf("\"a,b\",\"c\"\"d\",\"e\nf\"\n") == Rows{{"a,b", "c\"d", "e\nf"}});
  CHECK(rowsOf("\"a\"b,c\"d\"") == Rows{{"ab", "c\"d\""}});
  CHECK(rowsOf("a;'b;c'", ';', '\'') == Rows{{"a", "b;c"}});
  CHECK(rowsOf("\"a,b\"", ',', '\0') == Rows{{"\"a", "b\""}});
  CHECK(rowsOf("\"open,\nto the end") == Rows{{"open,\nto the end"}});
  CHECK(rowsOf("a\rb") == Rows{{"a"}, {"b"}});
  CHECK(rowsOf("a,") == Rows{{"a", ""}});
  CHECK(rowsOf("").empty());
  CHECK(rowsOf("\n\r\n").empty());
  CsvReader reader("a\n\"b\nc\"\nd");
  reader.next();
  CHECK(reader.line() == 1);
  reader.next();
  CHECK(reader.line() == 2);
  reader.next();
  CHECK(reader.line() == 4);
}

TEST_CASE("each row of a CSV feed goes to parseRow()") {
  CsvFeed spider;
  SiteCrawl crawl;
  SUBCASE("with a first row of names") {
    crawl.site.text("http://e.com/feed", "\xEF\xBB\xBFname,price\nA,1\nB,2,3\n\"C,D\",4\n", "text/csv");
    crawl.run(spider);
    CHECK(crawl.items == std::vector<std::string>{R"({"name":"A","price":"1"})", R"({"name":"C,D","price":"4"})"});
    CHECK(crawl.log.contains("ignoring the row in line 3 (length: 3, should be: 2)"));
  }
  SUBCASE("with names, delimiter and quotes of its own") {
    spider.headers = {"price", "name"};
    spider.delimiter = ';';
    spider.quotechar = '\'';
    crawl.site.text("http://e.com/feed", "1;'A;B'\n", "text/csv; charset=windows-1252");
    crawl.run(spider);
    CHECK(crawl.items == std::vector<std::string>{R"({"name":"A;B","price":"1"})"});
  }
}
