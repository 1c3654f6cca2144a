#include <weft/http/server/event_stream.hpp>

#include <weft/http/error.hpp>

#include <chrono>
#include <exception>
#include <memory>
#include <utility>

namespace weft::http {
namespace {

using Next = std::optional<ServerEvent>;

// What is waited for: an event, or the time for a sign of life.
struct Waiting {
  std::optional<Outcome<Next>> event;
  Trigger<> wake;
  void fire() {
    if (wake) std::exchange(wake, Trigger<>()).callback();
  }
};

// Holds the generator until it has answered, also when nobody waits for that any more.
Deferred<Next> nextOf(std::shared_ptr<AsyncGenerator<ServerEvent>> events) { co_return co_await events->next(); }

AsyncGenerator<std::string> textOf(std::shared_ptr<AsyncGenerator<ServerEvent>> events, Clock* clock, Delay keepAlive) {
  for (;;) {
    const auto waiting = std::make_shared<Waiting>();
    Deferred<> coming = nextOf(events).addBoth([waiting](Outcome<Next> event) {
      waiting->event.emplace(std::move(event));
      waiting->fire();
    });
    // However this ends, by the page's leaving also in the middle: the events are not waited for any more.
    struct Stop {
      Deferred<>& coming;
      ~Stop() {
        coming.cancel();
        coming.detach();
      }
    } const stop{coming};
    while (!waiting->event) {
      Deferred<> wait;
      waiting->wake = wait.takeTrigger();
      DelayedCall timer = clock->callLater(keepAlive, [waiting] { waiting->fire(); });
      const auto woken = co_await wait.outcome();
      if (timer.active()) timer.cancel();
      if (!woken) co_return;                             // the page is gone
      if (waiting->event) break;
      std::string sign = ":\n\n";
      co_yield std::move(sign);
    }
    Outcome<Next>& event = *waiting->event;
    if (!event) std::rethrow_exception(event.failure().exception());
    if (!*event) co_return;
    std::string text = (**event).text();
    co_yield std::move(text);
  }
}

void appendLine(std::string& text, std::string_view name, std::string_view value) { text.append(name).append(": ").append(value).append("\n"); }

}  // namespace

std::string ServerEvent::text() const {
  constexpr std::string_view kBreaks("\r\n\0", 3);
  if (event.find_first_of("\r\n") != std::string::npos) throw Error("the type of a server-sent event has a line break");
  if (id.find_first_of(kBreaks) != std::string::npos) throw Error("the id of a server-sent event has a line break or a NUL");
  std::string text;
  if (!event.empty()) appendLine(text, "event", event);
  if (!id.empty()) appendLine(text, "id", id);
  if (retry) appendLine(text, "retry", std::to_string(std::chrono::duration_cast<std::chrono::milliseconds>(retry->value()).count()));
  std::string_view left = data;
  for (;;) {                                             // all three kinds of line break end a line
    const std::size_t end = left.find_first_of("\r\n");
    appendLine(text, "data", left.substr(0, end));
    if (end == std::string_view::npos) break;
    left.remove_prefix(end + (left.substr(end).starts_with("\r\n") ? 2 : 1));
  }
  return text.append("\n");
}

Response eventStream(AsyncGenerator<ServerEvent> events, Clock& clock, Delay keepAlive) {
  Response response(200, "", "text/event-stream");
  response.headers.set("Cache-Control", "no-store");
  response.headers.set("X-Accel-Buffering", "no");       // nginx between them passes each event on at once
  response.setBodyChunks(textOf(std::make_shared<AsyncGenerator<ServerEvent>>(std::move(events)), &clock, keepAlive));
  return response;
}

}  // namespace weft::http
