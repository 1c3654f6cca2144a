// ResponseClass: what kind of thing a body is.
#pragma once

#include <weft/http/headers.hpp>

#include <cstdint>
#include <string_view>

namespace weft::crawler {

/// Scrapy's classes of responses.
enum class ResponseClass : std::uint8_t {
  Html,
  Xml,
  Json,
  Text,                      ///< any other text; css() and xpath() read it as HTML
  Binary,                    ///< bytes: css() and xpath() throw NotSupported
};

/// By the first of these that knows: Content-Type (unless there is a Content-Encoding still), the file name of Content-Disposition, the extension of the URL's path, the first 5000 bytes of
/// the body. Scrapy's responsetypes.
ResponseClass responseClassOf(const http::Headers& headers, std::string_view path, std::string_view body) noexcept;

}  // namespace weft::crawler
