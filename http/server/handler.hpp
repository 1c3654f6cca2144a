// Handler and Layer: what answers requests.
#pragma once

#include <weft/defer/deferred.hpp>
#include <weft/http/request.hpp>
#include <weft/http/response.hpp>

#include <functional>

namespace weft::http {

/// Answers a request. An error that comes of it becomes a status, see Site. When the client goes away meanwhile, the Deferred is cancelled. Takes its Request by value, as a coroutine must:
///
///     Handler hello = [](Request request) -> Deferred<Response> { co_return Response(200, "hello\n"); };
using Handler = std::function<Deferred<Response>(Request&&)>;

/// Stands around a handler: sees each request before it and each response after it, or answers itself. `next` is what it stands around, and outlives the call.
///
///     Layer timed = [](Request request, const Handler& next) -> Deferred<Response> {
///       Response response = co_await next(std::move(request));
///       co_return std::move(response).setHeader("X-Served-By", "weft");
///     };
using Layer = std::function<Deferred<Response>(Request&&, const Handler& next)>;

/// The handler with the layer around it.
Handler layered(Layer layer, Handler inner);

}  // namespace weft::http
