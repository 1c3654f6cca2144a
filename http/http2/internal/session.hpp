// Session: the frames of one HTTP/2 connection, on either side, without input and output of its own.
#pragma once

#include <weft/http/headers.hpp>
#include <weft/http/http2/errors.hpp>
#include <weft/http/http2/internal/budget.hpp>
#include <weft/http/http2/options.hpp>
#include <weft/http/internal/headers_writer.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

struct nghttp2_session;

namespace weft::http::detail {

class Session;

/// What a block of header fields says: of a request, a response, or behind a body.
struct Http2Head {
  std::string method, scheme, authority, path;
  int status = 0;
  Headers fields;
  std::size_t bytes = 0;
  std::size_t count = 0;
  bool tooLarge = false;                               // over a limit: what came behind that was dropped
};

/// One request and its response. Derived by each side; known to its Session from submitRequest() or Handler::streamBegun() until Handler::closed().
class Http2Stream {
 public:
  Http2Stream() = default;
  Http2Stream(const Http2Stream&) = delete;
  Http2Stream& operator=(const Http2Stream&) = delete;

  std::int32_t id() const noexcept { return id_; }
  /// The head, or trailers, that came last.
  Http2Head& head() noexcept { return head_; }
  /// Bytes of the body given to send() that are not on their way yet.
  std::size_t unsent() const noexcept { return sending_.size() - sent_; }
  /// This side's message is on its way, with its end.
  bool sentAll() const noexcept { return sentAll_; }
  /// Bytes that came and have not been consumed().
  std::size_t unread() const noexcept { return unread_; }

 protected:
  ~Http2Stream() = default;

 private:
  friend class Session;
  std::int32_t id_ = 0;                                // 0: not known to a session
  Http2Head head_;
  std::string sending_;
  std::size_t sent_ = 0;
  std::size_t unread_ = 0;
  std::size_t held_ = 0;                               // of these, what the connection's window waits for
  bool bodyEnds_ = false;                              // with what is in sending_
  Headers trailers_;
  bool waits_ = false;                                 // told to send, with nothing to send
  bool emptied_ = false;                               // in Session::emptied_
  bool sentAll_ = false;
  bool resetByPeer_ = false;
  bool resetHere_ = false;
};

/// libnghttp2's session as a value with two ends: feed() takes what the peer sent, produce() gives what it is to be sent. Its Handler is called out of these two; it may submit whatever it
/// likes from there, but not call feed() or produce().
///
/// Holds the peer to the limits of Http2Options. The stream's window follows who reads (consumed()); so a body that nobody reads stops its own stream only, until `connectionWindow` bytes
/// of all of them wait. Thread: the reactor's.
class Session {
 public:
  enum class Kind : std::uint8_t { Client, Server };
  enum class Part : std::uint8_t { Request, Interim, Response, Trailers };

  class Handler {
   public:
    /// Server: a request begins. Null refuses the stream.
    virtual Http2Stream* streamBegun() = 0;
    /// All fields of that part are in stream.head(). `last`: nothing follows.
    virtual void headReceived(Http2Stream& stream, Part part, bool last) = 0;
    virtual void dataReceived(Http2Stream& stream, std::string_view data) = 0;
    /// The peer's side is complete, with an empty or a last DATA frame, or with trailers.
    virtual void messageEnded(Http2Stream& stream) = 0;
    /// The session does not know it any more. NoError: in good order, else reset by the peer or here.
    virtual void closed(Http2Stream& stream, Http2Code code, bool byPeer) = 0;
    /// All that was given to send() is on its way: there is room for more, or it was the end (sentAll()). Called at the end of produce().
    virtual void bodyEmptied(Http2Stream& stream) = 0;
    /// GOAWAY: no new streams.
    virtual void wentAway(Http2Code code, std::string_view debug) = 0;

   protected:
    ~Handler() = default;
  };

  Session(Kind kind, Handler& handler, const Http2Options& options);
  ~Session();
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  /// Takes what came. False: the peer broke the rules, see violation().
  bool feed(std::string_view data, std::chrono::nanoseconds now);
  /// Appends what is to be sent, until `out` has `most` bytes or more or there is nothing; then whoever may send more is told. False: there was nothing.
  bool produce(std::string& out, std::size_t most);
  bool wantsToSend() const noexcept;
  /// What the peer did, after which nothing of it is looked at any more. produce() gives the GOAWAY that says so; then the connection is to be closed.
  const std::optional<Http2Violation>& violation() const noexcept { return violation_; }
  /// Nothing will come or go any more: a GOAWAY was sent or came, and no stream is left; or the peer broke a rule that ends the connection.
  bool finished() const noexcept;
  /// Which rule the peer broke last, in the library's words; for logs and errors.
  const std::string& trouble() const noexcept { return trouble_; }

  // ---- sending: a body follows the head unless `last`

  /// Gives the stream its id. False: there are none left on this connection.
  bool submitRequest(Http2Stream& stream, std::span<const HeaderField> fields, bool last);
  void submitResponse(Http2Stream& stream, std::span<const HeaderField> fields, bool last);
  void submitInterim(Http2Stream& stream, std::span<const HeaderField> fields);
  void send(Http2Stream& stream, std::string bytes);
  /// The body has no more than what was given to send().
  void end(Http2Stream& stream);
  /// The same, with fields behind it.
  void end(Http2Stream& stream, std::span<const HeaderField> trailers);
  /// RST_STREAM. What was to be sent on it is dropped; Handler::closed() follows out of produce().
  void reset(Http2Stream& stream, Http2Code code);
  /// The stream is nobody's any more: as reset(), and the Handler hears nothing of it again.
  void forget(Http2Stream& stream, Http2Code code);

  // ---- receiving

  /// All that has come on the stream was read, or is kept by whoever asked for it: the peer may send more.
  void consumed(Http2Stream& stream);

  // ---- the connection

  /// Says that no more streams will be taken, but takes those that are on their way (RFC 9113 section 6.8).
  void announceShutdown();
  /// Takes no more streams from now on; those that were begun go on.
  void shutDown();
  /// Ends everything with that code.
  void terminate(Http2Code code);
  /// How many streams the peer takes at once, as far as it has said.
  std::size_t peerMaxStreams() const noexcept;
  /// Has the peer sent its SETTINGS?
  bool settled() const noexcept { return settled_; }

 private:
  struct Callbacks;

  // So many bytes of a body, either way, earn the peer one frame that means little.
  static constexpr double kBytesPerControlFrame = 512;

  Http2Stream* streamOf(std::int32_t id) const noexcept;
  bool broke(Http2Code code, std::string_view what);
  bool pass(std::string_view data);
  const char* countFrame();
  void takeField(Http2Stream& stream, std::string_view name, std::string_view value);
  bool pieceCame(std::int32_t id, std::string_view data);
  void release(Http2Stream& stream) noexcept;
  void wake(Http2Stream& stream);
  void noteEmptied(Http2Stream& stream);
  void tellEmptied();
  void sayGoAway(std::string& out);

  Handler& handler_;
  const Http2Options options_;
  nghttp2_session* session_ = nullptr;
  std::string* out_ = nullptr;                         // during produce()
  std::vector<std::int32_t> emptied_;
  std::optional<Http2Violation> violation_;
  std::string trouble_;
  std::chrono::nanoseconds now_{};
  Budget resets_;
  Budget control_;
  std::size_t held_ = 0;                               // bytes of all streams that wait for readers
  std::size_t continuations_ = 0;                      // of the head that is coming
  std::int32_t lastStream_ = 0;                        // the highest id of the peer
  std::string frameHead_;                              // as far as it has come
  std::size_t payload_;                                // bytes that come before the next one
  const Kind kind_;
  bool settled_ = false;
  bool saidGoAway_ = false;
};

}  // namespace weft::http::detail
