#include <weft/crawler/component_orders.hpp>

#include <weft/core/internal/suggest.hpp>
#include <weft/crawler/settings.hpp>
#include <weft/http/json.hpp>

namespace weft::crawler {

namespace {

[[noreturn]] void refuse(std::string_view setting, const std::string& problem) {
  throw SettingError(std::string(setting) + ": " + problem + "; it looks like this: {\"NameOfOne\": 543, \"NameOfAnother\": null}");
}

}  // namespace

ComponentOrders parseComponentOrders(std::string_view setting, std::string_view value) {
  ComponentOrders orders;
  if (value.empty()) return orders;
  http::Json json;
  try {
    json = http::Json::parse(value);
  } catch (const http::JsonError& error) {
    refuse(setting, error.what());
  }
  if (!json.isObject()) refuse(setting, "must be a JSON object");
  for (const auto& [name, order] : json.object()) {
    if (order.isNull()) orders[name] = std::nullopt;
    else if (order.isInteger() && order.integer() >= -1'000'000 && order.integer() <= 1'000'000) orders[name] = static_cast<int>(order.integer());
    else refuse(setting, "the place of \"" + name + "\" must be a whole number, or null to switch it off");
  }
  return orders;
}

void checkComponentNames(std::string_view setting, const ComponentOrders& orders, std::span<const std::string_view> known) {
  for (const auto& [name, order] : orders)
    if (std::find(known.begin(), known.end(), name) == known.end()) throw SettingError(std::string(setting) + ": this crawl has none called " + name + suggestion(name, known));
}

}  // namespace weft::crawler
