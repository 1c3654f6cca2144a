#include <weft/crawler/loader/item_loader.hpp>

#include <algorithm>
#include <map>
#include <optional>
#include <string>

namespace weft::crawler {

namespace {

bool isEmptyText(const http::Json& value) { return value.isString() && value.string().empty(); }

}  // namespace

struct ItemLoader::State {
  explicit State(Item item) : item(std::move(item)) {}

  using Processors = std::map<std::string, Processor, std::less<>>;
  const http::Json::Array* collected(std::string_view field) const {
    const auto found = std::find_if(values.begin(), values.end(), [field](const auto& each) { return each.first == field; });
    return found == values.end() ? nullptr : &found->second;
  }
  static Processor& of(Processors& processors, std::string_view field) { return processors.try_emplace(std::string(field)).first->second; }
  static const Processor& chosen(const Processors& processors, std::string_view field, const Processor& otherwise) {
    const auto found = processors.find(field);
    return found != processors.end() && found->second ? found->second : otherwise;
  }
  static http::Json process(const Processor& processor, std::string_view which, std::string_view field, http::Json values) {
    if (!processor) return values;
    try {
      return processor(std::move(values));
    } catch (const std::exception& error) {
      throw ItemError("the " + std::string(which) + " processor of the field " + std::string(field) + " failed: " + error.what());
    }
  }
  void check(std::string_view field) {
    if (item.fieldKind(field) == FieldKind::None) item.set(field, {});                  // which says so
  }

  Item item;
  Processors in, out;
  Processor defaultIn, defaultOut;
  std::vector<std::pair<std::string, http::Json::Array>> values;       // in the order in which fields were named first
};

ItemLoader::ItemLoader(Item item, Selector from) : state_(std::make_shared<State>(std::move(item))) { places_.push_back(std::move(from)); }

Processor& ItemLoader::in(std::string_view field) { return state_->check(field), State::of(state_->in, field); }
Processor& ItemLoader::out(std::string_view field) { return state_->check(field), State::of(state_->out, field); }
Processor& ItemLoader::defaultIn() noexcept { return state_->defaultIn; }
Processor& ItemLoader::defaultOut() noexcept { return state_->defaultOut; }

ItemLoader& ItemLoader::add(std::string_view field, http::Json values) {
  State& state = *state_;
  state.check(field);
  if (values.isNull()) return *this;
  if (!values.isArray()) values = http::Json(http::Json::Array{std::move(values)});
  http::Json processed = State::process(State::chosen(state.in, field, state.defaultIn), "input", field, std::move(values));
  if (processed.isNull() || isEmptyText(processed) || (processed.isArray() && processed.array().empty())) return *this;
  auto found = std::find_if(state.values.begin(), state.values.end(), [field](const auto& each) { return each.first == field; });
  if (found == state.values.end()) found = state.values.emplace(state.values.end(), std::string(field), http::Json::Array());
  if (!processed.isArray()) found->second.push_back(std::move(processed));
  else found->second.insert(found->second.end(), processed.array().begin(), processed.array().end());
  return *this;
}

ItemLoader& ItemLoader::replace(std::string_view field, http::Json values) {
  std::erase_if(state_->values, [field](const auto& each) { return each.first == field; });
  return add(field, std::move(values));
}

namespace {

template <class Ask> http::Json found(const std::vector<Selector>& places, const Processor& processor, Ask ask) {
  http::Json::Array all;
  for (const Selector& place : places)
    for (std::string& text : ask(place).getall()) all.emplace_back(std::move(text));
  return processor(http::Json(std::move(all)));
}

}  // namespace

http::Json ItemLoader::getCss(std::string_view query, const Processor& processor) const {
  return found(places_, processor, [query](const Selector& place) { return place.css(query); });
}
http::Json ItemLoader::getXpath(std::string_view expression, const Processor& processor) const {
  return found(places_, processor, [expression](const Selector& place) { return place.xpath(expression); });
}
http::Json ItemLoader::getJmes(std::string_view expression, const Processor& processor) const {
  return found(places_, processor, [expression](const Selector& place) { return place.jmespath(expression); });
}

ItemLoader ItemLoader::nestedCss(std::string_view query) const {
  std::vector<Selector> inner;
  for (const Selector& place : places_)
    for (Selector found : place.css(query)) inner.push_back(std::move(found));
  return ItemLoader(state_, std::move(inner));
}
ItemLoader ItemLoader::nestedXpath(std::string_view expression) const {
  std::vector<Selector> inner;
  for (const Selector& place : places_)
    for (Selector found : place.xpath(expression)) inner.push_back(std::move(found));
  return ItemLoader(state_, std::move(inner));
}

http::Json ItemLoader::getCollectedValues(std::string_view field) const {
  const http::Json::Array* const values = state_->collected(field);
  return values ? http::Json(*values) : http::Json();
}

http::Json ItemLoader::getOutputValue(std::string_view field) const {
  const http::Json::Array* const values = state_->collected(field);
  if (!values) return {};
  const Processor& processor = State::chosen(state_->out, field, state_->defaultOut);
  if (!processor && state_->item.fieldKind(field) == FieldKind::Single) return TakeFirst()(http::Json(*values));
  return State::process(processor, "output", field, http::Json(*values));
}

Item ItemLoader::loadItem() {
  for (const auto& [field, values] : state_->values)
    if (http::Json value = getOutputValue(field); !value.isNull()) state_->item.set(field, value);
  state_->values.clear();
  return std::move(state_->item);
}

}  // namespace weft::crawler
