// compress(): a layer that sends responses in a content coding.
#pragma once

#include <weft/http/server/handler.hpp>

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

namespace weft::http {

/// What compress() codes, and how.
class CompressOptions {
 public:
  std::vector<std::string> codings{"br", "zstd", "gzip"};        ///< the first of those that the client wants equally is taken. Others than these three: ContentCodingError of compress()
  std::size_t minBytes = 1024;                                   ///< shorter bodies are sent as they are
  std::vector<std::string> types;                                ///< media types to code besides texts, JSON, XML, scripts, SVG, fonts and their like: "application/x-mine"

  CompressOptions& setCodings(std::vector<std::string> values) { return codings = std::move(values), *this; }
  CompressOptions& setMinBytes(std::size_t value) { return minBytes = value, *this; }
  CompressOptions& addType(std::string type) { return types.push_back(std::move(type)), *this; }
};

/// Codes what handlers answer, as the client's Accept-Encoding wants it (RFC 9110 section 12.5.3), when it is worth it: a 200 or an error's page, of a type that becomes smaller, not coded already, not
/// short, not `Cache-Control: no-transform`, and no range. Such answers get Vary, coded or not; a coded one loses Content-Length and Accept-Ranges, and its ETag becomes weak, for its bytes
/// are others (section 8.8.1). HEAD gets the fields that GET would.
///
///     site->use(compress());
///
/// Streamed bodies are coded as they come: with all that was yielded sent at once for text/event-stream, application/jsonl and other streams that somebody waits for. Large pieces are coded on a
/// thread of the reactor's pool.
///
/// A page that repeats what a client sends, beside a secret, tells its length to who listens (BREACH): keep such pages out, by no-transform.
Layer compress(CompressOptions options = CompressOptions());

}  // namespace weft::http
