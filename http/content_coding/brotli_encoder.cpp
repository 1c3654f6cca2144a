#include <weft/http/content_coding/internal/encoding_layer.hpp>

#include <brotli/encode.h>

#include <new>

namespace weft::http::detail {
namespace {

constexpr std::uint32_t kWindowBits = 18;              // 256 KB: pages are smaller, and the encoder's memory grows with it

struct DestroyEncoder {
  void operator()(BrotliEncoderState* state) const noexcept { BrotliEncoderDestroyInstance(state); }
};

// Brotli's encoder cannot be started anew, so there is no pool.
class BrotliEncoder final : public EncodingLayer {
 public:
  explicit BrotliEncoder(int level) : state_(BrotliEncoderCreateInstance(nullptr, nullptr, nullptr)) {
    if (!state_) throw std::bad_alloc();
    BrotliEncoderSetParameter(state_.get(), BROTLI_PARAM_QUALITY, static_cast<std::uint32_t>(level));
    BrotliEncoderSetParameter(state_.get(), BROTLI_PARAM_LGWIN, kWindowBits);
  }

  void encode(std::string_view in, Then then, std::string& out) override {
    const auto operation = then == Then::Continue ? BROTLI_OPERATION_PROCESS : then == Then::Flush ? BROTLI_OPERATION_FLUSH : BROTLI_OPERATION_FINISH;
    std::size_t left = in.size();
    const auto* from = reinterpret_cast<const std::uint8_t*>(in.data());
    do {
      std::size_t room = 0;
      std::uint8_t* none = nullptr;
      if (!BrotliEncoderCompressStream(state_.get(), operation, &left, &from, &room, &none, nullptr)) throw std::bad_alloc();
      for (std::size_t size = 0; const std::uint8_t* const bytes = BrotliEncoderTakeOutput(state_.get(), &size); size = 0) {
        if (size == 0) break;
        out.append(reinterpret_cast<const char*>(bytes), size);
      }
    } while (left > 0 || BrotliEncoderHasMoreOutput(state_.get()) || (then == Then::Finish && !BrotliEncoderIsFinished(state_.get())));
  }

 private:
  std::unique_ptr<BrotliEncoderState, DestroyEncoder> state_;
};

}  // namespace

std::unique_ptr<EncodingLayer> makeBrotliEncoder(int level) { return std::make_unique<BrotliEncoder>(level); }

}  // namespace weft::http::detail
