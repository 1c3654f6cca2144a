#include <weft/http/websocket/internal/extension.hpp>

#include <weft/http/internal/field_reader.hpp>

#include <algorithm>
#include <string_view>
#include <utility>
#include <vector>

namespace weft::http::detail {
namespace {

constexpr std::string_view kField = "Sec-WebSocket-Extensions";
constexpr std::string_view kName = "permessage-deflate";

struct Extension {
  std::string_view name;
  std::vector<std::pair<std::string_view, std::optional<std::string>>> parameters;
};

// RFC 6455 section 9.1. nullopt: not of that form.
std::optional<std::vector<Extension>> parseExtensions(std::string_view text) {
  std::vector<Extension> all;
  FieldReader reader(text);
  for (reader.skipSpaceAndCommas(); !reader.atEnd(); reader.skipSpaceAndCommas()) {
    Extension extension;
    extension.name = reader.token();
    if (extension.name.empty()) return std::nullopt;
    for (reader.skipSpace(); reader.skip(';'); reader.skipSpace()) {
      reader.skipSpace();
      const std::string_view name = reader.token();
      if (name.empty()) return std::nullopt;
      reader.skipSpace();
      std::optional<std::string> value;
      if (reader.skip('=')) {
        reader.skipSpace();
        bool closed = true;
        value = reader.peek() == '"' ? reader.quotedString(&closed) : std::string(reader.token());
        if (!closed || !isToken(*value)) return std::nullopt;
      }
      extension.parameters.emplace_back(name, std::move(value));
    }
    all.push_back(std::move(extension));
    if (!reader.atEnd() && reader.peek() != ',') return std::nullopt;
  }
  return all;
}

/// The parameters of permessage-deflate, of an offer or of a response.
struct Parameters {
  bool serverNoContext = false;
  bool clientNoContext = false;
  std::optional<std::uint8_t> serverBits;
  std::optional<std::uint8_t> clientBits;
  bool mayLimitClient = false;                         // client_max_window_bits was given, with or without a number
};

// 8 to 15, without leading zeros.
std::optional<std::uint8_t> windowBits(const std::optional<std::string>& text) {
  const auto number = text && !text->starts_with('0') ? readNumber(*text) : std::nullopt;
  if (!number || *number < 8 || *number > 15) return std::nullopt;
  return static_cast<std::uint8_t>(*number);
}

// nullopt: unknown, twice, or with a value that it may not have (RFC 7692 section 7.1).
std::optional<Parameters> readParameters(const Extension& extension, bool isOffer) {
  Parameters result;
  const auto flag = [](bool& set, const std::optional<std::string>& value) { return !value && !std::exchange(set, true); };
  const auto bits = [](std::optional<std::uint8_t>& set, const std::optional<std::string>& value) { return !set && (set = windowBits(value)); };
  for (const auto& [name, value] : extension.parameters) {
    bool good = false;
    if (name == "server_no_context_takeover") good = flag(result.serverNoContext, value);
    else if (name == "client_no_context_takeover") good = flag(result.clientNoContext, value);
    else if (name == "server_max_window_bits") good = bits(result.serverBits, value);
    else if (name == "client_max_window_bits") good = !std::exchange(result.mayLimitClient, true) && ((isOffer && !value) || bits(result.clientBits, value));
    if (!good) return std::nullopt;
  }
  return result;
}

}  // namespace

std::string offerCompression(const WebSocketCompression& options) {
  if (!options.enabled) return {};
  std::string offer(kName);
  if (!options.keepContext) offer += "; server_no_context_takeover; client_no_context_takeover";
  offer += "; client_max_window_bits";
  if (options.windowBits < 15) offer += "=" + std::to_string(options.windowBits);
  return offer;
}

std::optional<AcceptedCompression> acceptCompression(const Headers& request, const WebSocketCompression& options) {
  const std::string field = request.getCombined(kField);
  const auto offers = parseExtensions(field);
  if (!offers) return std::nullopt;
  AcceptedCompression accepted;
  if (!options.enabled) return accepted;
  for (const Extension& offer : *offers) {
    if (offer.name != kName) continue;
    const auto wanted = readParameters(offer, true);
    if (!wanted) continue;
    Compression& c = accepted.compression;
    c.agreed = true;
    c.sendKeepsContext = options.keepContext && !wanted->serverNoContext;
    c.receiveKeepsContext = options.keepContext && !wanted->clientNoContext;
    c.sendBits = std::min(wanted->serverBits.value_or(15), static_cast<std::uint8_t>(options.windowBits));
    c.receiveBits = wanted->clientBits.value_or(15);
    accepted.field = kName;
    if (!c.sendKeepsContext) accepted.field += "; server_no_context_takeover";
    if (!c.receiveKeepsContext) accepted.field += "; client_no_context_takeover";
    if (c.sendBits < 15 || wanted->serverBits) accepted.field += "; server_max_window_bits=" + std::to_string(c.sendBits);
    if (wanted->clientBits) accepted.field += "; client_max_window_bits=" + std::to_string(c.receiveBits);
    break;
  }
  return accepted;
}

std::optional<Compression> agreedCompression(const Headers& response, const WebSocketCompression& options) {
  const std::string field = response.getCombined(kField);
  const auto extensions = parseExtensions(field);
  if (!extensions || extensions->size() > 1) return std::nullopt;
  Compression agreed;
  if (extensions->empty()) return agreed;
  const Extension& extension = extensions->front();
  if (!options.enabled || extension.name != kName) return std::nullopt;
  const auto said = readParameters(extension, false);
  // A server that was asked to forget must say that it will (section 7.1.1.1).
  if (!said || (!options.keepContext && !said->serverNoContext)) return std::nullopt;
  agreed.agreed = true;
  agreed.sendKeepsContext = options.keepContext && !said->clientNoContext;
  agreed.receiveKeepsContext = !said->serverNoContext;
  agreed.sendBits = std::min(said->clientBits.value_or(15), static_cast<std::uint8_t>(options.windowBits));
  agreed.receiveBits = said->serverBits.value_or(15);
  return agreed;
}

}  // namespace weft::http::detail
