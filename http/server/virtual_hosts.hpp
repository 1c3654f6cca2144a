// VirtualHosts: several sites at one address.
#pragma once

#include <weft/http/server/handler.hpp>

#include <map>
#include <string>
#include <string_view>

namespace weft::http {

/// Leads requests to handlers by their host. A Handler itself.
///
///     VirtualHosts hosts;
///     hosts.add("example.com", router).add("*.example.com", others);
///     auto site = std::make_shared<Site>(hosts);
///
/// Names are compared without case and without the port. "*.example.com" is every name below it that has no handler of its own; the longest such pattern wins. A host that is nobody's is answered
/// with 421 (RFC 9110 section 15.5.20), or by otherwise(). Thread: the reactor's.
class VirtualHosts {
 public:
  VirtualHosts& add(std::string_view host, Handler handler);
  VirtualHosts& otherwise(Handler handler);

  Deferred<Response> operator()(Request&& request) const;

 private:
  std::map<std::string, Handler, std::less<>> hosts_;
  Handler otherwise_;
};

}  // namespace weft::http
