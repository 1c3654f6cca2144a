#include <weft/http/server/router.hpp>

#include <weft/http/percent_encoding.hpp>
#include <weft/http/server/errors.hpp>

#include <algorithm>
#include <map>
#include <utility>
#include <vector>

namespace weft::http {
namespace {

struct Route {
  std::string method;
  Handler handler;
  std::vector<std::string> names;                        // of its "{name}"s, in order
  RouteOptions options;
};

// "%41" is 'A', but most segments have no '%' and need no copy.
bool isPlain(std::string_view segment) noexcept { return segment.find('%') == std::string_view::npos; }

}  // namespace

RouteError::RouteError(std::string_view pattern, std::string_view what) : Error(std::string("the route \"").append(pattern).append("\": ").append(what)), pattern(pattern) {}

// A place that a path can lead to.
struct Router::Node {
  std::map<std::string, std::unique_ptr<Node>, std::less<>> literal;
  std::unique_ptr<Node> named;
  std::vector<Route> routes;                             // of paths that end here
  std::vector<Route> rest;                               // of those that go on in any way
};

struct Router::Routes {
  Node root;
  std::vector<Layer> layers;
  Handler otherwise;

  using Values = std::vector<std::string_view>;          // not decoded

  // The routes of a path, of which `path` is what is left, from its '/' on.
  static const std::vector<Route>* find(const Node& node, std::string_view path, Values& values) {
    if (path.empty()) return node.routes.empty() ? nullptr : &node.routes;
    const std::size_t end = std::min(path.find('/', 1), path.size());
    const std::string_view segment = path.substr(1, end - 1);
    const std::string_view left = path.substr(end);
    const auto literal = isPlain(segment) ? node.literal.find(segment) : node.literal.find(percentDecode(segment));
    if (literal != node.literal.end())
      if (const auto* found = find(*literal->second, left, values)) return found;
    const std::size_t before = values.size();
    if (node.named && !segment.empty()) {
      values.push_back(segment);
      if (const auto* found = find(*node.named, left, values)) return found;
      values.resize(before);
    }
    if (node.rest.empty()) return nullptr;
    values.push_back(path.substr(1));
    return &node.rest;
  }
};

Router::Router() : routes_(std::make_shared<Routes>()) {}

Router& Router::on(std::string_view method, std::string_view pattern, Handler handler, RouteOptions options) {
  if (method != "*" && !isToken(method)) throw RouteError(pattern, "its method is no token such as GET");
  if (!pattern.starts_with('/')) throw RouteError(pattern, "a pattern begins with '/'");
  Route route{std::string(method), std::move(handler), {}, options};
  for (auto layer = routes_->layers.rbegin(); layer != routes_->layers.rend(); ++layer) route.handler = layered(*layer, std::move(route.handler));
  Node* node = &routes_->root;
  std::vector<Route>* place = nullptr;
  for (std::string_view left = pattern; !left.empty();) {
    if (place) throw RouteError(pattern, "nothing can follow \"{name...}\"");
    const std::size_t end = std::min(left.find('/', 1), left.size());
    std::string_view segment = left.substr(1, end - 1);
    left.remove_prefix(end);
    if (segment.find_first_of("{}") == std::string_view::npos) {
      auto& next = node->literal[percentDecode(segment)];
      if (!next) next = std::make_unique<Node>();
      node = next.get();
      continue;
    }
    if (!segment.starts_with('{') || segment.find('}') != segment.size() - 1 || segment.rfind('{') != 0) throw RouteError(pattern, "a segment is either text or one \"{name}\"");
    segment = segment.substr(1, segment.size() - 2);
    const bool rest = segment.ends_with("...");
    if (rest) segment.remove_suffix(3);
    if (segment.empty()) throw RouteError(pattern, "\"{}\" has no name");
    if (std::find(route.names.begin(), route.names.end(), segment) != route.names.end()) throw RouteError(pattern, "it has a name twice");
    route.names.emplace_back(segment);
    if (rest) {
      place = &node->rest;
    } else {
      if (!node->named) node->named = std::make_unique<Node>();
      node = node->named.get();
    }
  }
  if (!place) place = &node->routes;
  for (const Route& other : *place)
    if (other.method == method) throw RouteError(pattern, std::string("there is one of ").append(method).append(" already"));
  place->push_back(std::move(route));
  return *this;
}

Router& Router::use(Layer layer) {
  routes_->layers.push_back(std::move(layer));
  return *this;
}

Router& Router::otherwise(Handler handler) {
  routes_->otherwise = std::move(handler);
  return *this;
}

Deferred<Response> Router::operator()(Request&& request) const {
  Routes::Values values;
  const std::vector<Route>* routes = Routes::find(routes_->root, request.url.path(), values);
  if (!routes) {
    if (routes_->otherwise) return routes_->otherwise(std::move(request));
    return fail<Response>(StatusError(404));
  }
  const auto of = [routes](std::string_view method) -> const Route* {
    for (const Route& route : *routes)
      if (route.method == method) return &route;
    return nullptr;
  };
  const Route* route = of(request.method());
  if (!route && request.method() == "HEAD") route = of("GET");
  if (!route) route = of("*");
  if (!route) {
    std::string allow;
    for (const Route& other : *routes) allow.append(other.method).append(other.method == "GET" ? ", HEAD, " : ", ");
    allow.append("OPTIONS");
    if (request.method() == "OPTIONS") return succeed(Response(204).setHeader("Allow", allow));
    StatusError refused(405);
    refused.headers.set("Allow", allow);
    return fail<Response>(std::move(refused));
  }
  for (std::size_t i = 0; i < route->names.size(); ++i) request.pathValues.emplace_back(route->names[i], isPlain(values[i]) ? std::string(values[i]) : percentDecode(values[i]));
  if (route->options.maxBody) request.maxBody = route->options.maxBody;
  return route->handler(std::move(request));
}

}  // namespace weft::http
