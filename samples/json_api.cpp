// json_api: an API that gives its list in pages of JSON; the stock of each product is behind a link of its own.
//
//     build/samples/json_api --url http://127.0.0.1:8000/api/products
#include <weft/crawler.hpp>

using namespace weft;

struct Product { std::string name, price; std::int64_t stock = 0; };
WEFT_ITEM(Product, name, price, stock)

class ApiSpider : public Spider {
 public:
  ApiSpider() : Spider("json_api") { startUrls = {"http://127.0.0.1:8000/api/products"}; }

  Results parse(Response response) override {
    for (const http::Json& entry : response.json()["products"].array()) {
      Request stock = response.follow(entry["stock"].string(), &ApiSpider::parseStock);
      stock.setCbKwarg("name", entry["name"].string()).setCbKwarg("price", entry["price"].dump());
      co_yield std::move(stock);
    }
    const http::Json& next = response.json()["next"];
    if (!next.isNull()) co_yield response.follow(next.string(), &ApiSpider::parse);
  }
  Results parseStock(Response response) {
    Product product;
    product.name = response.cbKwarg("name");
    product.price = response.cbKwarg("price");
    product.stock = response.json()["pieces"].integer();
    co_yield product;
  }
};

int main(int argc, char** argv) { return runSpider<ApiSpider>(argc, argv); }
