#include <weft/http/client/content_decoder_agent.hpp>

#include <weft/http/client/errors.hpp>
#include <weft/http/internal/filtered_body.hpp>

#include <memory>
#include <optional>
#include <string_view>
#include <utility>

namespace weft::http {
namespace {

class Decoding final : public detail::BodyFilter {
 public:
  Decoding(ContentDecoder decoder, std::string url) : decoder_(std::move(decoder)), url_(std::move(url)) {}

  bool filter(std::string& piece, std::size_t& at, std::string& out, std::size_t room) override {
    std::string_view rest = std::string_view(piece).substr(at);
    bool more = false;
    guarded([&] { more = decoder_.decode(rest, out, room); });
    at = more ? piece.size() - rest.size() : piece.size();       // what follows the end of the coded data is nobody's
    return more;
  }
  void finish() override {
    guarded([&] { decoder_.finish(); });
  }

 private:
  template <class F> void guarded(F f) {
    try {
      f();
    } catch (const Error&) {
      throw ResponseFailed(url_, Failure());
    }
  }

  ContentDecoder decoder_;
  std::string url_;
};

ContentDecoderOptions decoderOptions(const ContentDecoderAgentOptions& options, std::optional<std::size_t> maxBody) {
  return ContentDecoderOptions()
      .setMaxBytes(maxBody ? std::uint64_t{*maxBody} : options.maxBytes)
      .setMaxRatio(options.maxRatio)
      .setRatioFrom(options.ratioFrom)
      .setMaxLayers(options.maxLayers)
      .setAllowPartial(options.allowPartial)
      .setUnknown(ContentDecoderOptions::Unknown::PassThrough);
}

void decode(Response& response, const ContentDecoderOptions& options) {
  std::string url = response.url.withCredentialsRemoved().href();
  std::string coding = response.headers.getCombined("Content-Encoding");
  std::optional<ContentDecoder> decoder;
  try {
    decoder.emplace(coding, options);
  } catch (const Error&) {
    throw ResponseFailed(url, Failure());
  }
  if (decoder->isIdentity()) return;
  if (decoder->remaining().empty())
    response.headers.remove("Content-Encoding");
  else
    response.headers.set("Content-Encoding", decoder->remaining());
  History& history = response.editHistory();
  history.codedLength = response.contentLength();
  history.contentEncoding = std::move(coding);
  response.headers.remove("Content-Length");
  response.body = detail::filteredBody(std::move(response.body), std::make_unique<Decoding>(std::move(*decoder), url), url);
}

}  // namespace

ContentDecoderAgent::ContentDecoderAgent(AnyAgent& agent, ContentDecoderAgentOptions options)
    : agent_(agent), options_(std::make_shared<const ContentDecoderAgentOptions>(std::move(options))) {}

Deferred<Response> ContentDecoderAgent::request(Request request) {
  if (!options_->acceptEncoding.empty() && !request.headers.has("Range")) request.headers.setDefault("Accept-Encoding", options_->acceptEncoding);
  const bool head = request.method() == "HEAD";
  const auto maxBody = request.maxBody;
  return agent_.request(std::move(request)).addCallback([options = options_, maxBody, head](Response response) {
    const bool bodyless = head || response.status == 204 || response.status == 206 || response.status == 304;
    if (!bodyless && response.headers.has("Content-Encoding")) decode(response, decoderOptions(*options, maxBody));
    return response;
  });
}

}  // namespace weft::http
