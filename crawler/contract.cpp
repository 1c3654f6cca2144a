#include <weft/crawler/contract.hpp>

#include <weft/crawler/item.hpp>

#include <algorithm>
#include <exception>

namespace weft::crawler {

namespace {

bool isEmpty(const http::Json& value) {
  if (value.isNull()) return true;
  if (value.isString()) return value.string().empty();
  if (value.isArray()) return std::all_of(value.array().begin(), value.array().end(), isEmpty);
  return value.isObject() && value.object().empty();
}

std::string numbered(std::uint64_t number, std::string_view one) { return std::to_string(number) + " " + std::string(one) + (number == 1 ? "" : "s"); }

}  // namespace

std::string describe(const Contract::Count& count, std::string_view one) {
  if (!count.most) return "at least " + numbered(count.least, one);
  if (*count.most == 0) return "no " + std::string(one) + "s";
  if (count.least == *count.most) return numbered(count.least, one);
  return std::to_string(count.least) + " to " + numbered(*count.most, one);
}

std::string Contract::describe() const {
  std::string text;
  const auto add = [&text](const std::string& part) { text += (text.empty() ? "" : ", ") + part; };
  if (items_) add(crawler::describe(*items_, "item"));
  if (requests_) add(crawler::describe(*requests_, "request"));
  std::string fields;
  for (const std::string& field : fields_) fields += (fields.empty() ? "each item with " : ", ") + field;
  if (!fields.empty()) add(fields);
  for (const ItemCheck& check : checks_) add(check.promise);
  return text.empty() ? "the callback comes to its end" : text;
}

std::vector<std::string> brokenPromises(const Contract& contract, const Item& item) {
  std::vector<std::string> broken;
  const http::Json json = item.json();
  const auto find = [&json](const std::string& field) {
    return std::find_if(json.object().begin(), json.object().end(), [&field](const auto& member) { return member.first == field; });
  };
  if (json.isObject()) {
    for (const std::string& field : contract.fields()) {
      const auto found = find(field);
      if (found == json.object().end()) broken.push_back("has no field " + field);
      else if (isEmpty(found->second)) broken.push_back("has nothing in its field " + field);
    }
  }
  for (const Contract::ItemCheck& check : contract.checks()) {
    try {
      if (!check.holds(item)) broken.push_back("does not keep \"" + check.promise + '"');
    } catch (const std::exception& error) {
      broken.push_back("does not keep \"" + check.promise + "\": " + error.what());
    }
  }
  return broken;
}

}  // namespace weft::crawler
