#include <weft/http/content_coding/content_decoder.hpp>

#include <weft/http/content_coding/internal/decoding_layer.hpp>
#include <weft/http/headers.hpp>

#include <algorithm>
#include <array>
#include <limits>
#include <utility>

namespace weft::http {
namespace {

constexpr std::size_t kDecodedPiece = 16 * 1024;           // decoded at a time

std::unique_ptr<detail::DecodingLayer> makeLayer(std::string_view coding) {
  if (equalIgnoringCase(coding, "gzip") || equalIgnoringCase(coding, "x-gzip")) return detail::makeGzipLayer();
  if (equalIgnoringCase(coding, "deflate")) return detail::makeDeflateLayer();
  if (equalIgnoringCase(coding, "br")) return detail::makeBrotliLayer();
  if (equalIgnoringCase(coding, "zstd")) return detail::makeZstdLayer();
  return nullptr;
}

}  // namespace

struct ContentDecoder::Stage {
  std::string coding;
  std::unique_ptr<detail::DecodingLayer> layer;
  std::unique_ptr<std::array<char, kDecodedPiece>> buffer; // what the stage before decoded; the first reads the input itself
  std::size_t at = 0;
  std::size_t end = 0;
  std::uint64_t taken = 0;
};

ContentDecoder::ContentDecoder(std::string_view contentEncoding, const ContentDecoderOptions& options)
    : codings_(contentEncoding), options_(options) {
  std::string_view list = codings_;
  while (!list.empty()) {                           // from the right: the last one was applied last
    const std::size_t comma = list.rfind(',');
    const std::string_view coding = trimmed(comma == std::string_view::npos ? list : list.substr(comma + 1));
    const std::string_view before = comma == std::string_view::npos ? std::string_view() : list.substr(0, comma);
    if (!coding.empty() && !equalIgnoringCase(coding, "identity")) {
      auto layer = makeLayer(coding);
      if (!layer) {
        if (options_.unknown == ContentDecoderOptions::Unknown::Refuse) throw ContentCodingError(coding, 0, "the coding is not known");
        remaining_ = trimmed(list);
        return;
      }
      if (stages_.size() == options_.maxLayers)
        throw ContentCodingError(codings_, 0, "there are more than " + std::to_string(options_.maxLayers) + " codings on top of each other");
      stages_.push_back({std::string(coding), std::move(layer), stages_.empty() ? nullptr : std::make_unique<std::array<char, kDecodedPiece>>()});
    }
    list = before;
  }
}

ContentDecoder::ContentDecoder(ContentDecoder&&) noexcept = default;
ContentDecoder& ContentDecoder::operator=(ContentDecoder&&) noexcept = default;
ContentDecoder::~ContentDecoder() = default;

// Output of the stage at `index`, which pulls from the one before it as it needs to. Less than `room` only when the input is used up.
std::size_t ContentDecoder::pull(std::size_t index, char* out, std::size_t room) {
  Stage& stage = stages_[index];
  std::size_t written = 0;
  for (;;) {
    const std::string_view in = index == 0 ? input_ : std::string_view(stage.buffer->data() + stage.at, stage.end - stage.at);
    const auto step = stage.layer->step(in, out + written, room - written);
    written += step.written;
    stage.taken += step.used;
    if (index == 0) {
      input_.remove_prefix(step.used);
      encoded_ += step.used;
      return written;
    }
    stage.at += step.used;
    if (written == room) return written;
    stage.at = 0;
    stage.end = pull(index - 1, stage.buffer->data(), kDecodedPiece);
    if (stage.end == 0) return written;
  }
}

bool ContentDecoder::decode(std::string_view& bytes, std::string& out, std::size_t room) {
  input_ = bytes;
  std::array<char, kDecodedPiece> piece;
  while (room > 0) {
    // One byte beyond the limit is asked for: without it, a body of just that size would be refused or one too large let pass.
    const std::uint64_t allowed = options_.maxBytes - decoded_;
    std::size_t wanted = std::min(room, kDecodedPiece);
    if (allowed < wanted) wanted = static_cast<std::size_t>(allowed) + 1;
    std::size_t written;
    if (stages_.empty()) {
      written = std::min(wanted, input_.size());
      std::copy_n(input_.data(), written, piece.data());
      input_.remove_prefix(written);
      encoded_ += written;
    } else {
      written = pull(stages_.size() - 1, piece.data(), wanted);
    }
    const std::size_t kept = static_cast<std::size_t>(std::min<std::uint64_t>(written, allowed));
    out.append(piece.data(), kept);
    decoded_ += kept;
    bytes = input_;
    if (kept < written) throw DecodedTooLarge(codings_, options_.maxBytes, encoded_);
    if (options_.maxRatio > 0 && decoded_ > options_.ratioFrom && static_cast<double>(decoded_) > options_.maxRatio * static_cast<double>(encoded_))
      throw DecompressionRatio(codings_, options_.maxRatio, encoded_, decoded_);
    if (written < wanted) return false;
    room -= std::min(room, kept);
  }
  return true;
}

void ContentDecoder::feed(std::string_view bytes, std::string& out) {
  while (decode(bytes, out, std::numeric_limits<std::size_t>::max())) {}
}

void ContentDecoder::finish() {
  for (std::size_t i = 0; i < stages_.size(); ++i) {
    if (stages_[i].layer->atEnd()) continue;
    if (!options_.allowPartial) throw ContentCodingError(stages_[i].coding, stages_[i].taken, "it ends too soon", true);
    partial_ = true;
  }
}

}  // namespace weft::http
