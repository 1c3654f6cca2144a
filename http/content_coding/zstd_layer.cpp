#include <weft/http/content_coding/internal/context_pool.hpp>

#include <zstd.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <new>
#include <utility>

namespace weft::http::detail {
namespace {

constexpr int kMaxWindowLog = 23;                   // 8 MiB: RFC 9659 section 3
constexpr std::size_t kKeptContextBytes = 4 << 20;  // what zstd's usual window of 2 MiB needs; a context with a larger one is not kept

struct Context {
  Context() : zstd(ZSTD_createDCtx()) {
    if (!zstd) throw std::bad_alloc();
    ZSTD_DCtx_setParameter(zstd, ZSTD_d_windowLogMax, kMaxWindowLog);
  }
  ~Context() { ZSTD_freeDCtx(zstd); }
  Context(const Context&) = delete;
  Context& operator=(const Context&) = delete;

  ZSTD_DCtx* zstd;
};

class ZstdLayer final : public DecodingLayer {
 public:
  ZstdLayer() : context_(ContextPool<Context, 2>::take()) { ZSTD_DCtx_reset(context_->zstd, ZSTD_reset_session_only); }
  ~ZstdLayer() override {
    if (ZSTD_sizeof_DCtx(context_->zstd) <= kKeptContextBytes) ContextPool<Context, 2>::give(std::move(context_));
  }

  Step step(std::string_view in, char* out, std::size_t room) override {
    Step done;
    for (;;) {
      switch (state_) {
        case State::Magic:
          if (!readMagic(in, done)) return done;
          break;
        case State::Frame:
          if (!decodeSome(in, out, room, done)) return done;
          break;
        case State::Trailing:
          done.used = in.size();
          return done;
      }
    }
  }

  // Between two frames, or before the first.
  bool atEnd() const noexcept override { return state_ == State::Trailing || (state_ == State::Magic && headSize_ == 0); }

 private:
  enum class State : std::uint8_t { Magic, Frame, Trailing };

  // The four bytes that a frame, or one to be skipped, begins with. What is neither is an error at the start, and ignored after a frame. False: more is needed.
  bool readMagic(std::string_view in, Step& done) {
    while (headSize_ < 4 && done.used < in.size()) {
      constexpr unsigned char kFrame[] = {0x28, 0xB5, 0x2F, 0xFD}, kSkippable[] = {0x50, 0x2A, 0x4D, 0x18};
      const auto byte = static_cast<unsigned char>(in[done.used]);
      const bool skippable = headSize_ == 0 ? (byte & 0xF0) == 0x50 : (head_[0] & 0xF0) == 0x50;
      const bool right = skippable ? headSize_ == 0 || byte == kSkippable[headSize_] : byte == kFrame[headSize_];
      if (!right) {
        if (!hadFrame_) throw ContentCodingError("zstd", taken_, "it does not begin with a frame");
        state_ = State::Trailing;
        return true;
      }
      head_[headSize_++] = static_cast<char>(byte);
      ++done.used;
      ++taken_;
    }
    if (headSize_ < 4) return false;
    hadFrame_ = hadFrame_ || head_[0] == 0x28;
    state_ = State::Frame;
    return true;
  }

  // False: there is nothing left to do in this step.
  bool decodeSome(std::string_view in, char* out, std::size_t room, Step& done) {
    const bool fromHead = headAt_ < headSize_;
    ZSTD_inBuffer from{fromHead ? head_.data() + headAt_ : in.data() + done.used, fromHead ? std::size_t{headSize_} - headAt_ : in.size() - done.used, 0};
    ZSTD_outBuffer to{out + done.written, room - done.written, 0};
    ++codecCounts().calls;
    const std::size_t result = ZSTD_decompressStream(context_->zstd, &to, &from);
    done.written += to.pos;
    if (fromHead) {
      headAt_ = static_cast<std::uint8_t>(headAt_ + from.pos);
    } else {
      done.used += from.pos;
      taken_ += from.pos;
    }
    if (ZSTD_isError(result)) throw ContentCodingError("zstd", taken_, ZSTD_getErrorName(result));
    if (result == 0) {
      state_ = State::Magic;
      headAt_ = headSize_ = 0;
      return true;
    }
    return done.written < room && (to.pos > 0 || from.pos > 0) && (fromHead || done.used < in.size() || to.pos > 0);
  }

  std::unique_ptr<Context> context_;
  std::uint64_t taken_ = 0;
  std::array<char, 4> head_{};
  std::uint8_t headSize_ = 0;
  std::uint8_t headAt_ = 0;
  State state_ = State::Magic;
  bool hadFrame_ = false;
};

}  // namespace

std::unique_ptr<DecodingLayer> makeZstdLayer() { return std::make_unique<ZstdLayer>(); }

}  // namespace weft::http::detail
