#include <weft/crawler/loader/processors.hpp>

#include <weft/crawler/selector.hpp>

namespace weft::crawler {

namespace {

// A value as the list that it stands for: null is none.
http::Json::Array listOf(http::Json value) {
  if (value.isArray()) return value.array();
  http::Json::Array list;
  if (!value.isNull()) list.push_back(std::move(value));
  return list;
}

}  // namespace

std::string Processor::textOf(const http::Json& value) {
  std::string text;
  if (detail::assignText(text, value)) throw ItemError("a function of text was given " + std::string(value.typeName()) + "; MapCompose gives it the values of a list one by one");
  return text;
}

http::Json TakeFirst::operator()(http::Json values) const {
  for (http::Json& value : listOf(std::move(values)))
    if (!value.isNull() && !(value.isString() && value.string().empty())) return std::move(value);
  return {};
}

http::Json Join::operator()(http::Json values) const {
  std::string joined;
  bool first = true;
  for (const http::Json& value : listOf(std::move(values))) {
    if (!std::exchange(first, false)) joined += separator_;
    joined += value.isString() ? value.string() : value.dump();
  }
  return http::Json(std::move(joined));
}

http::Json Compose::operator()(http::Json values) const {
  for (const Processor& function : functions_) {
    if (values.isNull()) break;
    values = function(std::move(values));
  }
  return values;
}

http::Json MapCompose::operator()(http::Json values) const {
  http::Json::Array list = listOf(std::move(values));
  for (const Processor& function : functions_) {
    http::Json::Array next;
    for (http::Json& value : list)
      for (http::Json& result : listOf(function(std::move(value)))) next.push_back(std::move(result));
    list = std::move(next);
  }
  return http::Json(std::move(list));
}

http::Json Re::operator()(http::Json values) const {
  http::Json::Array found;
  for (http::Json& value : listOf(std::move(values)))
    for (std::string& match : Selector::ofJsonValue(std::move(value)).re(pattern_)) found.emplace_back(std::move(match));
  return http::Json(std::move(found));
}

std::string strip(std::string text) {
  const auto blank = [](char c) { return c == ' ' || (c >= '\t' && c <= '\r'); };
  std::size_t begin = 0, end = text.size();
  while (begin < end && blank(text[begin])) ++begin;
  while (end > begin && blank(text[end - 1])) --end;
  return text.substr(begin, end - begin);
}

}  // namespace weft::crawler
