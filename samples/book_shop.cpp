// book_shop: follows the pages of a shop's list by rules, reads the page of each book, and stores its cover.
//
//     build/samples/book_shop --url http://127.0.0.1:8000/shop/ -s FILES_STORE=covers
#include <weft/crawler.hpp>

using namespace weft;

struct Book { std::string title, price, shelf; std::vector<std::string> file_urls; std::vector<DownloadedFile> files; };
WEFT_ITEM(Book, title, price, shelf, file_urls, files)

class BookShop : public CrawlSpider {
 public:
  BookShop() : CrawlSpider("book_shop") {
    startUrls = {"http://127.0.0.1:8000/shop/"};
    LinkExtractor pages, books;
    pages.allow("/shop/page/");
    books.allow("/shop/book/").deny("/used/");
    rules.emplace_back(std::move(pages));                                    // followed, and that is all
    rules.emplace_back(std::move(books)).setCallback(&BookShop::parseBook).setCbKwarg("shelf", "new");
    pipelines = {std::make_shared<FilesPipeline>()};                         // file_urls become files
  }
  Results parseBook(Response response) {
    Book book;
    book.title = response.css("h1::text").get();
    book.price = response.css("p.price::text").get();
    book.shelf = response.cbKwarg("shelf");
    for (const std::string& cover : response.css("img.cover::attr(src)").getall()) book.file_urls.push_back(response.urljoin(cover).href());
    co_yield book;
  }
};

int main(int argc, char** argv) { return runSpider<BookShop>(argc, argv); }
