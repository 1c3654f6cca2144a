// Which components a crawl has, and in which order: the values of DOWNLOADER_MIDDLEWARES and its like.
#pragma once

#include <algorithm>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace weft::crawler {

/// Components by name, with their place, or nullopt for one that is switched off.
using ComponentOrders = std::map<std::string, std::optional<int>, std::less<>>;

/// Reads `{"ProxyRotation": 610, "RetryMiddleware": null}`; empty text is no component. Throws SettingError, which names the setting.
ComponentOrders parseComponentOrders(std::string_view setting, std::string_view value);

/// Throws SettingError, with a suggestion, for a name that none of `known` has.
void checkComponentNames(std::string_view setting, const ComponentOrders& orders, std::span<const std::string_view> known);

/// Those that the setting does not switch off, the lowest place first; a component has a `name` and an `order`, which is its place unless the setting has another. Throws SettingError.
template <class Component>
std::vector<std::shared_ptr<Component>> inOrder(std::string_view setting, std::string_view value, const std::vector<std::shared_ptr<Component>>& all) {
  const ComponentOrders orders = parseComponentOrders(setting, value);
  std::vector<std::string_view> names;
  for (const auto& one : all) names.push_back(one->name);
  checkComponentNames(setting, orders, names);

  std::vector<std::pair<int, std::shared_ptr<Component>>> placed;
  for (const auto& one : all) {
    const auto found = orders.find(one->name);
    if (found == orders.end()) placed.emplace_back(one->order, one);
    else if (found->second) placed.emplace_back(*found->second, one);
  }
  std::stable_sort(placed.begin(), placed.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  std::vector<std::shared_ptr<Component>> ordered;
  for (auto& [order, one] : placed) ordered.push_back(std::move(one));
  return ordered;
}

}  // namespace weft::crawler
