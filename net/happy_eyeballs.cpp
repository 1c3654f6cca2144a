#include <weft/net/happy_eyeballs.hpp>

#include <weft/net/names/error.hpp>

#include <algorithm>
#include <chrono>
#include <optional>
#include <string_view>
#include <typeinfo>
#include <utility>

namespace weft::net {

namespace {

using Connected = std::shared_ptr<Transport>;

constexpr std::size_t kMostListed = 8;                 // attempts in the text of an error

/// What was wrong, without to whom: the address stands before it already.
std::string reasonOf(const Failure& failure) {
  std::string text = failure.what();
  if (const auto* error = failure.as<ConnectError>()) {
    const std::string start = "connecting to " + hostAndPort(error->host, error->port) + ": ";
    if (text.starts_with(start)) text.erase(0, start.size());
  }
  return text;
}

std::string listed(const std::vector<std::string>& attempts) {
  std::string text;
  for (std::size_t i = 0; i < attempts.size() && i < kMostListed; ++i) (text += i ? "; " : "") += attempts[i];
  if (attempts.size() > kMostListed) text += "; and " + std::to_string(attempts.size() - kMostListed) + " more";
  return text;
}

/// One race of the attempts. The Deferreds that it waits for hold it.
class Race : public std::enable_shared_from_this<Race> {
 public:
  Race(Clock& clock, std::string host, std::uint16_t port, ConnectAttempt connect, const ConnectOptions& options)
      : clock_(clock), host_(std::move(host)), port_(port), connect_(std::move(connect)), options_(options) {}

  Deferred<Connected> start(Deferred<std::vector<Address>> addresses) {
    Deferred<Connected> result([weak = weak_from_this()] {
      if (const auto self = weak.lock()) self->finish();
    });
    trigger_ = result.takeTrigger();
    const auto self = shared_from_this();
    begun_ = clock_.now();
    timeout_ = clock_.callLater(options_.lookupTimeout(), [self] { self->timedOut(); });
    lookup_ = addresses.addBoth([self](Outcome<std::vector<Address>> found) { self->resolved(std::move(found)); });
    if (done_) letGo(lookup_);
    return result;
  }

 private:
  struct Attempt {
    Attempt(const Address& address) : address(address) {}
    Address address;
    Deferred<> running{nullptr};
    std::optional<Failure> failure;
  };

  void resolved(Outcome<std::vector<Address>> found) {
    if (done_) return;
    if (!found) return fail(std::move(found.failure()));
    lookingUp_ = false;
    if (options_.lookupTimeout() < options_.timeout()) timeout_.reset(options_.timeout().value() - (clock_.now() - begun_));
    if (options_.onLookedUp()) options_.onLookedUp()(*found);
    const Address& from = options_.bindAddress();
    for (const Address& address : interleaveFamilies(std::move(*found)))
      if (!from || from.family() == address.family()) attempts_.emplace_back(address);
    if (attempts_.empty()) return fail(HostUnreachable(host_, port_, "it has no address of the family of the address to come from"));
    startNext();
  }

  void startNext() {
    wanted_ = true;
    if (starting_) return;                             // an attempt failed at once, in here
    starting_ = true;
    while (wanted_ && !done_ && started_ < attempts_.size()) {
      wanted_ = false;
      Attempt& attempt = attempts_[started_++];
      ++running_;
      auto connecting = maybeDeferred([&] { return connect_(attempt.address); });
      attempt.running = connecting.addBoth([self = shared_from_this(), &attempt](Outcome<Connected> outcome) { self->ended(attempt, std::move(outcome)); });
      if (done_) letGo(attempt.running);
    }
    starting_ = false;
    if (done_) return;
    if (nextStart_.active()) nextStart_.cancel();
    if (started_ < attempts_.size()) nextStart_ = clock_.callLater(options_.attemptDelay(), [self = shared_from_this()] { self->startNext(); });
    else if (running_ == 0) allFailed();
  }

  void ended(Attempt& attempt, Outcome<Connected> outcome) {
    --running_;
    if (done_) {
      if (outcome) (*outcome)->abortConnection();      // it won as well, but later
      return;
    }
    if (outcome) {
      finish();
      trigger_.callback(std::move(*outcome));
    } else if (!outcome.failure().check<ConnectError, CancelledError>()) {
      fail(std::move(outcome.failure()));
    } else {
      attempt.failure = std::move(outcome.failure());
      startNext();
    }
  }

  void allFailed() {
    // What they have in common, leaving out those that cannot be reached from here, which say little about the host.
    const Failure* first = nullptr;
    bool common = true;
    for (const bool unreachableToo : {false, true}) {
      for (const Attempt& attempt : attempts_) {
        const bool unreachable = attempt.failure->check<HostUnreachable>();
        if (unreachable != unreachableToo) continue;
        if (!first) first = &*attempt.failure;
        else if (attempt.failure->typeName() != first->typeName()) common = false;
      }
      if (first) break;
    }
    const auto* error = first->as<ConnectError>();
    std::vector<std::string> said = whatWasSaid();
    const std::string reason = reasonOf(*first);
    std::string text = !common ? "no address answered: " + listed(said) : attempts_.size() == 1 ? reason : reason + " (" + listed(said) + ')';
    const int systemError = common && error ? error->systemError : 0;
    if (common && first->check<ConnectionRefused>()) fail(with(ConnectionRefused(host_, port_, text, systemError), std::move(said)));
    else if (common && first->check<HostUnreachable>()) fail(with(HostUnreachable(host_, port_, text, systemError), std::move(said)));
    else if (common && error && typeid(*error) != typeid(ConnectError)) fail(Failure(*first));
    else fail(with(ConnectError(host_, port_, text, systemError), std::move(said)));
  }

  std::vector<std::string> whatWasSaid() const {
    std::vector<std::string> said;
    for (std::size_t i = 0; i < started_; ++i)
      said.push_back(attempts_[i].address.host() + ": " + (attempts_[i].failure ? reasonOf(*attempts_[i].failure) : "no answer"));
    return said;
  }
  template <class E> static Failure with(E error, std::vector<std::string> attempts) {
    error.attempts = std::move(attempts);
    return Failure(std::move(error));
  }

  void timedOut() {
    if (lookingUp_ && options_.lookupTimeout() < options_.timeout()) return fail(DNSTimeout(host_, {}).withPort(port_));
    std::vector<std::string> said = whatWasSaid();
    const std::string more = attempts_.empty() ? ": the name is still being looked up" : said.size() == 1 ? "" : " (" + listed(said) + ')';
    fail(with(ConnectTimeout(host_, port_, options_.timeout().seconds(), more), std::move(said)));
  }
  void fail(Failure failure) {
    finish();
    trigger_.errback(std::move(failure));
  }
  void finish() {
    const auto self = shared_from_this();
    done_ = true;
    if (timeout_.active()) timeout_.cancel();
    if (nextStart_.active()) nextStart_.cancel();
    letGo(lookup_);
    for (Attempt& attempt : attempts_) letGo(attempt.running);
  }
  // What it waits for holds the race, and is held by it: this ends the circle.
  static void letGo(Deferred<>& waiting) {
    if (!waiting) return;
    Deferred<> gone = std::exchange(waiting, Deferred<>(nullptr));
    gone.cancel();
    gone.detach();
  }

  Clock& clock_;
  const std::string host_;
  const std::uint16_t port_;
  ConnectAttempt connect_;
  const ConnectOptions options_;
  Trigger<Connected> trigger_;
  Deferred<> lookup_{nullptr};
  std::vector<Attempt> attempts_;                      // complete before the first one starts
  DelayedCall timeout_;
  DelayedCall nextStart_;
  std::chrono::nanoseconds begun_{};
  std::size_t started_ = 0;
  std::size_t running_ = 0;
  bool lookingUp_ = true;
  bool starting_ = false;
  bool wanted_ = false;
  bool done_ = false;
};

}  // namespace

std::vector<Address> interleaveFamilies(std::vector<Address> addresses) {
  if (addresses.empty()) return addresses;
  const Address::Family first = addresses.front().family();
  std::vector<Address> ordered;
  ordered.reserve(addresses.size());
  auto one = addresses.cbegin();
  auto other = addresses.cbegin();
  while (ordered.size() < addresses.size()) {
    one = std::find_if(one, addresses.cend(), [&](const Address& address) { return address.family() == first; });
    if (one != addresses.cend()) ordered.push_back(*one++);
    other = std::find_if(other, addresses.cend(), [&](const Address& address) { return address.family() != first; });
    if (other != addresses.cend()) ordered.push_back(*other++);
  }
  return ordered;
}

Deferred<Connected> happyEyeballs(Clock& clock, std::string host, std::uint16_t port, Deferred<std::vector<Address>> addresses, ConnectAttempt connect,
                                  const ConnectOptions& options) {
  return std::make_shared<Race>(clock, std::move(host), port, std::move(connect), options)->start(std::move(addresses));
}

}  // namespace weft::net
