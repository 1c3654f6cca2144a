#include <weft/crawler/jmespath.hpp>

#include <weft/crawler/internal/jmespath_run.hpp>

#include <algorithm>

namespace weft::crawler {
namespace internal {
namespace {

using http::Json;

bool holds(const Json& value) noexcept {
  if (value.isNull()) return false;
  if (value.isBool()) return value.boolean();
  if (value.isString()) return !value.string().empty();
  if (value.isArray() || value.isObject()) return value.size() != 0;
  return true;
}

bool compares(const std::string& sign, double a, double b) noexcept {
  if (sign == "<") return a < b;
  if (sign == "<=") return a <= b;
  if (sign == ">") return a > b;
  return a >= b;
}

}  // namespace

const Json kJmesNull;

bool jmesEqual(const Json& a, const Json& b) noexcept {
  if (a.isNumber() && b.isNumber())
    return a.isInteger() && b.isInteger() ? a.integer() == b.integer() : a.number() == b.number();
  if (a.isArray() && b.isArray())
    return a.size() == b.size() && std::equal(a.array().begin(), a.array().end(), b.array().begin(), jmesEqual);
  if (!a.isObject() || !b.isObject()) return a == b;
  if (a.size() != b.size()) return false;
  for (std::size_t i = 0; i < a.size(); ++i) {
    const auto& [name, value] = a.object()[i];
    const Json* other = &b.object()[i].second;  // most have the same order
    if (b.object()[i].first != name) other = b.find(name);
    if (!other || !jmesEqual(value, *other)) return false;
  }
  return true;
}

void JmesPathRun::count(std::size_t values) {
  if (values > left_)
    throw JmesPathEvaluationError(tree_.text, 0, "makes too much of the document: ask for less of it");
  left_ -= values;
}

Json JmesPathRun::copy(const Json& value) {
  if (value.isString()) {
    count(1 + value.string().size() / 16);
    return value;
  }
  if (value.isArray()) {
    count(1);
    Json::Array out;
    out.reserve(value.size());
    for (const Json& one : value.array()) out.push_back(copy(one));
    return Json(std::move(out));
  }
  if (value.isObject()) {
    count(1);
    Json::Object out;
    out.reserve(value.size());
    for (const auto& [name, one] : value.object()) {
      count(name.size() / 16);
      out.emplace_back(name, copy(one));
    }
    return Json(std::move(out));
  }
  count(1);
  return value;
}

const Json* JmesPathRun::slice(const JmesNode& node, const Json& array) {
  const auto size = static_cast<std::int64_t>(array.size());
  const std::int64_t step = node.numbers[2].value_or(1);
  const auto bound = [&](const std::optional<std::int64_t>& given, std::int64_t otherwise) {
    if (!given) return otherwise;
    const std::int64_t at = *given < 0 ? *given + size : *given;
    return step > 0 ? std::clamp<std::int64_t>(at, 0, size) : std::clamp<std::int64_t>(at, -1, size - 1);
  };
  const std::int64_t from = bound(node.numbers[0], step > 0 ? 0 : size - 1);
  const std::int64_t to = bound(node.numbers[1], step > 0 ? size : -1);
  Json::Array out;
  if (step > 0) {
    for (std::int64_t i = from; i < to; i += std::min(step, to - i)) out.push_back(copy(array.array()[static_cast<std::size_t>(i)]));
  } else {
    for (std::int64_t i = from; i > to; i = step < to - i ? to : i + step) out.push_back(copy(array.array()[static_cast<std::size_t>(i)]));
  }
  return keep(Json(std::move(out)));
}

void JmesPathRun::flatten(const Json& array, std::vector<const Json*>& out) const {
  for (const Json& one : array.array()) {
    if (!one.isArray()) {
      out.push_back(&one);
      continue;
    }
    for (const Json& inner : one.array()) out.push_back(&inner);
  }
}

/// Projections look at the elements where they are, and copy only what they give.
const Json* JmesPathRun::project(const JmesNode& node, const Json& current) {
  const JmesNode& left = this->node(node.left);
  const bool flat = node.kind == JmesKind::kProjection && left.kind == JmesKind::kFlatten;
  const Json& from = *evaluate(flat ? left.left : node.left, current);
  std::vector<const Json*> each;
  if (node.kind == JmesKind::kValueProjection) {
    if (!from.isObject()) return &kJmesNull;
    for (const auto& member : from.object()) each.push_back(&member.second);
  } else if (!from.isArray()) {
    return &kJmesNull;
  } else if (flat) {
    flatten(from, each);
  } else {
    for (const Json& one : from.array()) each.push_back(&one);
  }
  count(each.size());
  Json::Array out;
  for (const Json* one : each) {
    if (node.kind == JmesKind::kFilter && !holds(*evaluate(node.extra, *one))) continue;
    const Json& value = *evaluate(node.right, *one);
    if (!value.isNull()) out.push_back(copy(value));
  }
  return keep(Json(std::move(out)));
}

const Json* JmesPathRun::call(const JmesNode& node, const Json& current) {
  std::vector<JmesArgument> arguments;
  for (const int child : node.children) {
    JmesArgument argument;
    if (this->node(child).kind == JmesKind::kExpression)
      argument.expression = this->node(child).left;
    else
      argument.value = evaluate(child, current);
    arguments.push_back(argument);
  }
  return callJmesFunction(*this, node, arguments);
}

const Json* JmesPathRun::evaluate(int index, const Json& current) {
  const JmesNode& node = this->node(index);
  count(1);
  switch (node.kind) {
    case JmesKind::kCurrent: return &current;
    case JmesKind::kField: {
      const Json* found = current.find(node.text);
      return found ? found : &kJmesNull;
    }
    case JmesKind::kLiteral: return &node.literal;
    case JmesKind::kSub: {
      const Json& left = *evaluate(node.left, current);
      return evaluate(node.right, left);
    }
    case JmesKind::kIndex: {
      const Json& left = *evaluate(node.left, current);
      if (!left.isArray()) return &kJmesNull;
      const auto size = static_cast<std::int64_t>(left.size());
      const std::int64_t at = *node.numbers[0] < 0 ? *node.numbers[0] + size : *node.numbers[0];
      return at >= 0 && at < size ? &left.array()[static_cast<std::size_t>(at)] : &kJmesNull;
    }
    case JmesKind::kSlice: {
      const Json& left = *evaluate(node.left, current);
      return left.isArray() ? slice(node, left) : &kJmesNull;
    }
    case JmesKind::kFlatten: {
      const Json& left = *evaluate(node.left, current);
      if (!left.isArray()) return &kJmesNull;
      std::vector<const Json*> each;
      flatten(left, each);
      Json::Array out;
      for (const Json* one : each) out.push_back(copy(*one));
      return keep(Json(std::move(out)));
    }
    case JmesKind::kProjection:
    case JmesKind::kValueProjection:
    case JmesKind::kFilter: return project(node, current);
    case JmesKind::kList: {
      if (current.isNull()) return &kJmesNull;
      Json::Array out;
      for (const int child : node.children) out.push_back(copy(*evaluate(child, current)));
      return keep(Json(std::move(out)));
    }
    case JmesKind::kHash: {
      if (current.isNull()) return &kJmesNull;
      Json::Object out;
      for (std::size_t i = 0; i < node.children.size(); ++i) out.emplace_back(node.keys[i], copy(*evaluate(node.children[i], current)));
      return keep(Json(std::move(out)));
    }
    case JmesKind::kOr: {
      const Json* const left = evaluate(node.left, current);
      return holds(*left) ? left : evaluate(node.right, current);
    }
    case JmesKind::kAnd: {
      const Json* const left = evaluate(node.left, current);
      return holds(*left) ? evaluate(node.right, current) : left;
    }
    case JmesKind::kNot: return keep(Json(!holds(*evaluate(node.left, current))));
    case JmesKind::kCompare: {
      const Json& left = *evaluate(node.left, current);
      const Json& right = *evaluate(node.right, current);
      if (node.text == "==" || node.text == "!=") return keep(Json(jmesEqual(left, right) == (node.text == "==")));
      if (!left.isNumber() || !right.isNumber()) return &kJmesNull;
      return keep(Json(compares(node.text, left.number(), right.number())));
    }
    case JmesKind::kCall: return call(node, current);
    case JmesKind::kExpression: break;
  }
  fail(node, "an expression behind '&' can only be given to a function that takes one");
}

}  // namespace internal

JmesPath::JmesPath(std::string_view expression)
    : tree_(std::make_shared<const internal::JmesPathTree>(internal::parseJmesPath(expression))) {}

const std::string& JmesPath::text() const noexcept { return tree_->text; }

http::Json JmesPath::search(const http::Json& document, std::size_t mostValues) const {
  internal::JmesPathRun run(*tree_, mostValues);
  return *run.evaluate(tree_->root, document);
}

}  // namespace weft::crawler
