#include <weft/crawler/spiders/xml_feed_spider.hpp>

#include <weft/crawler/xml/xml_elements.hpp>

#include <algorithm>
#include <optional>
#include <string_view>

namespace weft::crawler {

namespace {

constexpr std::size_t kPiece = 64 * 1024;

}  // namespace

void XmlFeedSpider::adaptResponse(Response&) {}

bool XmlFeedSpider::processResult(Result&) { return true; }

Results XmlFeedSpider::parse(Response response) {
  adaptResponse(response);
  XmlElements elements(itertag);
  std::string_view rest = response.body;
  rest.remove_prefix(std::min(rest.find('<'), rest.size()));               // white space before the declaration
  bool finished = false;
  for (;;) {
    std::optional<Selector> node = elements.next();
    if (!node) {
      if (finished) break;
      const std::string_view piece = rest.substr(0, kPiece);
      rest.remove_prefix(piece.size());
      if (piece.empty()) elements.finish(), finished = true;
      else elements.feed(piece);
      continue;
    }
    for (const auto& [prefix, uri] : namespaces) node->registerNamespace(prefix, uri);
    Results results = parseNode(response, std::move(*node));
    while (auto result = co_await results.next())
      if (processResult(*result)) co_yield std::move(*result);
  }
}

}  // namespace weft::crawler
