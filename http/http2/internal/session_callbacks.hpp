// Session::Callbacks: what libnghttp2 calls of a Session. The only header that includes the library's.
#pragma once

#include <weft/http/http2/internal/session.hpp>

#include <nghttp2/nghttp2.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace weft::http::detail {

inline std::string_view view(const std::uint8_t* bytes, std::size_t size) noexcept { return {reinterpret_cast<const char*>(bytes), size}; }

/// Each is handed the Session as `data`. Nothing is thrown through the library: what fails here makes it give up, and Session::pass() or produce() says why.
struct Session::Callbacks {
  /// Those below, as the library wants them.
  static nghttp2_session_callbacks* all();
  /// Gives a stream's body to the library, as Session::send() has brought it.
  static nghttp2_data_provider body() noexcept { return {{}, readBody}; }

 private:
  template <class F> static int guarded(void* data, F&& run) noexcept;

  static int beginHeaders(nghttp2_session* native, const nghttp2_frame* frame, void* data);
  static int header(nghttp2_session*, const nghttp2_frame* frame, const std::uint8_t* name, std::size_t nameSize, const std::uint8_t* value, std::size_t valueSize, std::uint8_t, void* data);
  static int invalidHeader(nghttp2_session*, const nghttp2_frame*, const std::uint8_t*, std::size_t, const std::uint8_t*, std::size_t, std::uint8_t, void*);
  static int frame(nghttp2_session*, const nghttp2_frame* frame, void* data);
  static int dataChunk(nghttp2_session*, std::uint8_t, std::int32_t id, const std::uint8_t* bytes, std::size_t size, void* data);
  static int streamClosed(nghttp2_session*, std::int32_t id, std::uint32_t code, void* data);
  static ssize_t readBody(nghttp2_session* native, std::int32_t id, std::uint8_t*, std::size_t most, std::uint32_t* flags, nghttp2_data_source*, void* data);
  static int sendData(nghttp2_session*, nghttp2_frame* frame, const std::uint8_t* head, std::size_t size, nghttp2_data_source*, void* data);
  static int frameSent(nghttp2_session*, const nghttp2_frame* frame, void* data);
  static int trouble(nghttp2_session*, int, const char* text, std::size_t size, void* data);
};

/// The library takes no const, but it copies. Names are made lower-case on the way. Valid until the thread's next call, and as long as `fields`.
std::span<const nghttp2_nv> nativeFields(std::span<const HeaderField> fields);

}  // namespace weft::http::detail
