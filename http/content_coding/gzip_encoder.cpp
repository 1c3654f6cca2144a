#include <weft/http/content_coding/internal/context_pool.hpp>
#include <weft/http/content_coding/internal/encoding_layer.hpp>

#include <zlib.h>

#include <algorithm>
#include <array>
#include <limits>
#include <new>
#include <utility>

namespace weft::http::detail {
namespace {

constexpr int kGzipWindow = 15 + 16;       // the largest window, with gzip's head and end
constexpr int kMemory = 8;           // zlib's own default: 256 KB a context

struct Deflater {
  Deflater() {
    if (deflateInit2(&stream, 1, Z_DEFLATED, kGzipWindow, kMemory, Z_DEFAULT_STRATEGY) != Z_OK) throw std::bad_alloc();
  }
  ~Deflater() { deflateEnd(&stream); }
  Deflater(const Deflater&) = delete;
  Deflater& operator=(const Deflater&) = delete;

  z_stream stream{};
};

class GzipEncoder final : public EncodingLayer {
 public:
  explicit GzipEncoder(int level) : deflater_(ContextPool<Deflater>::take()) {
    deflateReset(&deflater_->stream);
    deflateParams(&deflater_->stream, level, Z_DEFAULT_STRATEGY);
  }
  ~GzipEncoder() override { ContextPool<Deflater>::give(std::move(deflater_)); }

  void encode(std::string_view in, Then then, std::string& out) override {
    z_stream& z = deflater_->stream;
    std::array<char, 16 * 1024> piece;
    for (;;) {
      z.next_in = reinterpret_cast<unsigned char*>(const_cast<char*>(in.data()));
      z.avail_in = static_cast<uInt>(std::min<std::size_t>(in.size(), std::numeric_limits<uInt>::max()));
      const uInt offered = z.avail_in;
      const bool last = offered == in.size();
      z.next_out = reinterpret_cast<unsigned char*>(piece.data());
      z.avail_out = piece.size();
      const int result = deflate(&z, !last || then == Then::Continue ? Z_NO_FLUSH : then == Then::Flush ? Z_SYNC_FLUSH : Z_FINISH);
      in.remove_prefix(offered - z.avail_in);
      out.append(piece.data(), piece.size() - z.avail_out);
      if (result == Z_STREAM_END || (result == Z_BUF_ERROR && in.empty())) return;
      if (result == Z_STREAM_ERROR) throw std::bad_alloc();
      if (in.empty() && z.avail_out > 0 && then != Then::Finish) return;
    }
  }

 private:
  std::unique_ptr<Deflater> deflater_;
};

}  // namespace

std::unique_ptr<EncodingLayer> makeGzipEncoder(int level) { return std::make_unique<GzipEncoder>(level); }

}  // namespace weft::http::detail
