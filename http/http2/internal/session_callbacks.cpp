#include <weft/http/http2/internal/session_callbacks.hpp>

#include <algorithm>
#include <new>

namespace weft::http::detail {
namespace {

Http2Code codeOf(std::uint32_t code) noexcept { return code <= static_cast<std::uint32_t>(Http2Code::Http11Required) ? static_cast<Http2Code>(code) : Http2Code::InternalError; }

}  // namespace

std::span<const nghttp2_nv> nativeFields(std::span<const HeaderField> fields) {
  thread_local std::vector<nghttp2_nv> native;
  native.clear();
  for (const HeaderField& field : fields) {
    native.push_back({reinterpret_cast<std::uint8_t*>(const_cast<char*>(field.name.data())), reinterpret_cast<std::uint8_t*>(const_cast<char*>(field.value.data())), field.name.size(),
                      field.value.size(), NGHTTP2_NV_FLAG_NONE});
  }
  return native;
}

template <class F> int Session::Callbacks::guarded(void* data, F&& run) noexcept {
  Session& session = *static_cast<Session*>(data);
  try {
    if (session.violation_) return NGHTTP2_ERR_CALLBACK_FAILURE;
    run(session);
    return session.violation_ ? NGHTTP2_ERR_CALLBACK_FAILURE : 0;
  } catch (...) {
    return NGHTTP2_ERR_CALLBACK_FAILURE;
  }
}

int Session::Callbacks::beginHeaders(nghttp2_session* native, const nghttp2_frame* frame, void* data) {
  bool refused = false;
  const int result = guarded(data, [&](Session& session) {
    const std::int32_t id = frame->hd.stream_id;
    Http2Stream* stream = session.streamOf(id);
    if (!stream && frame->headers.cat == NGHTTP2_HCAT_REQUEST) {
      session.lastStream_ = std::max(session.lastStream_, id);
      stream = session.handler_.streamBegun();
      if (stream) {
        stream->id_ = id;
        nghttp2_session_set_stream_user_data(native, id, stream);
      } else {
        refused = true;
        nghttp2_submit_rst_stream(native, NGHTTP2_FLAG_NONE, id, NGHTTP2_REFUSED_STREAM);
      }
    }
    if (stream) stream->head_ = Http2Head();
  });
  return result == 0 && refused ? NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE : result;
}

int Session::Callbacks::header(nghttp2_session*, const nghttp2_frame* frame, const std::uint8_t* name, std::size_t nameSize, const std::uint8_t* value, std::size_t valueSize, std::uint8_t,
                  void* data) {
  return guarded(data, [&](Session& session) {
    if (Http2Stream* stream = session.streamOf(frame->hd.stream_id)) session.takeField(*stream, view(name, nameSize), view(value, valueSize));
  });
}

// A field with characters that none may have: the message is malformed (RFC 9113 section 8.2.1).
int Session::Callbacks::invalidHeader(nghttp2_session*, const nghttp2_frame*, const std::uint8_t*, std::size_t, const std::uint8_t*, std::size_t, std::uint8_t, void*) {
  return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
}

int Session::Callbacks::frame(nghttp2_session*, const nghttp2_frame* frame, void* data) {
  return guarded(data, [&](Session& session) {
    switch (frame->hd.type) {
      case NGHTTP2_SETTINGS:
        if (!(frame->hd.flags & NGHTTP2_FLAG_ACK)) session.settled_ = true;
        return;
      case NGHTTP2_GOAWAY:
        session.handler_.wentAway(codeOf(frame->goaway.error_code), view(frame->goaway.opaque_data, frame->goaway.opaque_data_len));
        return;
      case NGHTTP2_RST_STREAM:
        if (Http2Stream* stream = session.streamOf(frame->hd.stream_id)) stream->resetByPeer_ = true;
        if (!session.resets_.take(session.now_)) session.broke(Http2Code::EnhanceYourCalm, "the peer reset too many streams");
        return;
      case NGHTTP2_HEADERS: {
        Http2Stream* stream = session.streamOf(frame->hd.stream_id);
        if (!stream) return;
        const bool last = frame->hd.flags & NGHTTP2_FLAG_END_STREAM;
        const int status = stream->head_.status;
        Part part = Part::Trailers;
        if (frame->headers.cat == NGHTTP2_HCAT_REQUEST)
          part = Part::Request;
        else if (session.kind_ == Kind::Client && status != 0)
          part = status < 200 ? Part::Interim : Part::Response;
        session.handler_.headReceived(*stream, part, last);
        if (last) session.handler_.messageEnded(*stream);
        return;
      }
      case NGHTTP2_DATA:
        if (frame->hd.flags & NGHTTP2_FLAG_END_STREAM)
          if (Http2Stream* stream = session.streamOf(frame->hd.stream_id)) session.handler_.messageEnded(*stream);
        return;
      default: return;
    }
  });
}

int Session::Callbacks::dataChunk(nghttp2_session*, std::uint8_t, std::int32_t id, const std::uint8_t* bytes, std::size_t size, void* data) {
  return guarded(data, [&](Session& session) { session.pieceCame(id, view(bytes, size)); });
}

int Session::Callbacks::streamClosed(nghttp2_session*, std::int32_t id, std::uint32_t code, void* data) {
  return guarded(data, [&](Session& session) {
    Http2Stream* stream = session.streamOf(id);
    if (!stream) return;
    session.release(*stream);
    stream->id_ = 0;
    // The peer can make us reset streams, too, and that costs as much (CVE-2025-8671).
    const bool forced = code != NGHTTP2_NO_ERROR && code != NGHTTP2_REFUSED_STREAM && !stream->resetByPeer_ && !stream->resetHere_;
    if (forced && !session.resets_.take(session.now_)) session.broke(Http2Code::EnhanceYourCalm, "the peer made us reset too many streams");
    const bool byPeer = stream->resetByPeer_ || (code == NGHTTP2_REFUSED_STREAM && session.kind_ == Kind::Client);      // or left out by a GOAWAY
    session.handler_.closed(*stream, codeOf(code), byPeer);
  });
}

ssize_t Session::Callbacks::readBody(nghttp2_session* native, std::int32_t id, std::uint8_t*, std::size_t most, std::uint32_t* flags, nghttp2_data_source*, void* data) {
  Session& session = *static_cast<Session*>(data);
  Http2Stream* stream = session.streamOf(id);
  if (!stream) return NGHTTP2_ERR_TEMPORAL_CALLBACK_FAILURE;
  const std::size_t size = std::min(most, stream->unsent());
  if (size == 0 && !stream->bodyEnds_) {
    stream->waits_ = true;
    return NGHTTP2_ERR_DEFERRED;
  }
  *flags |= NGHTTP2_DATA_FLAG_NO_COPY;
  if (size < stream->unsent() || !stream->bodyEnds_) return static_cast<ssize_t>(size);
  *flags |= NGHTTP2_DATA_FLAG_EOF;
  if (stream->trailers_.empty()) return static_cast<ssize_t>(size);
  *flags |= NGHTTP2_DATA_FLAG_NO_END_STREAM;
  try {
    const std::vector<HeaderField> fields(stream->trailers_.begin(), stream->trailers_.end());
    const auto trailers = nativeFields(fields);
    nghttp2_submit_trailer(native, id, trailers.data(), trailers.size());
  } catch (...) {
    return NGHTTP2_ERR_CALLBACK_FAILURE;
  }
  return static_cast<ssize_t>(size);
}

// Writes the frame straight from the body to the output.
int Session::Callbacks::sendData(nghttp2_session*, nghttp2_frame* frame, const std::uint8_t* head, std::size_t size, nghttp2_data_source*, void* data) {
  return guarded(data, [&](Session& session) {
    Http2Stream* stream = session.streamOf(frame->hd.stream_id);
    session.out_->append(view(head, 9));
    session.out_->append(stream->sending_, stream->sent_, size);
    stream->sent_ += size;
    session.control_.earn(static_cast<double>(size) / kBytesPerControlFrame);
    if (stream->unsent() > 0) return;
    stream->sending_.clear();
    stream->sent_ = 0;
    session.noteEmptied(*stream);
  });
}

int Session::Callbacks::frameSent(nghttp2_session*, const nghttp2_frame* frame, void* data) {
  if (!(frame->hd.flags & NGHTTP2_FLAG_END_STREAM) || (frame->hd.type != NGHTTP2_HEADERS && frame->hd.type != NGHTTP2_DATA)) return 0;
  return guarded(data, [&](Session& session) {
    Http2Stream* stream = session.streamOf(frame->hd.stream_id);
    if (!stream) return;
    stream->sentAll_ = true;
    session.noteEmptied(*stream);
  });
}

// What the library says about a rule that the peer broke.
int Session::Callbacks::trouble(nghttp2_session*, int, const char* text, std::size_t size, void* data) {
  return guarded(data, [&](Session& session) { session.trouble_.assign(text, size); });
}

nghttp2_session_callbacks* Session::Callbacks::all() {
  static nghttp2_session_callbacks* const callbacks = [] {
    nghttp2_session_callbacks* made = nullptr;
    if (nghttp2_session_callbacks_new(&made) != 0) throw std::bad_alloc();
    nghttp2_session_callbacks_set_on_begin_headers_callback(made, beginHeaders);
    nghttp2_session_callbacks_set_on_header_callback(made, header);
    nghttp2_session_callbacks_set_on_invalid_header_callback(made, invalidHeader);
    nghttp2_session_callbacks_set_on_frame_recv_callback(made, frame);
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(made, dataChunk);
    nghttp2_session_callbacks_set_on_frame_send_callback(made, frameSent);
    nghttp2_session_callbacks_set_on_stream_close_callback(made, streamClosed);
    nghttp2_session_callbacks_set_send_data_callback(made, sendData);
    nghttp2_session_callbacks_set_error_callback2(made, trouble);
    return made;
  }();
  return callbacks;
}

}  // namespace weft::http::detail
