// Router: handlers by method and pattern of the path.
#pragma once

#include <weft/http/server/handler.hpp>

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace weft::http {

/// A pattern that no Router takes: it says which one, and why.
class RouteError : public Error {
 public:
  RouteError(std::string_view pattern, std::string_view what);
  std::string pattern;
};

/// What holds for one route alone.
class RouteOptions {
 public:
  std::optional<std::size_t> maxBody;                   ///< in place of the site's
  RouteOptions& setMaxBody(std::size_t bytes) { return maxBody = bytes, *this; }
};

/// Leads requests to handlers by their path and method. A Handler itself: give it to a Site, or to a place of a tree by handled().
///
///     Router router;
///     router.get("/authors/{name}", [](Request request) -> Deferred<Response> { co_return Response(200, std::string(request.pathValue("name"))); });
///     router.post("/upload", upload, RouteOptions().setMaxBody(1 << 30));
///     router.get("/files/{path...}", StaticFiles("public", StaticFilesOptions().setMount("/files")));
///     auto site = std::make_shared<Site>(router);
///
/// A pattern begins with '/'. Its segments are literal text, `{name}` for one segment that is not empty, or at the end `{name...}` for all that is left, which may be empty. Segments are compared decoded,
/// so that "%2F" is a part of one and no boundary. Literal text wins over `{name}`, and that over `{name...}`, segment by segment from the left; what leads nowhere is tried the next best way.
///
/// HEAD is answered by GET's handler, without the body. OPTIONS is answered with Allow, 405 with Allow follows for a method that the path does not have, 404 where no pattern fits.
///
/// Copies share their routes. Add them before the first request. Thread: the reactor's.
class Router {
 public:
  Router();

  /// Throws RouteError: no '/' at its start, a name that is missing or given twice, text beside a name in a segment, or a route that is there already.
  Router& on(std::string_view method, std::string_view pattern, Handler handler, RouteOptions options = RouteOptions());
  Router& get(std::string_view pattern, Handler handler, RouteOptions options = RouteOptions()) { return on("GET", pattern, std::move(handler), options); }
  Router& post(std::string_view pattern, Handler handler, RouteOptions options = RouteOptions()) { return on("POST", pattern, std::move(handler), options); }
  Router& put(std::string_view pattern, Handler handler, RouteOptions options = RouteOptions()) { return on("PUT", pattern, std::move(handler), options); }
  Router& patch(std::string_view pattern, Handler handler, RouteOptions options = RouteOptions()) { return on("PATCH", pattern, std::move(handler), options); }
  Router& del(std::string_view pattern, Handler handler, RouteOptions options = RouteOptions()) { return on("DELETE", pattern, std::move(handler), options); }
  /// Whatever the method, where no other route of this pattern has it.
  Router& any(std::string_view pattern, Handler handler, RouteOptions options = RouteOptions()) { return on("*", pattern, std::move(handler), options); }
  /// Puts a layer around the handlers of all routes that are added after it. The first one added is the outermost.
  Router& use(Layer layer);
  /// In place of a 404.
  Router& otherwise(Handler handler);

  Deferred<Response> operator()(Request&& request) const;

 private:
  struct Node;
  struct Routes;
  std::shared_ptr<Routes> routes_;
};

}  // namespace weft::http
