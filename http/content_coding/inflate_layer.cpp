#include <weft/http/content_coding/internal/context_pool.hpp>

#include <zlib.h>

#include <algorithm>
#include <array>
#include <limits>
#include <new>
#include <string>
#include <utility>

namespace weft::http::detail {

CodecCounts& codecCounts() noexcept {
  static thread_local CodecCounts counts;
  return counts;
}

namespace {

constexpr int kZlib = 15;            // windowBits: the largest window, in zlib's frame
constexpr int kGzip = 15 + 16;
constexpr int kRaw = -15;

// inflateInit costs an allocation of 7 KB and, at the first output, one of 32 KB; inflateReset2 costs neither.
struct Inflater {
  Inflater() {
    if (inflateInit2(&stream, kZlib) != Z_OK) throw std::bad_alloc();
  }
  ~Inflater() { inflateEnd(&stream); }
  Inflater(const Inflater&) = delete;
  Inflater& operator=(const Inflater&) = delete;

  z_stream stream{};                 // it knows its own address: never moved
};

class InflateLayer final : public DecodingLayer {
 public:
  explicit InflateLayer(bool gzip) : inflater_(ContextPool<Inflater>::take()), gzip_(gzip) {
    if (gzip) begin(kGzip);
  }
  ~InflateLayer() override { ContextPool<Inflater>::give(std::move(inflater_)); }

  Step step(std::string_view in, char* out, std::size_t room) override {
    Step done;
    for (;;) {
      switch (state_) {
        case State::Sniffing:
          if (!sniff(in, done)) return done;
          break;
        case State::Inflating:
          if (!inflateSome(in, out, room, done)) return done;
          break;
        case State::Trailing:
          done.used = in.size();
          return done;
      }
    }
  }

  bool atEnd() const noexcept override {
    if (state_ == State::Sniffing) return headSize_ == 0;
    return state_ == State::Trailing || (gzip_ && taken_ == 0);
  }

 private:
  enum class State : std::uint8_t { Sniffing, Inflating, Trailing };

  const char* name() const noexcept { return gzip_ ? "gzip" : "deflate"; }

  void begin(int windowBits) {
    if (inflateReset2(&inflater_->stream, windowBits) != Z_OK) throw std::bad_alloc();
    state_ = State::Inflating;
  }

  // Deflate: which of the two forms is it? A zlib header is two bytes, a multiple of 31 that names method 8. A bare stream that looked like it would begin with a
  // stored block whose padding is not zero, which no compressor writes. Gzip, after a member: does another one begin? False: more bytes are needed.
  bool sniff(std::string_view in, Step& done) {
    const std::size_t wanted = gzip_ ? 3 : 2;
    while (headSize_ < wanted && done.used < in.size()) {
      constexpr unsigned char kMember[] = {0x1F, 0x8B, 8};
      const auto byte = static_cast<unsigned char>(in[done.used]);
      if (gzip_ && byte != kMember[headSize_]) {
        state_ = State::Trailing;
        return true;
      }
      head_[headSize_++] = byte;
      ++done.used;
    }
    if (headSize_ < wanted) return false;
    const bool zlib = !gzip_ && (head_[0] & 15) == 8 && head_[0] >> 4 <= 7 && (head_[0] << 8 | head_[1]) % 31 == 0;
    begin(gzip_ ? kGzip : zlib ? kZlib : kRaw);
    return true;
  }

  // False: there is nothing left to do in this step.
  bool inflateSome(std::string_view in, char* out, std::size_t room, Step& done) {
    z_stream& z = inflater_->stream;
    const bool fromHead = headAt_ < headSize_;
    const auto* from = fromHead ? head_.data() + headAt_ : reinterpret_cast<const unsigned char*>(in.data()) + done.used;
    const std::size_t size = fromHead ? headSize_ - headAt_ : in.size() - done.used;
    z.next_in = const_cast<unsigned char*>(from);
    z.avail_in = static_cast<uInt>(std::min<std::size_t>(size, std::numeric_limits<uInt>::max()));
    const uInt offered = z.avail_in;
    z.next_out = reinterpret_cast<unsigned char*>(out) + done.written;
    z.avail_out = static_cast<uInt>(std::min<std::size_t>(room - done.written, std::numeric_limits<uInt>::max()));
    const uInt space = z.avail_out;
    ++codecCounts().calls;
    const int result = inflate(&z, Z_NO_FLUSH);
    const std::size_t used = offered - z.avail_in;
    taken_ += used;
    done.written += space - z.avail_out;
    if (fromHead) headAt_ += static_cast<std::uint8_t>(used);
    else done.used += used;
    switch (result) {
      case Z_STREAM_END:
        headAt_ = headSize_ = 0;     // two bytes at the least: nothing of them is left over
        state_ = gzip_ ? State::Sniffing : State::Trailing;
        return true;
      case Z_OK:
      case Z_BUF_ERROR: return done.written < room && (fromHead ? used > 0 : done.used < in.size());
      case Z_NEED_DICT: throw ContentCodingError(name(), taken_, "it needs a dictionary");
      case Z_MEM_ERROR: throw std::bad_alloc();
      default: throw ContentCodingError(name(), taken_, z.msg ? z.msg : "its data is damaged");
    }
  }

  std::unique_ptr<Inflater> inflater_;
  std::uint64_t taken_ = 0;
  std::array<unsigned char, 3> head_{};
  std::uint8_t headSize_ = 0;
  std::uint8_t headAt_ = 0;
  State state_ = State::Sniffing;
  bool gzip_;
};

}  // namespace

std::unique_ptr<DecodingLayer> makeGzipLayer() { return std::make_unique<InflateLayer>(true); }
std::unique_ptr<DecodingLayer> makeDeflateLayer() { return std::make_unique<InflateLayer>(false); }

}  // namespace weft::http::detail
