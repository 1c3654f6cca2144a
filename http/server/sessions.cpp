#include <weft/http/server/sessions.hpp>

#include <weft/http/error.hpp>
#include <weft/net/digest.hpp>

#include <list>

namespace weft::http {

void Session::expire() {
  over_ = true;
  things_.clear();
  for (Trigger<>& trigger : std::exchange(expired_, {})) trigger.callback();
}

Deferred<> Session::notifyOnExpire() {
  if (over_) return succeed();
  Deferred<> expired;
  expired_.push_back(expired.takeTrigger());
  return expired;
}

struct Sessions::State {
  using List = std::list<std::shared_ptr<Session>>;      // by use, the latest first

  State(Clock& clock, SessionOptions options) : clock(clock), options(std::move(options)) {}
  ~State() {
    if (timer.active()) timer.cancel();
  }

  std::shared_ptr<Session> find(const std::string& id) {
    const auto found = byId.find(id);
    if (found == byId.end()) return nullptr;
    if ((*found->second)->over_) {
      remove(found->second);
      return nullptr;
    }
    sessions.splice(sessions.begin(), sessions, found->second);
    sessions.front()->usedAt_ = clock.now();
    return sessions.front();
  }

  std::shared_ptr<Session> make() {
    if (sessions.size() >= options.maxSessions) end(std::prev(sessions.end()));
    auto session = std::make_shared<Session>();
    session->id_ = net::toHex(net::randomBytes(32));
    session->usedAt_ = clock.now();
    sessions.push_front(session);
    byId.emplace(session->id_, sessions.begin());
    arm();
    return session;
  }

  void remove(List::iterator place) {
    byId.erase((*place)->id_);
    sessions.erase(place);
  }
  void end(List::iterator place) {
    const std::shared_ptr<Session> session = *place;
    remove(place);
    if (!session->over_) session->expire();
  }

  // One timer for all: it looks when the one that was unused for longest is due.
  void arm() {
    if (timer.active() || sessions.empty()) return;
    const auto due = sessions.back()->usedAt_ + options.lifetime.value();
    timer = clock.callLater(std::max(due - clock.now(), std::chrono::nanoseconds(0)), [this] {
      while (!sessions.empty() && sessions.back()->usedAt_ + options.lifetime.value() <= clock.now()) end(std::prev(sessions.end()));
      arm();
    });
  }

  Clock& clock;
  const SessionOptions options;
  List sessions;
  std::unordered_map<std::string, List::iterator> byId;
  DelayedCall timer;
};

// What the layer leaves with a request.
struct Sessions::Slot {
  std::shared_ptr<State> state;
  std::string given;                                     // the cookie's value
  std::shared_ptr<Session> session;
  bool made = false;

  std::shared_ptr<Session> get() {
    if (session && !session->over_) return session;
    session = session || given.empty() ? nullptr : state->find(given);
    if (!session) {
      session = state->make();
      made = true;
    }
    return session;
  }
};

Sessions::Sessions(Clock& clock, SessionOptions options) : state_(std::make_shared<State>(clock, std::move(options))) {}
Sessions::~Sessions() {
  while (!state_->sessions.empty()) state_->end(state_->sessions.begin());
}

std::size_t Sessions::size() const noexcept { return state_->sessions.size(); }

Layer Sessions::layer() {
  return [state = state_](Request request, const Handler& next) -> Deferred<Response> {
    const bool tls = request.url.scheme() == "https";
    const std::string name = state->options.cookie + (tls ? "_secure" : "");
    auto slot = std::make_shared<Slot>();
    slot->state = state;
    slot->given = cookieOf(request, name).value_or("");
    request.attach(slot);
    return next(std::move(request)).addCallback([slot, name, tls](Response response) {
      if (slot->made) response.headers.add("Set-Cookie", name + "=" + slot->session->id() + "; Path=/; HttpOnly; SameSite=Lax" + (tls ? "; Secure" : ""));
      return response;
    });
  };
}

std::shared_ptr<Session> sessionOf(const Request& request) {
  auto* const slot = request.attached<Sessions::Slot>();
  if (!slot) throw Error("sessionOf(): this request has not come through the layer of Sessions");
  return slot->get();
}

std::optional<std::string_view> cookieOf(const Request& request, std::string_view name) noexcept {
  for (const HeaderField field : request.headers) {
    if (!equalIgnoringCase(field.name, "Cookie")) continue;
    for (std::string_view left = field.value; !left.empty();) {
      const std::size_t end = left.find(';');
      const std::string_view pair = trimmed(left.substr(0, end));
      const std::size_t equals = pair.find('=');
      if (equals != std::string_view::npos && pair.substr(0, equals) == name) return pair.substr(equals + 1);
      left = end == std::string_view::npos ? std::string_view() : left.substr(end + 1);
    }
  }
  return std::nullopt;
}

}  // namespace weft::http
