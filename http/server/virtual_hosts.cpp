#include <weft/http/server/virtual_hosts.hpp>

#include <weft/http/server/errors.hpp>

#include <algorithm>
#include <utility>

namespace weft::http {

VirtualHosts& VirtualHosts::add(std::string_view host, Handler handler) {
  std::string name(host);
  std::transform(name.begin(), name.end(), name.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  hosts_.insert_or_assign(std::move(name), std::move(handler));
  return *this;
}

VirtualHosts& VirtualHosts::otherwise(Handler handler) {
  otherwise_ = std::move(handler);
  return *this;
}

Deferred<Response> VirtualHosts::operator()(Request&& request) const {
  std::string_view host = request.url.host();            // in lower case
  auto found = hosts_.find(host);
  for (std::size_t dot; found == hosts_.end() && (dot = host.find('.')) != std::string_view::npos;) {
    host.remove_prefix(dot + 1);
    found = hosts_.find(std::string("*.").append(host));
  }
  if (found != hosts_.end()) return found->second(std::move(request));
  if (otherwise_) return otherwise_(std::move(request));
  return fail<Response>(StatusError(421, "no such host here"));
}

}  // namespace weft::http
