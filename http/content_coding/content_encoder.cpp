#include <weft/http/content_coding/content_encoder.hpp>

#include <weft/http/content_coding/internal/encoding_layer.hpp>
#include <weft/http/headers.hpp>

#include <algorithm>

namespace weft::http {
namespace {

std::unique_ptr<detail::EncodingLayer> makeLayer(std::string_view coding, std::optional<int> level) {
  if (equalIgnoringCase(coding, "gzip") || equalIgnoringCase(coding, "x-gzip")) return detail::makeGzipEncoder(std::clamp(level.value_or(5), 1, 9));
  if (equalIgnoringCase(coding, "br")) return detail::makeBrotliEncoder(std::clamp(level.value_or(4), 0, 11));
  if (equalIgnoringCase(coding, "zstd")) return detail::makeZstdEncoder(std::clamp(level.value_or(3), 1, 19));
  throw ContentCodingError(coding, 0, "the coding is not known");
}

}  // namespace

ContentEncoder::ContentEncoder(std::string_view coding, std::optional<int> level) : layer_(makeLayer(coding, level)) {}
ContentEncoder::ContentEncoder(ContentEncoder&&) noexcept = default;
ContentEncoder& ContentEncoder::operator=(ContentEncoder&&) noexcept = default;
ContentEncoder::~ContentEncoder() = default;

void ContentEncoder::feed(std::string_view bytes, std::string& out) {
  if (!bytes.empty()) layer_->encode(bytes, detail::EncodingLayer::Then::Continue, out);
}
void ContentEncoder::flush(std::string& out) { layer_->encode({}, detail::EncodingLayer::Then::Flush, out); }
void ContentEncoder::finish(std::string& out) { layer_->encode({}, detail::EncodingLayer::Then::Finish, out); }

}  // namespace weft::http
