// JMESPath's functions, in the order of its specification.
#include <weft/crawler/internal/jmespath_run.hpp>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <unordered_map>

namespace weft::crawler::internal {
namespace {

using http::Json;

struct Call {
  JmesPathRun& run;
  const JmesNode& node;
  std::span<const JmesArgument> arguments;

  [[noreturn]] void wrong(std::size_t i, std::string_view wanted) const {
    run.fail(node, node.text + "() takes " + std::string(wanted) + " as its argument " + std::to_string(i + 1) + ", not " +
                       (arguments[i].value ? std::string(arguments[i].value->typeName()) : "an expression"));
  }
  const Json& any(std::size_t i) const {
    if (!arguments[i].value) wrong(i, "a value");
    return *arguments[i].value;
  }
  double number(std::size_t i) const {
    if (!any(i).isNumber()) wrong(i, "a number");
    return any(i).number();
  }
  const std::string& string(std::size_t i) const {
    if (!any(i).isString()) wrong(i, "a string");
    return any(i).string();
  }
  const Json::Array& array(std::size_t i) const {
    if (!any(i).isArray()) wrong(i, "an array");
    return any(i).array();
  }
  const Json::Object& object(std::size_t i) const {
    if (!any(i).isObject()) wrong(i, "an object");
    return any(i).object();
  }
  int expression(std::size_t i) const {
    if (arguments[i].expression < 0) wrong(i, "an expression (&name)");
    return arguments[i].expression;
  }
  /// An array of numbers, or of strings if those are taken. True if they are strings.
  bool uniform(std::size_t i, bool stringsToo) const {
    const Json::Array& values = array(i);
    const char* const wanted = stringsToo ? "an array of numbers or of strings" : "an array of numbers";
    const bool strings = stringsToo && !values.empty() && values.front().isString();
    for (const Json& value : values)
      if (strings ? !value.isString() : !value.isNumber()) run.fail(node, node.text + "() takes " + wanted + ", and there is " + std::string(value.typeName()));
    return strings;
  }
  const Json* give(Json value) const { return run.keep(std::move(value)); }
};

/// A whole number stays one where it fits.
Json whole(double value) {
  if (value >= -9.2e18 && value <= 9.2e18) return Json(static_cast<std::int64_t>(value));
  return Json(value);
}

bool less(const Json& a, const Json& b) noexcept {
  if (a.isString()) return a.string() < b.string();  // the order of code points is that of UTF-8's bytes
  return a.isInteger() && b.isInteger() ? a.integer() < b.integer() : a.number() < b.number();
}

std::size_t characters(const std::string& text) noexcept {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

std::string reversed(const std::string& text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t end = text.size(); end > 0;) {
    std::size_t begin = end - 1;
    while (begin > 0 && (static_cast<unsigned char>(text[begin]) & 0xC0) == 0x80) --begin;
    out.append(text, begin, end - begin);
    end = begin;
  }
  return out;
}

std::string typeOf(const Json& value) {
  return value.isNull() ? "null" : value.isBool() ? "boolean" : value.isNumber() ? "number" : value.isString() ? "string"
         : value.isArray() ? "array" : "object";
}

/// The values that the expression gives for each element; all numbers, or all strings.
std::vector<const Json*> keysOf(const Call& call) {
  std::vector<const Json*> keys;
  const int expression = call.expression(1);
  for (const Json& value : call.array(0)) {
    keys.push_back(call.run.evaluate(expression, value));
    const Json& key = *keys.back();
    if (!(key.isNumber() || key.isString()) || key.isString() != keys.front()->isString())
      call.run.fail(call.node, call.node.text + "() needs numbers or strings to go by, and there is " + std::string(key.typeName()));
  }
  return keys;
}

const Json* extreme(const Call& call, bool greatest) {
  call.uniform(0, true);
  const Json::Array& values = call.array(0);
  if (values.empty()) return &kJmesNull;
  return &*(greatest ? std::max_element(values.begin(), values.end(), less) : std::min_element(values.begin(), values.end(), less));
}

const Json* extremeBy(const Call& call, bool greatest) {
  const std::vector<const Json*> keys = keysOf(call);
  if (keys.empty()) return &kJmesNull;
  std::size_t best = 0;
  for (std::size_t i = 1; i < keys.size(); ++i)
    if (greatest ? less(*keys[best], *keys[i]) : less(*keys[i], *keys[best])) best = i;
  return &call.array(0)[best];
}

const Json* sum(const Call& call) {
  call.uniform(0, false);
  double total = 0;
  bool integers = true;
  for (const Json& value : call.array(0)) {
    total += value.number();
    integers = integers && value.isInteger();
  }
  return call.give(integers && std::abs(total) < 9e15 ? whole(total) : Json(total));
}

const Json* contains(const Call& call) {
  const Json& subject = call.any(0);
  const Json& wanted = call.any(1);
  if (subject.isString()) return call.give(Json(wanted.isString() && subject.string().find(wanted.string()) != std::string::npos));
  if (!subject.isArray()) call.wrong(0, "an array or a string");
  return call.give(Json(std::any_of(subject.array().begin(), subject.array().end(), [&](const Json& one) { return jmesEqual(one, wanted); })));
}

const Json* join(const Call& call) {
  const std::string& glue = call.string(0);
  std::string out;
  for (const Json& part : call.array(1)) {
    if (!part.isString()) call.wrong(1, "an array of strings");
    call.run.count(1 + (glue.size() + part.string().size()) / 16);
    if (&part != call.array(1).data()) out += glue;
    out += part.string();
  }
  return call.give(Json(std::move(out)));
}

const Json* merge(const Call& call) {
  Json::Object out;
  std::unordered_map<std::string_view, std::size_t> places;  // by name, in out
  for (std::size_t i = 0; i < call.arguments.size(); ++i) {
    for (const auto& [name, value] : call.object(i)) {
      const auto [place, isNew] = places.try_emplace(name, out.size());
      if (isNew)
        out.emplace_back(name, call.run.copy(value));
      else
        out[place->second].second = call.run.copy(value);
    }
  }
  return call.give(Json(std::move(out)));
}

const Json* sorted(const Call& call) {
  call.uniform(0, true);
  Json out = call.run.copy(call.any(0));
  Json::Array values = out.array();
  std::stable_sort(values.begin(), values.end(), less);
  return call.give(Json(std::move(values)));
}

const Json* sortedBy(const Call& call) {
  const std::vector<const Json*> keys = keysOf(call);
  std::vector<std::size_t> order(keys.size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
  std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) { return less(*keys[a], *keys[b]); });
  Json::Array out;
  for (const std::size_t i : order) out.push_back(call.run.copy(call.array(0)[i]));
  return call.give(Json(std::move(out)));
}

const Json* toNumber(const Call& call) {
  const Json& value = call.any(0);
  if (value.isNumber()) return &value;
  if (!value.isString()) return &kJmesNull;
  try {
    Json number = Json::parse(value.string());
    return number.isNumber() ? call.give(std::move(number)) : &kJmesNull;
  } catch (const http::JsonError&) {
    return &kJmesNull;
  }
}

using Function = const Json* (*)(const Call&);
struct Entry {
  std::string_view name;
  int least, most;
  Function function;
};

constexpr Entry kFunctions[] = {
    {"abs", 1, 1, [](const Call& c) -> const Json* {
       const double value = c.number(0);
       return c.any(0).isInteger() ? c.give(whole(std::abs(value))) : c.give(Json(std::abs(value)));
     }},
    {"avg", 1, 1, [](const Call& c) -> const Json* {
       c.uniform(0, false);
       if (c.array(0).empty()) return &kJmesNull;
       double total = 0;
       for (const Json& value : c.array(0)) total += value.number();
       return c.give(Json(total / static_cast<double>(c.array(0).size())));
     }},
    {"ceil", 1, 1, [](const Call& c) -> const Json* { return c.give(whole(std::ceil(c.number(0)))); }},
    {"contains", 2, 2, contains},
    {"ends_with", 2, 2, [](const Call& c) -> const Json* { return c.give(Json(c.string(0).ends_with(c.string(1)))); }},
    {"floor", 1, 1, [](const Call& c) -> const Json* { return c.give(whole(std::floor(c.number(0)))); }},
    {"join", 2, 2, join},
    {"keys", 1, 1, [](const Call& c) -> const Json* {
       Json::Array out;
       for (const auto& member : c.object(0)) out.push_back(c.run.copy(Json(member.first)));
       return c.give(Json(std::move(out)));
     }},
    {"length", 1, 1, [](const Call& c) -> const Json* {
       const Json& value = c.any(0);
       if (value.isString()) return c.give(Json(static_cast<std::int64_t>(characters(value.string()))));
       if (!value.isArray() && !value.isObject()) c.wrong(0, "a string, an array or an object");
       return c.give(Json(static_cast<std::int64_t>(value.size())));
     }},
    {"map", 2, 2, [](const Call& c) -> const Json* {
       const int expression = c.expression(0);
       Json::Array out;
       for (const Json& value : c.array(1)) out.push_back(c.run.copy(*c.run.evaluate(expression, value)));
       return c.give(Json(std::move(out)));
     }},
    {"max", 1, 1, [](const Call& c) -> const Json* { return extreme(c, true); }},
    {"max_by", 2, 2, [](const Call& c) -> const Json* { return extremeBy(c, true); }},
    {"merge", 0, -1, merge},
    {"min", 1, 1, [](const Call& c) -> const Json* { return extreme(c, false); }},
    {"min_by", 2, 2, [](const Call& c) -> const Json* { return extremeBy(c, false); }},
    {"not_null", 1, -1, [](const Call& c) -> const Json* {
       for (std::size_t i = 0; i < c.arguments.size(); ++i)
         if (!c.any(i).isNull()) return &c.any(i);
       return &kJmesNull;
     }},
    {"reverse", 1, 1, [](const Call& c) -> const Json* {
       if (c.any(0).isString()) {
         c.run.count(c.string(0).size() / 16);
         return c.give(Json(reversed(c.string(0))));
       }
       if (!c.any(0).isArray()) c.wrong(0, "an array or a string");
       Json::Array out;
       for (auto it = c.array(0).rbegin(); it != c.array(0).rend(); ++it) out.push_back(c.run.copy(*it));
       return c.give(Json(std::move(out)));
     }},
    {"sort", 1, 1, sorted},
    {"sort_by", 2, 2, sortedBy},
    {"starts_with", 2, 2, [](const Call& c) -> const Json* { return c.give(Json(c.string(0).starts_with(c.string(1)))); }},
    {"sum", 1, 1, sum},
    {"to_array", 1, 1, [](const Call& c) -> const Json* {
       if (c.any(0).isArray()) return &c.any(0);
       Json::Array out;
       out.push_back(c.run.copy(c.any(0)));
       return c.give(Json(std::move(out)));
     }},
    {"to_number", 1, 1, toNumber},
    {"to_string", 1, 1, [](const Call& c) -> const Json* {
       if (c.any(0).isString()) return &c.any(0);
       std::string text = c.any(0).dump();
       c.run.count(text.size() / 16);
       return c.give(Json(std::move(text)));
     }},
    {"type", 1, 1, [](const Call& c) -> const Json* { return c.give(Json(typeOf(c.any(0)))); }},
    {"values", 1, 1, [](const Call& c) -> const Json* {
       Json::Array out;
       for (const auto& member : c.object(0)) out.push_back(c.run.copy(member.second));
       return c.give(Json(std::move(out)));
     }},
};

const Entry* entryOf(std::string_view name) noexcept {
  const auto found = std::find_if(std::begin(kFunctions), std::end(kFunctions), [name](const Entry& entry) { return entry.name == name; });
  return found == std::end(kFunctions) ? nullptr : found;
}

}  // namespace

bool jmesFunction(std::string_view name, int& least, int& most) noexcept {
  const Entry* const entry = entryOf(name);
  if (!entry) return false;
  least = entry->least;
  most = entry->most;
  return true;
}

const Json* callJmesFunction(JmesPathRun& run, const JmesNode& node, std::span<const JmesArgument> arguments) {
  return entryOf(node.text)->function(Call{run, node, arguments});
}

}  // namespace weft::crawler::internal
