// Server-sent events: a response that goes on for as long as there is news.
#pragma once

#include <weft/core/clock.hpp>
#include <weft/core/delay.hpp>
#include <weft/defer/async_generator.hpp>
#include <weft/http/response.hpp>

#include <optional>
#include <string>
#include <string_view>

namespace weft::http {

/// One message to a page's EventSource. HTML section 9.2.6.
class ServerEvent {
 public:
  ServerEvent() = default;
  explicit ServerEvent(std::string data) : data(std::move(data)) {}

  std::string data;                          ///< any text in UTF-8, of any number of lines
  std::string event;                         ///< what listeners it goes to; empty: "message"
  std::string id;                            ///< what the page sends as Last-Event-ID when it connects again; empty: none
  std::optional<Delay> retry;                ///< how long the page waits before it does

  ServerEvent& setEvent(std::string value) { return event = std::move(value), *this; }
  ServerEvent& setId(std::string value) { return id = std::move(value), *this; }
  ServerEvent& setRetry(Delay value) { return retry = value, *this; }

  /// As it is sent. Throws Error when `event` or `id` has a line break, or `id` a NUL.
  std::string text() const;
};

/// A response that sends each event as it is yielded, and a comment after `keepAlive` without one, so that whatever is between notices that both ends are alive. The generator is closed when the page
/// is gone. It is sent as it comes: no layer may hold it back.
///
///     AsyncGenerator<ServerEvent> ticks(Clock& clock) {
///       for (int n = 1;; ++n) {
///         co_await deferLater(clock, 1);
///         ServerEvent event(std::to_string(n));
///         co_yield std::move(event);
///       }
///     }
///     router.get("/ticks", [&](Request) -> Deferred<Response> { co_return eventStream(ticks(reactor), reactor); });
Response eventStream(AsyncGenerator<ServerEvent> events, Clock& clock, Delay keepAlive = 15);

}  // namespace weft::http
