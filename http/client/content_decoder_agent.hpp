// ContentDecoderAgent: bodies without their Content-Encoding.
#pragma once

#include <weft/http/client/agent.hpp>
#include <weft/http/content_coding/content_decoder.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>

namespace weft::http {

/// What a ContentDecoderAgent asks for and how much it gives out.
class ContentDecoderAgentOptions {
 public:
  std::string acceptEncoding = "gzip, deflate, br, zstd";        ///< sent unless the request has such a field; empty: none
  std::uint64_t maxBytes = std::uint64_t{64} * 1024 * 1024;      ///< of a body when it is decoded, unless the request has a maxBody of its own: DecodedTooLarge
  double maxRatio = 200;                                         ///< see ContentDecoderOptions: DecompressionRatio
  std::uint64_t ratioFrom = std::uint64_t{8} * 1024 * 1024;
  std::size_t maxLayers = 3;
  bool allowPartial = false;                                     ///< take a coded body that ends too soon as far as it goes

  ContentDecoderAgentOptions& setAcceptEncoding(std::string value) { return acceptEncoding = std::move(value), *this; }
  ContentDecoderAgentOptions& setMaxBytes(std::uint64_t value) { return maxBytes = value, *this; }
  ContentDecoderAgentOptions& setMaxRatio(double value) { return maxRatio = value, *this; }
  ContentDecoderAgentOptions& setRatioFrom(std::uint64_t value) { return ratioFrom = value, *this; }
  ContentDecoderAgentOptions& setMaxLayers(std::size_t value) { return maxLayers = value, *this; }
  ContentDecoderAgentOptions& setAllowPartial(bool value) { return allowPartial = value, *this; }
};

/// An agent that asks for compressed bodies and gives them out as they were before: gzip, deflate (both forms), br, zstd, and several on top of each other. RFC 9110
/// section 8.4.
///
///     ContentDecoderAgent client(agent);
///     std::string page = co_await textOf(client.get(url));
///
/// Decodes while the body is read, and no more than Body::kReadAhead ahead of the reader. Content-Encoding and Content-Length go from the headers; they are kept in
/// Response::history(). Left alone: responses to HEAD, 204, 304, 206 (a range is one of coded bytes; a request with Range does not ask for any coding), and codings that are
/// not known: of a list, those around them are undone, and the rest stays in Content-Encoding.
///
/// Errors: those of the inner agent. Out of the body: ResponseFailed, whose reason is a ContentCodingError (broken, or cut short), DecodedTooLarge or DecompressionRatio; out of
/// request() the same for too many codings.
///
/// The inner agent must outlive its requests; the ContentDecoderAgent itself need not.
class ContentDecoderAgent final : public AnyAgent {
 public:
  explicit ContentDecoderAgent(AnyAgent& agent, ContentDecoderAgentOptions options = ContentDecoderAgentOptions());

  Deferred<Response> request(Request request) override;

 private:
  AnyAgent& agent_;
  std::shared_ptr<const ContentDecoderAgentOptions> options_;    // shared with what is under way
};

}  // namespace weft::http
