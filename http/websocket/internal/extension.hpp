// The negotiation of permessage-deflate. RFC 6455 section 9, RFC 7692 sections 5 and 7.1.
#pragma once

#include <weft/http/headers.hpp>
#include <weft/http/websocket/internal/message_reader.hpp>
#include <weft/http/websocket/options.hpp>

#include <optional>
#include <string>

namespace weft::http::detail {

/// The field Sec-WebSocket-Extensions of a client's request; empty: none.
std::string offerCompression(const WebSocketCompression& options);

/// A server's choice: the first offer that it can take. `field` is for the response; empty: none.
struct AcceptedCompression {
  Compression compression;
  std::string field;
};
/// nullopt: the client's field is malformed.
std::optional<AcceptedCompression> acceptCompression(const Headers& request, const WebSocketCompression& options);

/// What a client has to make of the response. nullopt: an extension, or a parameter, that it has not offered, or may not be.
std::optional<Compression> agreedCompression(const Headers& response, const WebSocketCompression& options);

}  // namespace weft::http::detail
