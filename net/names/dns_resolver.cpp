#include <weft/net/names/dns_resolver.hpp>

#include <weft/core/log.hpp>
#include <weft/net/internal/address_order.hpp>
#include <weft/net/internal/dns_channel.hpp>
#include <weft/net/internal/loggers.hpp>
#include <weft/net/internal/resolv_conf.hpp>
#include <weft/net/internal/small_file.hpp>
#include <weft/net/names/hosts_file.hpp>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cmath>
#include <list>
#include <stdexcept>
#include <system_error>

namespace weft::net {

namespace {

using Records = std::vector<Record>;
using detail::DnsAnswer;
using detail::DnsChannel;
using detail::DnsResult;
using detail::ResolvConf;
using std::chrono::seconds;

constexpr double kTimeout = 2;
constexpr int kTries = 3;
constexpr seconds kPartialTtl(10);                     // of addresses of which one family is missing

/// A question that waits for its turn, or is on its way.
struct Asked {
  Asked(std::string name, RecordType type) : name(std::move(name)), type(type) {}
  std::string name;
  RecordType type;
  Trigger<DnsAnswer> trigger;
  std::shared_ptr<DnsChannel> channel;                 // null: it waits
  DnsChannel::Question* question = nullptr;
};
using AskedList = std::list<std::shared_ptr<Asked>>;

}  // namespace

DnsSettings& DnsSettings::server(std::string_view text) {
  std::string_view host = text;
  std::uint16_t port = 53;
  const std::size_t colon = text.rfind(':');
  const bool hasPort = colon != std::string_view::npos && (text.find(':') == colon || (colon > 0 && text[colon - 1] == ']'));
  if (hasPort) {
    host = text.substr(0, colon);
    const char* const end = text.data() + text.size();
    const auto [read, error] = std::from_chars(text.data() + colon + 1, end, port);
    if (error != std::errc() || read != end || port == 0) host = {};
  }
  const auto address = Address::parse(host, port);
  if (!address)
    throw std::invalid_argument("DnsSettings::server: \"" + std::string(text) + "\" is not the address of a name server: 192.0.2.53, 127.0.0.1:5353 or [2001:db8::53]:53");
  return server(*address);
}

struct DnsResolver::State : std::enable_shared_from_this<State> {
  State(Reactor& reactor, const DnsSettings& settings) : reactor(reactor), settings(settings) {}

  // ---- the two files

  void lookAgain() {
    if (looked && reactor.now() < nextLook) return;
    looked = true;
    nextLook = reactor.now() + settings.lookAgainAfter().value();
    if (!settings.hostsFile().empty()) {
      const auto found = detail::FileState::of(settings.hostsFile());
      if (found != hostsState) {
        hostsState = found;
        keepIfUnreadable([this] { hosts = HostsFile::read(settings.hostsFile()); });
      }
    }
    const auto found = detail::FileState::of(settings.resolvConf());
    if (!configured || found != confState) {
      confState = found;
      ResolvConf read = conf;
      keepIfUnreadable([&] { read = ResolvConf::parse(detail::readSmallFile(settings.resolvConf())); });
      if (read.servers.empty()) read.servers.push_back(Address::loopback(53));
      if (!settings.servers().empty()) read.servers = settings.servers();
      configured = true;
      conf = std::move(read);
      retire();                                        // what is on its way is finished by the servers of before
    }
  }
  template <class F> void keepIfUnreadable(F read) {
    try {
      read();
    } catch (const std::system_error& error) {
      kNamesLog.warning(error.what());
    }
  }

  // ---- questions

  std::shared_ptr<DnsChannel> channelToUse() {
    if (channel && channel->isUsedUp()) retire();
    if (!channel) {
      const double timeout = settings.timeout() ? settings.timeout()->seconds() : conf.timeout.value_or(kTimeout);
      const int tries = settings.tries().value_or(conf.attempts.value_or(kTries));
      const double milliseconds = std::clamp(std::ceil(timeout * 1000), 1.0, 3'600'000.0);
      channel = std::make_shared<DnsChannel>(detail::SocketLoop::of(reactor),
                                             DnsChannel::Settings{conf.servers, static_cast<int>(milliseconds), std::clamp(tries, 1, 100), conf.rotate});
    }
    return channel;
  }
  void retire() {
    if (!channel) return;
    if (channel->wanted() > 0) retired.push_back(channel);
    else channel->close();
    channel.reset();
  }
  /// Closes what nobody waits for any more.
  void tidy(const std::shared_ptr<DnsChannel>& used) {
    if (used->wanted() > 0) return;
    const auto found = std::find(retired.begin(), retired.end(), used);
    if (found != retired.end()) retired.erase(found);
    else if (used != channel || !hasForgotten) return;
    if (used == channel) channel.reset();
    hasForgotten = false;
    used->close();
  }

  Deferred<DnsAnswer> ask(std::string name, RecordType type) {
    if (isEnded) return fail<DnsAnswer>(AbandonedError());
    if (running.size() >= settings.maxPending() && waiting.size() >= settings.maxQueued())
      return fail<DnsAnswer>(TooManyLookups(name, std::string(recordTypeName(type)), settings.maxQueued()));
    auto asked = std::make_shared<Asked>(std::move(name), type);
    Deferred<DnsAnswer> answer([weak = weak_from_this(), asked = std::weak_ptr<Asked>(asked)] {
      const auto self = weak.lock();
      const auto kept = asked.lock();
      if (self && kept) self->forget(kept);
    });
    asked->trigger = answer.takeTrigger();
    waiting.push_back(std::move(asked));
    startWaiting();
    return answer;
  }

  void startWaiting() {
    while (!waiting.empty() && running.size() < settings.maxPending()) {
      running.splice(running.end(), waiting, waiting.begin());
      const auto place = std::prev(running.end());
      const std::shared_ptr<Asked> asked = *place;
      try {
        asked->channel = channelToUse();
        asked->question = asked->channel->ask(asked->name, asked->type, [this, place](DnsResult result) { ended(place, std::move(result)); });
      } catch (...) {
        running.erase(place);
        asked->trigger.errback();
      }
    }
  }

  void ended(AskedList::iterator place, DnsResult result) {
    const auto self = shared_from_this();
    const std::shared_ptr<Asked> asked = std::move(*place);
    running.erase(place);
    tidy(asked->channel);
    asked->question = nullptr;
    startWaiting();
    finish(*asked, std::move(result));
  }

  void finish(Asked& asked, DnsResult result) {
    if (result.kind == DnsResult::Kind::Answer && !result.answer.records.empty()) return asked.trigger.callback(std::move(result.answer));
    const std::string type(recordTypeName(asked.type));
    const auto servers = [this] {
      std::vector<std::string> texts;
      for (const Address& server : conf.servers) texts.push_back(server.toString());
      return texts;
    };
    switch (result.kind) {
      case DnsResult::Kind::Timeout: return asked.trigger.errback(DNSTimeout(asked.name, type, servers()));
      case DnsResult::Kind::Failure: return asked.trigger.errback(ServerFailure(asked.name, type, servers(), result.what));
      case DnsResult::Kind::Malformed:
        return asked.trigger.errback(BadAnswer(asked.name, type, servers(), "the answer is malformed, or contradicts itself"));
      case DnsResult::Kind::Answer: break;
    }
    const auto no = [&](auto error) {
      error.ttl = result.answer.negativeTtl;
      asked.trigger.errback(std::move(error));
    };
    if (result.answer.code == 3) no(NameNotFound(asked.name, type, servers()));
    else no(NoData(asked.name, type, servers()));
  }

  void forget(const std::shared_ptr<Asked>& asked) {
    auto& list = asked->channel ? running : waiting;
    const auto place = std::find(list.begin(), list.end(), asked);
    if (place == list.end()) return;
    list.erase(place);
    if (!asked->channel) return;
    asked->channel->forget(asked->question);
    hasForgotten = true;
    tidy(asked->channel);
    startWaiting();
  }

  void end() {
    // Who loses a question to this may cancel others meanwhile: they are no longer in the lists.
    isEnded = true;
    const AskedList all[] = {std::exchange(waiting, {}), std::exchange(running, {})};
    if (channel) channel->close();
    for (const auto& one : retired) one->close();
    retired.clear();
    channel.reset();
  }

  Deferred<HostAddresses> addressesInDns(std::string name);

  Reactor& reactor;
  const DnsSettings settings;
  HostsFile hosts;
  detail::FileState hostsState;
  ResolvConf conf;
  detail::FileState confState;
  std::chrono::nanoseconds nextLook{};
  bool looked = false;
  bool configured = false;
  bool hasForgotten = false;                           // the channel in use works on questions that nobody waits for
  bool isEnded = false;
  std::shared_ptr<DnsChannel> channel;
  std::vector<std::shared_ptr<DnsChannel>> retired;    // until what was asked there is answered
  AskedList waiting;
  AskedList running;
};

namespace {

/// The two questions of one host. Held by their callbacks.
class BothFamilies : public std::enable_shared_from_this<BothFamilies> {
 public:
  BothFamilies(Clock& clock, Delay patience) : clock_(clock), patience_(patience) {}

  Deferred<HostAddresses> start(Deferred<DnsAnswer> four, Deferred<DnsAnswer> six) {
    Deferred<HostAddresses> result([weak = weak_from_this()] {
      if (const auto self = weak.lock()) self->stop();
    });
    trigger_ = result.takeTrigger();
    const auto self = shared_from_this();
    asking_[0] = four.addBoth([self](Outcome<DnsAnswer> outcome) { self->answered(0, std::move(outcome)); });
    asking_[1] = six.addBoth([self](Outcome<DnsAnswer> outcome) { self->answered(1, std::move(outcome)); });
    if (done_) letGo();
    return result;
  }

 private:
  void answered(std::size_t which, Outcome<DnsAnswer> outcome) {
    if (done_) return;
    answers_[which].emplace(std::move(outcome));
    if (answers_[1 - which]) return finish();
    if (which == 0 && *answers_[0]) impatience_ = clock_.callLater(patience_, [self = shared_from_this()] { self->finish(); });
  }
  void stop() {
    const auto self = shared_from_this();
    done_ = true;
    if (impatience_.active()) impatience_.cancel();
    letGo();
  }
  // What it waits for holds it, and is held by it: this ends the circle.
  void letGo() {
    for (Deferred<>& asking : asking_) {
      if (!asking) continue;
      Deferred<> gone = std::exchange(asking, Deferred<>(nullptr));
      gone.cancel();
      gone.detach();
    }
  }
  void finish() {
    stop();
    HostAddresses found({}, seconds::max());
    const Failure* worst = nullptr;
    bool partial = false;
    for (const std::size_t which : {1, 0}) {           // as a name server's answers to getaddrinfo stand: sorted afterwards
      if (!answers_[which]) {
        partial = true;
      } else if (*answers_[which]) {
        for (const Record& record : (*answers_[which])->records) {
          found.addresses.push_back(record.as<AddressRecord>()->address);
          found.ttl = std::min(found.ttl, record.ttl);
        }
      } else {
        const Failure& failure = answers_[which]->failure();
        if (!failure.check<NameNotFound, NoData>()) partial = true;
        if (!worst || rank(failure) > rank(*worst)) worst = &failure;
      }
    }
    if (found.addresses.empty()) return trigger_.errback(Failure(*worst));
    if (partial) found.ttl = std::min(found.ttl, kPartialTtl);
    detail::sortAddresses(found.addresses, &detail::sourceAddressFor);
    trigger_.callback(std::move(found));
  }
  // What is temporary says more than that there is no record; that there is no such name says most.
  static int rank(const Failure& failure) noexcept { return failure.check<NoData>() ? 0 : failure.check<NameNotFound>() ? 2 : 1; }

  Clock& clock_;
  const Delay patience_;
  Trigger<HostAddresses> trigger_;
  Deferred<> asking_[2]{nullptr, nullptr};
  std::optional<Outcome<DnsAnswer>> answers_[2];
  DelayedCall impatience_;
  bool done_ = false;
};

/// The first of the names that exists.
Deferred<HostAddresses> firstOf(std::string host, std::vector<std::string> names, UniqueFunction<Deferred<HostAddresses>(std::string)> ask) {
  std::optional<Failure> no;
  for (const std::string& name : names) {
    Deferred<HostAddresses> asking = ask(name);
    Outcome<HostAddresses> outcome = co_await asking.outcome();
    if (outcome || !outcome.failure().check<NameNotFound, NoData>()) co_return std::move(outcome);
    if (!no || name == host) no = std::move(outcome.failure());
  }
  co_return std::move(*no);
}

}  // namespace

DnsResolver::DnsResolver(Reactor& reactor, const DnsSettings& settings) : state_(std::make_shared<State>(reactor, settings)) {}
DnsResolver::~DnsResolver() { state_->end(); }

Deferred<HostAddresses> DnsResolver::State::addressesInDns(std::string name) {
  Deferred<DnsAnswer> four = ask(name, RecordType::A);
  Deferred<DnsAnswer> six = ask(std::move(name), RecordType::AAAA);
  return std::make_shared<BothFamilies>(reactor, settings.resolutionDelay())->start(std::move(four), std::move(six));
}

Deferred<HostAddresses> DnsResolver::addressesOf(std::string host) {
  state_->lookAgain();
  if (const auto known = state_->hosts.find(host); !known.empty()) {
    HostAddresses found({known.begin(), known.end()}, seconds(0));
    detail::sortAddresses(found.addresses, &detail::sourceAddressFor);
    return succeed(std::move(found));
  }
  std::vector<std::string> names = state_->settings.search() ? detail::searchedNames(host, *state_->settings.search(), state_->settings.ndots())
                                                             : detail::searchedNames(host, state_->conf.search, state_->conf.ndots);
  if (names.size() == 1) return state_->addressesInDns(std::move(names[0]));
  return firstOf(std::move(host), std::move(names), [weak = std::weak_ptr<State>(state_)](std::string name) {
    const auto state = weak.lock();
    return state ? state->addressesInDns(std::move(name)) : fail<HostAddresses>(AbandonedError());
  });
}

Deferred<Records> DnsResolver::recordsOf(std::string name, RecordType type) {
  state_->lookAgain();
  if (name.ends_with('.')) name.pop_back();
  Records known;
  if (type == RecordType::PTR) {
    if (const auto address = addressOfReverseName(name))
      for (std::string& target : state_->hosts.namesOf(*address)) known.emplace_back(name, seconds(0), PtrRecord(std::move(target)));
  } else if (type == RecordType::A || type == RecordType::AAAA) {
    for (const Address& address : state_->hosts.find(name)) {
      Record record(name, seconds(0), AddressRecord(address));
      if (record.type() == type) known.push_back(std::move(record));
    }
  }
  if (!known.empty()) return succeed(std::move(known));
  return state_->ask(std::move(name), type).addCallback([](DnsAnswer answer) { return std::move(answer.records); });
}

std::vector<Address> DnsResolver::servers() {
  state_->lookAgain();
  return state_->conf.servers;
}
std::size_t DnsResolver::pending() const noexcept { return state_->running.size(); }
std::size_t DnsResolver::queued() const noexcept { return state_->waiting.size(); }

}  // namespace weft::net
