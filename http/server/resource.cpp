#include <weft/http/server/resource.hpp>

#include <weft/http/percent_encoding.hpp>
#include <weft/http/server/errors.hpp>

#include <utility>

namespace weft::http {

std::shared_ptr<Resource> Resource::getChild(std::string_view name, const Request&) {
  const auto found = children_.find(name);
  return found == children_.end() ? nullptr : found->second;
}

Resource& Resource::on(std::string method, Handler handler) {
  for (auto& [known, old] : handlers_) {
    if (known != method) continue;
    old = std::move(handler);
    return *this;
  }
  handlers_.emplace_back(std::move(method), std::move(handler));
  return *this;
}

Deferred<Response> Resource::render(Request request) {
  if (handlers_.empty()) return fail<Response>(StatusError(404));
  const auto find = [this](std::string_view method) -> Handler* {
    for (auto& [known, handler] : handlers_)
      if (known == method) return &handler;
    return nullptr;
  };
  Handler* handler = find(request.method());
  if (!handler && request.method() == "HEAD") handler = find("GET");
  if (handler) return (*handler)(std::move(request));
  std::string allow;
  for (const auto& [method, unused] : handlers_)
    allow.append(allow.empty() ? "" : ", ").append(method).append(method == "GET" ? ", HEAD" : "");
  StatusError refused(405);
  refused.headers.set("Allow", allow);
  return fail<Response>(std::move(refused));
}

std::shared_ptr<Resource> page(std::string body, std::string contentType) {
  auto resource = std::make_shared<Resource>();
  resource->onGet([body = std::move(body), contentType = std::move(contentType)](Request) {
    return succeed(Response(200, body, contentType));
  });
  return resource;
}

namespace {

class Handled final : public Resource {
 public:
  explicit Handled(Handler handler) : handler_(std::move(handler)) { isLeaf = true; }
  Deferred<Response> render(Request request) override { return handler_(std::move(request)); }

 private:
  const Handler handler_;
};

}  // namespace

std::shared_ptr<Resource> handled(Handler handler) { return std::make_shared<Handled>(std::move(handler)); }

Response errorResponse(int status, std::string_view what) {
  std::string text = std::to_string(status);
  text.append(" ").append(reasonPhrase(status));
  if (!what.empty() && what != text) text.append(": ").append(what);
  text.append("\n");
  return Response(status, std::move(text), "text/plain; charset=utf-8");
}

std::shared_ptr<Resource> findResource(std::shared_ptr<Resource> root, const Request& request) {
  std::string_view path = request.url.path();
  while (root && !root->isLeaf && !path.empty()) {
    path.remove_prefix(1);
    const std::size_t end = path.find('/');
    root = root->getChild(percentDecode(path.substr(0, end)), request);
    path = end == std::string_view::npos ? std::string_view() : path.substr(end);
  }
  return root;
}

}  // namespace weft::http
