#include <weft/crawler/feeds/packer.hpp>

#include <weft/crawler/error.hpp>

#include <zlib.h>
#include <zstd.h>

#include <memory>
#include <new>
#include <utility>

namespace weft::crawler {

namespace {

class Gzip {
 public:
  Gzip() {
    if (deflateInit2(&stream_, Z_DEFAULT_COMPRESSION, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY) != Z_OK) throw std::bad_alloc();   // 16: gzip's header and trailer
  }
  Gzip(const Gzip&) = delete;
  ~Gzip() { deflateEnd(&stream_); }
  void pack(std::string& text) {
    deflateReset(&stream_);
    std::string packed(deflateBound(&stream_, text.size()), '\0');
    stream_.next_in = reinterpret_cast<Bytef*>(text.data());
    stream_.avail_in = static_cast<uInt>(text.size());
    stream_.next_out = reinterpret_cast<Bytef*>(packed.data());
    stream_.avail_out = static_cast<uInt>(packed.size());
    if (text.size() > 1u << 30 || deflate(&stream_, Z_FINISH) != Z_STREAM_END) throw Error("gzip cannot compress " + std::to_string(text.size()) + " bytes at once");
    packed.resize(packed.size() - stream_.avail_out);
    text = std::move(packed);
  }

 private:
  z_stream stream_{};
};

class Zstd {
 public:
  Zstd() : context_(ZSTD_createCCtx()) {
    if (!context_) throw std::bad_alloc();
    ZSTD_CCtx_setParameter(context_, ZSTD_c_checksumFlag, 1);
  }
  Zstd(const Zstd&) = delete;
  ~Zstd() { ZSTD_freeCCtx(context_); }
  void pack(std::string& text) {
    std::string packed(ZSTD_compressBound(text.size()), '\0');
    const std::size_t size = ZSTD_compress2(context_, packed.data(), packed.size(), text.data(), text.size());
    if (ZSTD_isError(size)) throw Error(std::string("zstd cannot compress: ") + ZSTD_getErrorName(size));
    packed.resize(size);
    text = std::move(packed);
  }

 private:
  ZSTD_CCtx* context_;
};

template <class Coder> Packer packer() {
  return [coder = std::make_shared<Coder>()](std::string& text) { coder->pack(text); };
}

}  // namespace

Packer makePacker(std::string_view extension) {
  if (extension == "gz") return packer<Gzip>();
  if (extension == "zst") return packer<Zstd>();
  return {};
}

}  // namespace weft::crawler
