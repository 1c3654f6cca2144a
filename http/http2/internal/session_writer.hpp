// SessionWriter: brings what a Session produces to its transport.
#pragma once

#include <weft/core/clock.hpp>
#include <weft/core/unique_function.hpp>
#include <weft/defer/deferred.hpp>
#include <weft/http/http2/internal/session.hpp>
#include <weft/net/protocol.hpp>

#include <string>
#include <utility>

namespace weft::http::detail {

/// What one turn of the loop gives is one write, and no more is produced than the transport takes: what waits, waits in the session, where a stream can still be given up.
class SessionWriter {
 public:
  /// Both outlive it. `written` is called after what soon() and a transport with new room have written; it may do anything.
  SessionWriter(Session& session, net::Protocol& owner, UniqueFunction<void()> written) : session_(session), owner_(owner), written_(std::move(written)) {}
  ~SessionWriter() { stop(); }
  SessionWriter(const SessionWriter&) = delete;
  SessionWriter& operator=(const SessionWriter&) = delete;

  /// Writes all that there is. Who waits for room for a body is told, so anything may have happened afterwards; the owner must be held.
  void now();
  /// At the end of this turn.
  void soon();
  void stop() noexcept;

 private:
  void goOn();

  Session& session_;
  net::Protocol& owner_;
  UniqueFunction<void()> written_;
  std::string out_;
  DelayedCall timer_;
  Deferred<> room_{nullptr};                           // the transport has more than it wants
  bool writing_ = false;
  bool stopped_ = false;
};

}  // namespace weft::http::detail
