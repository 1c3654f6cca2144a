#include <weft/http/http2/internal/session.hpp>

#include <weft/http/http2/internal/session_callbacks.hpp>

#include <algorithm>
#include <charconv>
#include <new>
#include <utility>

namespace weft::http::detail {
namespace {

// RFC 7541 section 4.1, and RFC 9113 section 6.5.2: what SETTINGS_MAX_HEADER_LIST_SIZE counts for each field beside its bytes.
constexpr std::size_t kFieldOverhead = 32;
constexpr std::size_t kFrameHead = 9;
constexpr std::size_t kPreface = 24;
constexpr double kControlFramesPerHead = 4;
constexpr std::size_t kMostSentOfAHead = 1024 * 1024;
// Under this the window of a connection cannot be: it begins with so much (RFC 9113 section 6.9.2).
constexpr std::size_t kFirstWindow = 65535;

std::uint32_t number(Http2Code code) noexcept { return static_cast<std::uint32_t>(code); }

struct Options {
  Options() {
    if (nghttp2_option_new(&native) != 0) throw std::bad_alloc();
    nghttp2_option_set_no_auto_window_update(native, 1);
    nghttp2_option_set_no_closed_streams(native, 1);
    nghttp2_option_set_max_send_header_block_length(native, kMostSentOfAHead);
  }
  ~Options() { nghttp2_option_del(native); }
  Options(const Options&) = delete;
  Options& operator=(const Options&) = delete;
  nghttp2_option* native = nullptr;
};

}  // namespace

Session::Session(Kind kind, Handler& handler, const Http2Options& options)
    : handler_(handler),
      options_(options),
      resets_(static_cast<double>(options.resetBurst), options.resetsPerSecond),
      control_(static_cast<double>(options.controlBurst), options.controlPerSecond),
      payload_(kind == Kind::Server ? kPreface : 0),
      kind_(kind) {
  const Options native;
  const int made = kind == Kind::Client ? nghttp2_session_client_new2(&session_, Callbacks::all(), this, native.native)
                                        : nghttp2_session_server_new2(&session_, Callbacks::all(), this, native.native);
  if (made != 0) throw std::bad_alloc();
  const auto window = static_cast<std::uint32_t>(std::clamp<std::size_t>(options.streamWindow, 1, NGHTTP2_MAX_WINDOW_SIZE));
  std::vector<nghttp2_settings_entry> settings{
      {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, window},
      {NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, static_cast<std::uint32_t>(std::min<std::size_t>(options.maxHeaderBytes, UINT32_MAX))},
      {NGHTTP2_SETTINGS_NO_RFC7540_PRIORITIES, 1},
  };
  if (kind == Kind::Client)
    settings.push_back({NGHTTP2_SETTINGS_ENABLE_PUSH, 0});
  else
    settings.push_back({NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, options.maxStreams});
  nghttp2_submit_settings(session_, NGHTTP2_FLAG_NONE, settings.data(), settings.size());
  const std::size_t shared = std::clamp<std::size_t>(options.connectionWindow / 2, kFirstWindow, NGHTTP2_MAX_WINDOW_SIZE);
  nghttp2_session_set_local_window_size(session_, NGHTTP2_FLAG_NONE, 0, static_cast<std::int32_t>(shared));
}

Session::~Session() { nghttp2_session_del(session_); }

Http2Stream* Session::streamOf(std::int32_t id) const noexcept { return static_cast<Http2Stream*>(nghttp2_session_get_stream_user_data(session_, id)); }

// ---- what comes in

bool Session::feed(std::string_view data, std::chrono::nanoseconds now) {
  if (violation_) return false;
  now_ = now;
  const char* flooded = nullptr;
  std::size_t from = 0, at = 0;                        // what is passed on next, and how far it has been looked at
  while (at < data.size()) {
    if (payload_ > 0) {
      const std::size_t size = std::min(payload_, data.size() - at);
      payload_ -= size;
      at += size;
      continue;
    }
    // The head of a frame goes on whole: the library takes each piece of one for one more CONTINUATION.
    const std::size_t begun = at;
    const bool split = !frameHead_.empty();
    while (at < data.size() && frameHead_.size() < kFrameHead) frameHead_.push_back(data[at++]);
    if (frameHead_.size() < kFrameHead || (flooded = countFrame()) != nullptr) {
      at = begun;
      break;
    }
    if (split) {
      if (!pass(frameHead_)) return false;
      from = at;
    }
    frameHead_.clear();
  }
  if (!pass(data.substr(from, at - from))) return false;
  return flooded ? broke(Http2Code::EnhanceYourCalm, flooded) : true;
}

bool Session::pass(std::string_view data) {
  if (data.empty()) return true;
  const ssize_t used = nghttp2_session_mem_recv(session_, reinterpret_cast<const std::uint8_t*>(data.data()), data.size());
  if (violation_) return false;
  if (used >= 0) return true;
  if (used == NGHTTP2_ERR_BAD_CLIENT_MAGIC) return broke(Http2Code::ProtocolError, "the connection does not begin as one of HTTP/2");
  if (used == NGHTTP2_ERR_FLOODED) return broke(Http2Code::EnhanceYourCalm, "the peer wants more acknowledgements than it reads");
  if (used == NGHTTP2_ERR_NOMEM || used == NGHTTP2_ERR_CALLBACK_FAILURE) return broke(Http2Code::InternalError, "no memory for what came");
  return broke(Http2Code::EnhanceYourCalm, nghttp2_strerror(static_cast<int>(used)));
}

bool Session::broke(Http2Code code, std::string_view what) {
  if (!violation_) violation_.emplace(code, what);
  return false;
}

// Of the frame whose head has come, before anything of it is passed on: what costs the peer less than us is counted. Null, or what it does too often. The library shows the heads of some
// types of frames only.
const char* Session::countFrame() {
  const auto byte = [this](std::size_t i) { return static_cast<std::size_t>(static_cast<unsigned char>(frameHead_[i])); };
  const std::size_t length = payload_ = byte(0) << 16 | byte(1) << 8 | byte(2);
  const std::size_t type = byte(3), flags = byte(4);
  bool counted = true;
  switch (type) {
    case NGHTTP2_DATA:
      counted = length == 0 && !(flags & NGHTTP2_FLAG_END_STREAM);
      control_.earn(static_cast<double>(length) / kBytesPerControlFrame);
      break;
    case NGHTTP2_HEADERS:
      continuations_ = 0;
      control_.earn(kControlFramesPerHead);
      counted = false;
      break;
    case NGHTTP2_CONTINUATION:
      if (++continuations_ > options_.maxContinuations) return "a head goes on in too many frames";
      counted = false;
      break;
    case NGHTTP2_RST_STREAM:                                               // has a budget of its own
    case NGHTTP2_GOAWAY: counted = false; break;
    default: break;
  }
  return counted && !control_.take(now_) ? "the peer sends too many frames that mean little" : nullptr;
}

void Session::takeField(Http2Stream& stream, std::string_view name, std::string_view value) {
  Http2Head& head = stream.head_;
  if (head.tooLarge) return;
  head.bytes += name.size() + value.size() + kFieldOverhead;
  if (head.bytes > options_.maxHeaderBytes || ++head.count > options_.maxHeaders) {
    head.tooLarge = true;
    return;
  }
  if (!name.starts_with(':')) {
    HeadersWriter writer;
    writer.attach(head.fields);
    writer.beginName();
    writer.name(name);
    writer.beginValue();
    writer.value(value);
    writer.end();
  } else if (name == ":status") {
    std::from_chars(value.data(), value.data() + value.size(), head.status);
  } else if (name == ":method") {
    head.method = value;
  } else if (name == ":scheme") {
    head.scheme = value;
  } else if (name == ":authority") {
    head.authority = value;
  } else if (name == ":path") {
    head.path = value;
  }
}

// The connection's window is given back at once, so that a body that nobody reads does not stop the others, as long as not too much waits.
bool Session::pieceCame(std::int32_t id, std::string_view data) {
  Http2Stream* stream = streamOf(id);
  if (!stream) return nghttp2_session_consume_connection(session_, data.size()) == 0;
  stream->unread_ += data.size();
  held_ += data.size();
  if (held_ <= options_.connectionWindow / 2)
    nghttp2_session_consume_connection(session_, data.size());
  else
    stream->held_ += data.size();
  handler_.dataReceived(*stream, data);
  return true;
}

void Session::consumed(Http2Stream& stream) {
  if (stream.unread_ == 0 || stream.id_ == 0 || violation_) return;
  nghttp2_session_consume_stream(session_, stream.id_, stream.unread_);
  release(stream);
}

void Session::release(Http2Stream& stream) noexcept {
  held_ -= stream.unread_;
  stream.unread_ = 0;
  if (const std::size_t held = std::exchange(stream.held_, 0); held > 0 && !violation_) nghttp2_session_consume_connection(session_, held);
}

// ---- what goes out

bool Session::produce(std::string& out, std::size_t most) {
  if (violation_) {
    const bool said = saidGoAway_;
    sayGoAway(out);
    return !said;
  }
  const std::size_t before = out.size();
  out_ = &out;
  ssize_t size = 0;
  const std::uint8_t* bytes = nullptr;
  while (out.size() < most && (size = nghttp2_session_mem_send(session_, &bytes)) > 0) out.append(view(bytes, static_cast<std::size_t>(size)));
  out_ = nullptr;
  if (size < 0 && !violation_) broke(Http2Code::InternalError, nghttp2_strerror(static_cast<int>(size)));
  if (violation_) sayGoAway(out);
  tellEmptied();
  return out.size() > before;
}

// By hand: the library must not be used any more. RFC 9113 section 6.8.
void Session::sayGoAway(std::string& out) {
  if (std::exchange(saidGoAway_, true)) return;
  const auto put = [&out](std::uint32_t value) {
    for (int shift = 24; shift >= 0; shift -= 8) out.push_back(static_cast<char>(value >> shift));
  };
  out.append(std::string_view("\0\0\x08\x07\0\0\0\0\0", 9));
  put(static_cast<std::uint32_t>(lastStream_));
  put(number(violation_->code));
}

void Session::noteEmptied(Http2Stream& stream) {
  if (std::exchange(stream.emptied_, true)) return;
  emptied_.push_back(stream.id_);
}

void Session::tellEmptied() {
  for (const std::int32_t id : std::exchange(emptied_, {})) {
    Http2Stream* stream = streamOf(id);
    if (!stream) continue;
    stream->emptied_ = false;
    handler_.bodyEmptied(*stream);
  }
}

bool Session::wantsToSend() const noexcept { return violation_ ? !saidGoAway_ : nghttp2_session_want_write(session_) != 0; }

bool Session::finished() const noexcept {
  if (violation_) return saidGoAway_;
  return nghttp2_session_want_read(session_) == 0 && nghttp2_session_want_write(session_) == 0;
}

bool Session::submitRequest(Http2Stream& stream, std::span<const HeaderField> fields, bool last) {
  const auto native = nativeFields(fields);
  const nghttp2_data_provider body = Callbacks::body();
  const std::int32_t id = nghttp2_submit_request(session_, nullptr, native.data(), native.size(), last ? nullptr : &body, &stream);
  if (id < 0) return false;
  stream.id_ = id;
  return true;
}

void Session::submitResponse(Http2Stream& stream, std::span<const HeaderField> fields, bool last) {
  const auto native = nativeFields(fields);
  const nghttp2_data_provider body = Callbacks::body();
  nghttp2_submit_response(session_, stream.id_, native.data(), native.size(), last ? nullptr : &body);
}

void Session::submitInterim(Http2Stream& stream, std::span<const HeaderField> fields) {
  const auto native = nativeFields(fields);
  nghttp2_submit_headers(session_, NGHTTP2_FLAG_NONE, stream.id_, nullptr, native.data(), native.size(), nullptr);
}

void Session::send(Http2Stream& stream, std::string bytes) {
  if (stream.sending_.empty())
    stream.sending_ = std::move(bytes);
  else
    stream.sending_.append(bytes);
  wake(stream);
}

void Session::end(Http2Stream& stream) {
  stream.bodyEnds_ = true;
  wake(stream);
}

void Session::end(Http2Stream& stream, std::span<const HeaderField> trailers) {
  for (const HeaderField& field : trailers) stream.trailers_.add(field.name, field.value);
  end(stream);
}

void Session::wake(Http2Stream& stream) {
  if (std::exchange(stream.waits_, false) && stream.id_ != 0 && !violation_) nghttp2_session_resume_data(session_, stream.id_);
}

void Session::reset(Http2Stream& stream, Http2Code code) {
  if (stream.id_ == 0 || violation_ || std::exchange(stream.resetHere_, true)) return;
  nghttp2_submit_rst_stream(session_, NGHTTP2_FLAG_NONE, stream.id_, number(code));
}

void Session::forget(Http2Stream& stream, Http2Code code) {
  if (stream.id_ == 0) return;
  reset(stream, code);
  release(stream);
  nghttp2_session_set_stream_user_data(session_, std::exchange(stream.id_, 0), nullptr);
}

// ---- the connection

void Session::announceShutdown() {
  if (!violation_) nghttp2_submit_shutdown_notice(session_);
}

void Session::shutDown() {
  if (!violation_) nghttp2_submit_goaway(session_, NGHTTP2_FLAG_NONE, nghttp2_session_get_last_proc_stream_id(session_), NGHTTP2_NO_ERROR, nullptr, 0);
}

void Session::terminate(Http2Code code) {
  if (!violation_) nghttp2_session_terminate_session(session_, number(code));
}

std::size_t Session::peerMaxStreams() const noexcept { return nghttp2_session_get_remote_settings(session_, NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS); }

}  // namespace weft::http::detail
