// login: fills in a site's login form, and reads the pages behind it.
//
//     build/samples/login --url http://127.0.0.1:8000/login -a user=me -a password=secret
#include <weft/crawler.hpp>

using namespace weft;

struct Order { std::string number, total; };
WEFT_ITEM(Order, number, total)

class LoginSpider : public Spider {
 public:
  LoginSpider() : Spider("login") { startUrls = {"http://127.0.0.1:8000/login"}; }

  Results parse(Response response) override {
    // What the page has filled in already (hidden fields, tokens) is sent along.
    FormOptions form;
    form.setFormcss("form input[type=password]").set("user", std::string(argument("user"))).set("password", std::string(argument("password")));
    co_yield FormRequest::fromResponse(response, form, &LoginSpider::loggedIn);
  }
  Results loggedIn(Response response) {
    if (response.css("form input[type=password]")) throw crawler::SpiderError("the site did not take the password: " + response.css("p.error::text").get());
    co_yield response.follow("/orders", &LoginSpider::parseOrders);          // the session's cookie goes with it
  }
  Results parseOrders(Response response) {
    for (auto row : response.css("table.orders tr")) {
      Order order;
      order.number = row.css("td.number::text").get();
      order.total = row.css("td.total::text").get();
      co_yield order;
    }
  }
};

int main(int argc, char** argv) { return runSpider<LoginSpider>(argc, argv); }
