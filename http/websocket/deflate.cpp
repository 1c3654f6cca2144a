#include <weft/http/websocket/internal/deflate.hpp>

#include <weft/http/content_coding/internal/context_pool.hpp>

#include <zlib.h>

#include <algorithm>
#include <array>
#include <limits>
#include <new>
#include <utility>

namespace weft::http::detail {

struct InflateContext {
  InflateContext() {
    if (inflateInit2(&stream, -15) != Z_OK) throw std::bad_alloc();
  }
  ~InflateContext() { inflateEnd(&stream); }
  InflateContext(const InflateContext&) = delete;
  InflateContext& operator=(const InflateContext&) = delete;

  z_stream stream{};                 // it knows its own address: never moved
};

struct DeflateContext {
  DeflateContext(int windowBits, int level) : level(level) {
    if (deflateInit2(&stream, level, Z_DEFLATED, -windowBits, 8, Z_DEFAULT_STRATEGY) != Z_OK) throw std::bad_alloc();
  }
  ~DeflateContext() { deflateEnd(&stream); }
  DeflateContext(const DeflateContext&) = delete;
  DeflateContext& operator=(const DeflateContext&) = delete;

  z_stream stream{};
  int level;
};

namespace {

constexpr std::size_t kStep = 16 * 1024;
// A sync flush ends with an empty stored block, which is not sent: section 7.2.1.
constexpr std::string_view kTail("\0\0\xFF\xFF", 4);

Bytef* bytesOf(const char* text) noexcept { return reinterpret_cast<Bytef*>(const_cast<char*>(text)); }
uInt atMost(std::size_t size) noexcept { return static_cast<uInt>(std::min<std::size_t>(size, std::numeric_limits<uInt>::max())); }

// The last block of a message may be marked as the last of a stream (section 7.2.3.4). What follows is a new stream, with the same history.
void beginAgain(z_stream& z) {
  std::array<Bytef, 32768> history;
  uInt size = 0;
  if (inflateGetDictionary(&z, history.data(), &size) != Z_OK || inflateReset(&z) != Z_OK) throw std::bad_alloc();
  if (size > 0) inflateSetDictionary(&z, history.data(), size);
}

/// The deflaters that no connection keeps: one of each window size for all messages of a thread, since a message is deflated in one go.
std::unique_ptr<DeflateContext>& sharedDeflater(int windowBits) {
  static thread_local std::array<std::unique_ptr<DeflateContext>, 16> contexts;
  return contexts[static_cast<std::size_t>(windowBits)];
}

}  // namespace

MessageInflater::MessageInflater(int windowBits, bool keepContext) noexcept : windowBits_(static_cast<std::uint8_t>(windowBits)), keepContext_(keepContext) {}

MessageInflater::~MessageInflater() {
  if (context_) ContextPool<InflateContext>::give(std::move(context_));
}

MessageInflater::Result MessageInflater::add(std::string_view in, std::string& out, std::size_t limit) {
  if (!context_) {
    context_ = ContextPool<InflateContext>::take();
    if (inflateReset2(&context_->stream, -windowBits_) != Z_OK) throw std::bad_alloc();
  }
  z_stream& z = context_->stream;
  std::array<char, kStep> room;
  for (bool more = true; more;) {
    z.next_in = bytesOf(in.data());
    z.avail_in = atMost(in.size());
    z.next_out = bytesOf(room.data());
    z.avail_out = kStep;
    const uInt offered = z.avail_in;
    const int result = ::inflate(&z, Z_SYNC_FLUSH);
    const std::size_t used = offered - z.avail_in;
    const std::size_t made = kStep - z.avail_out;
    in.remove_prefix(used);
    if (made > limit - out.size()) return Result::TooLarge;
    out.append(room.data(), made);
    if (result == Z_STREAM_END)
      beginAgain(z);
    else if (result == Z_MEM_ERROR)
      throw std::bad_alloc();
    else if (result != Z_OK && result != Z_BUF_ERROR)
      return Result::Damaged;
    more = !in.empty() || z.avail_out == 0;            // a full output may leave more to come
    if (used == 0 && made == 0 && result != Z_STREAM_END) break;
  }
  return Result::Good;
}

MessageInflater::Result MessageInflater::finish(std::string& out, std::size_t limit) {
  // Of that empty block only the head has come.
  const bool complete = context_ && inflateSyncPoint(&context_->stream);
  const Result result = complete ? add(kTail, out, limit) : Result::Damaged;
  if (context_ && !keepContext_) ContextPool<InflateContext>::give(std::move(context_));
  return result;
}

MessageDeflater::MessageDeflater(int windowBits, bool keepContext, int level) noexcept
    : windowBits_(static_cast<std::uint8_t>(windowBits)), level_(static_cast<std::uint8_t>(level)), keepContext_(keepContext) {}

MessageDeflater::~MessageDeflater() = default;

void MessageDeflater::deflate(std::string_view message, std::string& out) {
  std::unique_ptr<DeflateContext>& context = keepContext_ ? context_ : sharedDeflater(windowBits_);
  if (!context || context->level != level_)
    context = std::make_unique<DeflateContext>(windowBits_, level_);
  else if (!keepContext_)
    deflateReset(&context->stream);
  z_stream& z = context->stream;
  std::array<char, kStep> room;
  do {
    const uInt offered = z.avail_in = atMost(message.size());
    z.next_in = bytesOf(message.data());
    const bool last = offered == message.size();
    do {
      z.next_out = bytesOf(room.data());
      z.avail_out = kStep;
      ::deflate(&z, last ? Z_SYNC_FLUSH : Z_NO_FLUSH);
      out.append(room.data(), kStep - z.avail_out);
    } while (z.avail_out == 0);
    message.remove_prefix(offered - z.avail_in);
  } while (!message.empty());
  out.resize(out.size() - kTail.size());
}

}  // namespace weft::http::detail
