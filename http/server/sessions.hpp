// Sessions: what a server remembers of a browser from one request to the next.
#pragma once

#include <weft/core/clock.hpp>
#include <weft/core/delay.hpp>
#include <weft/defer/deferred.hpp>
#include <weft/http/server/handler.hpp>

#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <typeindex>
#include <unordered_map>
#include <utility>
#include <vector>

namespace weft::http {

/// How Sessions behave.
class SessionOptions {
 public:
  Delay lifetime = 900;                                  ///< of a session that is not used
  std::string cookie = "weft_session";                   ///< its name; over TLS with "_secure" behind it, and a session of its own
  std::size_t maxSessions = 100'000;                     ///< the one that was unused for longest goes first

  SessionOptions& setLifetime(Delay value) { return lifetime = value, *this; }
  SessionOptions& setCookie(std::string value) { return cookie = std::move(value), *this; }
  SessionOptions& setMaxSessions(std::size_t value) { return maxSessions = value, *this; }
};

/// One browser's. It holds one thing of each type. Thread: the reactor's.
class Session {
 public:
  /// 32 random bytes in hexadecimal: whoever knows it is the browser.
  const std::string& id() const noexcept { return id_; }
  /// What it holds of that type, made the first time.
  template <class T> T& data() {
    auto& thing = things_[typeid(T)];
    if (!thing) thing = std::make_shared<T>();
    return *static_cast<T*>(thing.get());
  }
  /// Ends it: a log-out. The next request of the browser has a new one.
  void expire();
  /// Fires when it has ended, however that came.
  Deferred<> notifyOnExpire();

 private:
  friend class Sessions;
  std::string id_;
  std::unordered_map<std::type_index, std::shared_ptr<void>> things_;
  std::vector<Trigger<>> expired_;
  std::chrono::nanoseconds usedAt_{};
  bool over_ = false;
};

/// Keeps sessions in memory, and gives each request that asks for it its own, by a cookie that scripts cannot read and that other sites' forms do not send (HttpOnly, SameSite=Lax; Secure over TLS).
///
///     Sessions sessions(reactor);
///     router.use(sessions.layer());
///     router.get("/", [](Request request) -> Deferred<Response> {
///       int& visits = sessionOf(request)->data<Visits>().count;
///
/// Must outlive the site that has its layer. Thread: the reactor's.
class Sessions {
 public:
  explicit Sessions(Clock& clock, SessionOptions options = SessionOptions());
  ~Sessions();
  Sessions(const Sessions&) = delete;
  Sessions& operator=(const Sessions&) = delete;

  Layer layer();
  std::size_t size() const noexcept;

 private:
  friend std::shared_ptr<Session> sessionOf(const Request& request);
  struct State;
  struct Slot;
  std::shared_ptr<State> state_;
};

/// The session of a request that has come through the layer of Sessions; made if there is none, and then its cookie goes out with the response. Throws Error without such a layer.
std::shared_ptr<Session> sessionOf(const Request& request);

/// The value of a cookie in a request's Cookie fields; nullopt if there is none of that name.
std::optional<std::string_view> cookieOf(const Request& request, std::string_view name) noexcept;

}  // namespace weft::http
