#include <weft/http/server/compress.hpp>

#include <weft/http/content_coding/content_encoder.hpp>
#include <weft/http/header_values/entity_tag.hpp>
#include <weft/http/header_values/media_type.hpp>
#include <weft/http/header_values/quality_list.hpp>
#include <weft/http/internal/body_files.hpp>
#include <weft/http/internal/framing.hpp>

#include <algorithm>
#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

namespace weft::http {
namespace {

constexpr std::size_t kOnThread = 16 * 1024;           // a piece of that size takes longer to code than the trip to another thread and back

constexpr auto kTypes = std::to_array<std::string_view>({
    "application/ecmascript",
    "application/javascript",
    "application/jsonl",
    "application/rtf",
    "application/sql",
    "application/toml",
    "application/vnd.ms-fontobject",
    "application/wasm",
    "application/x-javascript",
    "application/x-ndjson",
    "application/x-tar",
    "application/yaml",
    "font/otf",
    "font/ttf",
    "image/bmp",
    "image/svg+xml",
    "image/vnd.microsoft.icon",
    "image/x-icon",
});

bool isWorthIt(const MediaType& type, const CompressOptions& options) {
  const std::string essence = type.essence();
  return type.type == "text" || type.isJson() || type.isXml() || std::find(kTypes.begin(), kTypes.end(), essence) != kTypes.end() ||
         std::any_of(options.types.begin(), options.types.end(), [&](const std::string& one) { return equalIgnoringCase(one, essence); });
}

// Streams whose pieces somebody waits for.
bool isWaitedFor(const MediaType& type) {
  const std::string essence = type.essence();
  return essence == "text/event-stream" || essence == "application/jsonl" || essence == "application/x-ndjson" || essence == "application/json-seq";
}

// Empty: none. RFC 9110 section 12.5.3; without the field nothing is coded, for old clients.
std::string chosenCoding(const Request& request, const CompressOptions& options) {
  if (!request.headers.has("Accept-Encoding") || request.headers.hasToken("Cache-Control", "no-transform")) return {};
  const auto list = parseQualityList(request.headers.getCombined("Accept-Encoding"));
  if (list.empty()) return {};
  std::string best;
  int bestQuality = std::max(1, qualityOf(list, "identity"));
  for (const std::string& coding : options.codings) {
    const int quality = qualityOf(list, coding);
    if (quality > bestQuality || (best.empty() && quality == bestQuality)) {
      best = coding;
      bestQuality = quality;
    }
  }
  return best;
}

void weaken(Headers& headers) {
  const auto tag = EntityTag::parse(headers.get("ETag", ""));
  if (!tag || tag->weak) return;
  EntityTag weak = *tag;
  weak.weak = true;
  headers.set("ETag", weak.toString());
}

/// A body, coded.
class CodedBody final : public BodySource, public std::enable_shared_from_this<CodedBody> {
 public:
  CodedBody(std::shared_ptr<BodySource> inner, std::string coding, bool flushes) : inner_(std::move(inner)), coding_(std::move(coding)), flushes_(flushes) {}
  Deferred<Length> open() override {
    return inner_->open().addCallback([self = shared_from_this()](Length length) {
      self->length_ = length;
      return Length();
    });
  }
  AsyncGenerator<std::string> chunks() override { return pieces(shared_from_this(), inner_->chunks()); }
  bool isRepeatable() const noexcept override { return inner_->isRepeatable(); }

 private:
  static AsyncGenerator<std::string> pieces(std::shared_ptr<CodedBody> self, AsyncGenerator<std::string> inner) {
    const auto encoder = std::make_shared<ContentEncoder>(self->coding_);
    std::uint64_t taken = 0;
    while (auto piece = co_await inner.next()) {
      taken += piece->size();
      std::string out;
      if (piece->size() >= kOnThread) {
        auto coding = detail::onFileThread([encoder, bytes = std::move(*piece), flushes = self->flushes_] { return coded(*encoder, bytes, flushes); });
        out = co_await coding;
      } else {
        out = coded(*encoder, *piece, self->flushes_);
      }
      if (!out.empty()) co_yield std::move(out);
    }
    // The end of the coding must not make a body look whole that is not.
    if (self->length_ && taken != *self->length_)
      throw Error("the body of a response has another length than it says: " + std::to_string(taken) + " instead of " + std::to_string(*self->length_) + " bytes, before it is coded");
    std::string end;
    encoder->finish(end);
    co_yield std::move(end);
  }
  static std::string coded(ContentEncoder& encoder, std::string_view bytes, bool flushes) {
    std::string out;
    encoder.feed(bytes, out);
    if (flushes) encoder.flush(out);
    return out;
  }

  const std::shared_ptr<BodySource> inner_;
  const std::string coding_;
  const bool flushes_;
  Length length_;
};

Response codedResponse(Response response, const std::string& coding, bool toHead, const CompressOptions& options) {
  Headers& headers = response.headers;
  if (response.status == 304 && !coding.empty()) weaken(headers);            // of what a 200 would have been
  if (detail::hasNoBody(response.status) || response.status == 206 || response.takeOver()) return response;
  for (const char* name : {"Content-Encoding", "Content-Range", "Content-Digest", "Repr-Digest"})
    if (headers.has(name)) return response;
  if (headers.hasToken("Cache-Control", "no-transform")) return response;
  const auto type = MediaType::parse(headers.get("Content-Type", ""));
  if (!type || !isWorthIt(*type, options)) return response;
  std::optional<std::uint64_t> length = response.contentLength();
  const bool inMemory = response.body.complete();
  if (inMemory && (!toHead || !response.body.buffered().empty())) length = response.body.buffered().size();
  if (length && *length < options.minBytes) return response;
  if (toHead && !length) return response;                                    // nobody knows what a GET would get
  if (!headers.hasToken("Vary", "Accept-Encoding") && !headers.hasToken("Vary", "*")) headers.add("Vary", "Accept-Encoding");
  if (coding.empty()) return response;
  headers.add("Content-Encoding", coding);
  headers.remove("Content-Length");
  headers.remove("Accept-Ranges");
  weaken(headers);
  if (inMemory && !toHead && *length < 2 * kOnThread) {
    ContentEncoder encoder(coding);
    std::string out;
    encoder.feed(response.body.buffered(), out);
    encoder.finish(out);
    response.body = Body(std::move(out));
    return response;
  }
  std::shared_ptr<BodySource> inner = response.body.takeSource();
  if (!inner && inMemory) inner = bytesBody(response.body.take());
  if (!inner) inner = generatedBody(std::move(response.body).chunks(), length);
  response.setBody(std::make_shared<CodedBody>(std::move(inner), coding, isWaitedFor(*type)));
  return response;
}

}  // namespace

Layer compress(CompressOptions options) {
  for (const std::string& coding : options.codings) ContentEncoder known(coding);      // refuses what it does not know
  return [options = std::make_shared<const CompressOptions>(std::move(options))](Request request, const Handler& next) {
    std::string coding = chosenCoding(request, *options);
    const bool toHead = request.method() == "HEAD";
    return next(std::move(request)).addCallback([options, coding = std::move(coding), toHead](Response response) { return codedResponse(std::move(response), coding, toHead, *options); });
  };
}

}  // namespace weft::http
