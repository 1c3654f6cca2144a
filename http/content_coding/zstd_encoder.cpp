#include <weft/http/content_coding/internal/context_pool.hpp>
#include <weft/http/content_coding/internal/encoding_layer.hpp>

#include <zstd.h>

#include <array>
#include <new>
#include <utility>

namespace weft::http::detail {
namespace {

struct Compressor {
  Compressor() : zstd(ZSTD_createCCtx()) {
    if (!zstd) throw std::bad_alloc();
  }
  ~Compressor() { ZSTD_freeCCtx(zstd); }
  Compressor(const Compressor&) = delete;
  Compressor& operator=(const Compressor&) = delete;

  ZSTD_CCtx* zstd;
};

constexpr int kWindowLog = 20;                         // 1 MiB; readers may refuse more than 8 (RFC 9659 section 3)

class ZstdEncoder final : public EncodingLayer {
 public:
  explicit ZstdEncoder(int level) : context_(ContextPool<Compressor, 2>::take()) {
    ZSTD_CCtx_reset(context_->zstd, ZSTD_reset_session_and_parameters);
    ZSTD_CCtx_setParameter(context_->zstd, ZSTD_c_compressionLevel, level);
    ZSTD_CCtx_setParameter(context_->zstd, ZSTD_c_windowLog, kWindowLog);
  }
  ~ZstdEncoder() override { ContextPool<Compressor, 2>::give(std::move(context_)); }

  void encode(std::string_view in, Then then, std::string& out) override {
    const auto directive = then == Then::Continue ? ZSTD_e_continue : then == Then::Flush ? ZSTD_e_flush : ZSTD_e_end;
    ZSTD_inBuffer from{in.data(), in.size(), 0};
    std::array<char, 16 * 1024> piece;
    std::size_t left;
    do {
      ZSTD_outBuffer to{piece.data(), piece.size(), 0};
      left = ZSTD_compressStream2(context_->zstd, &to, &from, directive);
      if (ZSTD_isError(left)) throw std::bad_alloc();
      out.append(piece.data(), to.pos);
    } while (from.pos < from.size || (then != Then::Continue && left > 0));
  }

 private:
  std::unique_ptr<Compressor> context_;
};

}  // namespace

std::unique_ptr<EncodingLayer> makeZstdEncoder(int level) { return std::make_unique<ZstdEncoder>(level); }

}  // namespace weft::http::detail
