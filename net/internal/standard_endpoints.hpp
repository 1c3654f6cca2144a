// The types of endpoints that strings can name without further ado.
#pragma once

#include <weft/net/endpoints/endpoint_string.hpp>

namespace weft::net::detail {

void addStandardEndpoints(EndpointTypes& types);

}  // namespace weft::net::detail
