#include <weft/http/content_coding/internal/decoding_layer.hpp>

#include <brotli/decode.h>

#include <new>

namespace weft::http::detail {
namespace {

struct DestroyDecoder {
  void operator()(BrotliDecoderState* state) const noexcept { BrotliDecoderDestroyInstance(state); }
};

// Brotli's decoder cannot be started anew, so there is no pool: its state is 5 KB, and its window grows with what is decoded, to 16 MiB at most (large windows, an
// extension that the web does not know, stay off).
class BrotliLayer final : public DecodingLayer {
 public:
  BrotliLayer() : state_(BrotliDecoderCreateInstance(nullptr, nullptr, nullptr)) {
    if (!state_) throw std::bad_alloc();
    ++codecCounts().made;
  }

  Step step(std::string_view in, char* out, std::size_t room) override {
    if (ended_) return {in.size(), 0};
    const auto* next = reinterpret_cast<const std::uint8_t*>(in.data());
    std::size_t left = in.size();
    auto* to = reinterpret_cast<std::uint8_t*>(out);
    std::size_t space = room;
    ++codecCounts().calls;
    const BrotliDecoderResult result = BrotliDecoderDecompressStream(state_.get(), &left, &next, &space, &to, nullptr);
    taken_ += in.size() - left;
    if (result == BROTLI_DECODER_RESULT_ERROR) {
      const char* reason = BrotliDecoderErrorString(BrotliDecoderGetErrorCode(state_.get()));
      throw ContentCodingError("br", taken_, reason ? reason : "its data is damaged");
    }
    ended_ = result == BROTLI_DECODER_RESULT_SUCCESS;
    if (ended_) left = 0;            // what follows is ignored, as browsers do
    return {in.size() - left, room - space};
  }

  bool atEnd() const noexcept override { return ended_ || taken_ == 0; }

 private:
  std::unique_ptr<BrotliDecoderState, DestroyDecoder> state_;
  std::uint64_t taken_ = 0;
  bool ended_ = false;
};

}  // namespace

std::unique_ptr<DecodingLayer> makeBrotliLayer() { return std::make_unique<BrotliLayer>(); }

}  // namespace weft::http::detail
