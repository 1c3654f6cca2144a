// ItemLoader: fills an item field by field, from queries and through processors.
#pragma once

#include <weft/crawler/item.hpp>
#include <weft/crawler/json_builder.hpp>
#include <weft/crawler/loader/processors.hpp>
#include <weft/crawler/response.hpp>
#include <weft/crawler/selector.hpp>
#include <weft/http/json.hpp>

#include <memory>
#include <string_view>
#include <utility>
#include <vector>

namespace weft::crawler {

/// Collects values for the fields of an item, and sets them when the item is asked for. Works on structs with WEFT_ITEM and on DynamicItem.
///
///     ItemLoader loader(Book(), response);
///     loader.in("price") = MapCompose(Re("[0-9.]+"));  // as the values come in
///     loader.out("about") = Join("\n");                // when the item is loaded
///     loader.addCss("title", "h1::text");
///     loader.addCss("price", "p.price::text");         // text becomes a number where the field is one
///     loader.nestedCss("ul.tags").addCss("tags", "a::text");
///     co_yield loader.loadItem();
///
/// Values of one field, from several calls, are one list; null, empty lists and empty text that come out of the input processor do not count. Without an output processor, a field that is a
/// list, or of a DynamicItem, gets the list; any other the first value that is not empty. Fields for which there is none keep what the item had.
///
/// All methods that name a field throw ItemError when the item has no such field, and when a processor fails; those with a query throw what it throws.
class ItemLoader {
 public:
  template <ItemType T> ItemLoader(T item, const Response& response) : ItemLoader(Item(std::move(item)), response.selector()) {}
  template <ItemType T> explicit ItemLoader(T item, Selector from = Selector()) : ItemLoader(Item(std::move(item)), std::move(from)) {}
  explicit ItemLoader(Item item, Selector from = Selector());

  /// The processors of a field, and those of fields that have none of their own. Shared with nested loaders.
  Processor& in(std::string_view field);
  Processor& out(std::string_view field);
  Processor& defaultIn() noexcept;
  Processor& defaultOut() noexcept;

  template <class T> ItemLoader& addValue(std::string_view field, const T& value, const Processor& processor = {}) { return add(field, processor(jsonOf(value))); }
  ItemLoader& addCss(std::string_view field, std::string_view query, const Processor& processor = {}) { return add(field, getCss(query, processor)); }
  ItemLoader& addXpath(std::string_view field, std::string_view expression, const Processor& processor = {}) { return add(field, getXpath(expression, processor)); }
  ItemLoader& addJmes(std::string_view field, std::string_view expression, const Processor& processor = {}) { return add(field, getJmes(expression, processor)); }

  /// The same, in place of what was collected.
  template <class T> ItemLoader& replaceValue(std::string_view field, const T& value, const Processor& processor = {}) { return replace(field, processor(jsonOf(value))); }
  ItemLoader& replaceCss(std::string_view field, std::string_view query, const Processor& processor = {}) { return replace(field, getCss(query, processor)); }
  ItemLoader& replaceXpath(std::string_view field, std::string_view expression, const Processor& processor = {}) { return replace(field, getXpath(expression, processor)); }
  ItemLoader& replaceJmes(std::string_view field, std::string_view expression, const Processor& processor = {}) { return replace(field, getJmes(expression, processor)); }

  /// What would be collected, before the field's input processor: a list, unless the processor makes it something else.
  template <class T> http::Json getValue(const T& value, const Processor& processor = {}) const { return processor(jsonOf(value)); }
  http::Json getCss(std::string_view query, const Processor& processor = {}) const;
  http::Json getXpath(std::string_view expression, const Processor& processor = {}) const;
  http::Json getJmes(std::string_view expression, const Processor& processor = {}) const;

  /// A loader for the same item, whose queries begin at what this query finds.
  ItemLoader nestedCss(std::string_view query) const;
  ItemLoader nestedXpath(std::string_view expression) const;

  /// What was collected for a field, and what its output processor makes of it; null when nothing was.
  http::Json getCollectedValues(std::string_view field) const;
  http::Json getOutputValue(std::string_view field) const;

  /// The item, with all that was collected. The loader is empty then.
  Item loadItem();

 private:
  struct State;
  ItemLoader(std::shared_ptr<State> state, std::vector<Selector> places) : state_(std::move(state)), places_(std::move(places)) {}
  ItemLoader& add(std::string_view field, http::Json values);
  ItemLoader& replace(std::string_view field, http::Json values);

  std::shared_ptr<State> state_;
  std::vector<Selector> places_;
};

}  // namespace weft::crawler

namespace weft {
using crawler::ItemLoader;
}  // namespace weft
