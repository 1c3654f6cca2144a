// Resource: a place in the tree of what a Site serves.
#pragma once

#include <weft/http/server/handler.hpp>

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace weft::http {

/// A node of the tree: the segments of a URL's path lead from the root through the children, as in Twisted.
///
///     auto root = std::make_shared<Resource>();
///     root->putChild("", page("<h1>welcome"));                                  // "/"
///     root->putChild("quotes", std::make_shared<Resource>())
///         ->onGet([](Request request) -> Deferred<Response> { co_return Response(200, "…"); });
///     auto site = std::make_shared<Site>(root);
///
/// Thread: the reactor's. Derive from it for children that are made on demand (getChild) or for methods of its own (render).
class Resource {
 public:
  Resource() = default;
  Resource(const Resource&) = delete;
  Resource& operator=(const Resource&) = delete;
  virtual ~Resource() = default;

  /// A leaf also answers for every path below it.
  bool isLeaf = false;

  /// Adds or replaces the child of that name (decoded; "" is what "/a/" means below "a"). Gives the child back.
  template <class R> std::shared_ptr<R> putChild(std::string name, std::shared_ptr<R> child) {
    children_[std::move(name)] = child;
    return child;
  }
  /// The child for the next segment of the path, null for none. As it stands: what putChild() added.
  virtual std::shared_ptr<Resource> getChild(std::string_view name, const Request& request);

  /// What answers that method. HEAD is answered by GET's handler, without the body.
  Resource& on(std::string method, Handler handler);
  Resource& onGet(Handler handler) { return on("GET", std::move(handler)); }
  Resource& onPost(Handler handler) { return on("POST", std::move(handler)); }

  /// Answers a request that has arrived here. As it stands: by the handlers; 404 where there are none, 405 with Allow for a method that has none.
  virtual Deferred<Response> render(Request request);

 private:
  std::map<std::string, std::shared_ptr<Resource>, std::less<>> children_;
  std::vector<std::pair<std::string, Handler>> handlers_;
};

/// A resource that always answers this.
std::shared_ptr<Resource> page(std::string body, std::string contentType = "text/html; charset=utf-8");

/// A leaf that a handler answers for, whatever the method: a Router, StaticFiles or any other below a place in the tree.
std::shared_ptr<Resource> handled(Handler handler);

/// A short page for a status: "404 Not Found", or "404 Not Found: no such author".
Response errorResponse(int status, std::string_view what = {});

/// The resource that a path leads to, or null. `path` begins with '/'.
std::shared_ptr<Resource> findResource(std::shared_ptr<Resource> root, const Request& request);

}  // namespace weft::http
