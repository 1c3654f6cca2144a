#include <weft/net/names/caching_resolver.hpp>

#include <algorithm>
#include <chrono>
#include <list>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <variant>

namespace weft::net {

namespace {

using Records = std::vector<Record>;
using std::chrono::nanoseconds;
using std::chrono::seconds;

constexpr std::size_t kLargestKept = 8 * 1024;

struct Entry {
  std::string key;
  nanoseconds stored;
  nanoseconds expires;
  std::variant<HostAddresses, Records, Failure> answer;
};

/// A question that is being asked, and who waits for the answer.
template <class Value> struct Query {
  std::uint64_t number;
  Deferred<> running{nullptr};
  std::vector<std::pair<std::uint64_t, Trigger<Value>>> waiting;
};
template <class Value> using Queries = std::unordered_map<std::string, Query<Value>>;

seconds ttlOf(const HostAddresses& answer) noexcept { return answer.ttl; }
seconds ttlOf(const Records& answer) noexcept {
  seconds least = seconds::max();
  for (const Record& record : answer) least = std::min(least, record.ttl);
  return answer.empty() ? seconds(0) : least;
}
std::size_t sizeOf(const HostAddresses& answer) noexcept { return answer.addresses.size() * sizeof(Address); }
std::size_t sizeOf(const Records& answer) noexcept {
  std::size_t bytes = 0;
  for (const Record& record : answer) bytes += record.size();
  return bytes;
}

// The TTLs count from when it was answered, so they have become shorter.
void age(HostAddresses& answer, seconds by) noexcept { answer.ttl = std::max(answer.ttl - by, seconds(0)); }
void age(Records& answer, seconds by) noexcept {
  for (Record& record : answer) record.ttl = std::max(record.ttl - by, seconds(0));
}

}  // namespace

struct CachingResolver::State : std::enable_shared_from_this<State> {
  State(Clock& clock, const CacheSettings& settings) : clock(clock), settings(settings) {}

  Entry* find(const std::string& key) {
    const auto found = index.find(key);
    if (found == index.end()) return nullptr;
    if (found->second->expires <= clock.now()) {
      const auto entry = found->second;
      index.erase(found);
      entries.erase(entry);
      return nullptr;
    }
    entries.splice(entries.begin(), entries, found->second);
    return &*found->second;
  }

  template <class Value> void keep(const std::string& key, Outcome<Value>& outcome) {
    const nanoseconds time = timeToKeep(outcome);
    if (time <= nanoseconds(0) || settings.maxEntries() == 0) return;
    const nanoseconds now = clock.now();
    const nanoseconds expires = time > nanoseconds::max() - now ? nanoseconds::max() : now + time;
    if (const auto old = index.find(key); old != index.end()) {
      const auto entry = old->second;
      index.erase(old);
      entries.erase(entry);
    }
    if (outcome) entries.push_front({key, now, expires, *outcome});
    else entries.push_front({key, now, expires, outcome.failure()});
    index.emplace(entries.front().key, entries.begin());
    while (entries.size() > settings.maxEntries()) {
      index.erase(entries.back().key);
      entries.pop_back();
    }
  }

  template <class Value> nanoseconds timeToKeep(Outcome<Value>& outcome) const {
    if (outcome) {
      const Value& answer = *outcome;
      if (sizeOf(answer) > kLargestKept) return nanoseconds(0);
      return std::clamp<nanoseconds>(Delay(ttlOf(answer)).value(), settings.minTtl().value(), std::max(settings.minTtl(), settings.maxTtl()).value());
    }
    const Failure& failure = outcome.failure();
    if (failure.check<NameNotFound, NoData>()) {
      const auto said = failure.as<NameError>()->ttl;
      return std::min<nanoseconds>(said ? Delay(*said).value() : settings.negativeTtl().value(), settings.maxNegativeTtl().value());
    }
    if (failure.check<ServerFailure, BadAnswer, DNSTimeout>()) return settings.failureTtl().value();
    return nanoseconds(0);
  }

  template <class Value> Deferred<Value> answerFrom(const Entry& entry) {
    if (const auto* failure = std::get_if<Failure>(&entry.answer)) return fail<Value>(*failure);
    Value answer = std::get<Value>(entry.answer);
    age(answer, std::chrono::duration_cast<seconds>(clock.now() - entry.stored));
    return succeed(std::move(answer));
  }

  template <class Value, class Ask> Deferred<Value> get(Queries<Value>& queries, const std::string& key, Ask ask) {
    if (const Entry* entry = find(key)) {
      ++hits;
      return answerFrom<Value>(*entry);
    }
    auto query = queries.find(key);
    if (query != queries.end()) {
      ++coalesced;
    } else {
      ++misses;
      Deferred<Value> asked = ask();
      if (asked.called()) {
        Outcome<Value> outcome = asked.result();
        keep(key, outcome);
        Deferred<Value> answered;
        answered.takeTrigger().fire(std::move(outcome));
        return answered;
      }
      const std::uint64_t number = ++numbers;
      query = queries.emplace(key, Query<Value>{number, Deferred<>(nullptr), {}}).first;
      query->second.running = asked.addBoth([weak = this->weak_from_this(), &queries, key, number](Outcome<Value> outcome) {
        if (const auto self = weak.lock()) self->settle(queries, key, number, std::move(outcome));
      });
    }
    const std::uint64_t number = query->second.number;
    const std::uint64_t waiter = ++numbers;
    Deferred<Value> answer([weak = this->weak_from_this(), &queries, key, number, waiter] {
      if (const auto self = weak.lock()) self->forsake(queries, key, number, waiter);
    });
    query->second.waiting.emplace_back(waiter, answer.takeTrigger());
    return answer;
  }

  template <class Value> void settle(Queries<Value>& queries, const std::string& key, std::uint64_t number, Outcome<Value> outcome) {
    const auto found = queries.find(key);
    if (found == queries.end() || found->second.number != number) return;
    auto waiting = std::move(found->second.waiting);
    found->second.running.detach();
    queries.erase(found);
    keep(key, outcome);
    for (std::size_t i = 0; i < waiting.size(); ++i) {
      Trigger<Value>& trigger = waiting[i].second;
      if (!trigger.active()) continue;
      if (!outcome) trigger.errback(outcome.failure());
      else if (i + 1 < waiting.size()) trigger.callback(Value(*outcome));
      else trigger.callback(std::move(*outcome));
    }
  }

  // One waiter was cancelled.
  template <class Value> void forsake(Queries<Value>& queries, const std::string& key, std::uint64_t number, std::uint64_t waiter) {
    const auto found = queries.find(key);
    if (found == queries.end() || found->second.number != number) return;
    auto& waiting = found->second.waiting;
    std::erase_if(waiting, [waiter](const auto& one) { return one.first == waiter; });
    for (const auto& one : waiting)
      if (one.second.active()) return;
    Deferred<> running = std::move(found->second.running);
    queries.erase(found);
    running.cancel();
  }

  template <class Value> static void end(Queries<Value>& queries) {
    Queries<Value> all = std::move(queries);
    queries.clear();
    for (auto& [key, query] : all) query.running.cancel();
  }

  Clock& clock;
  const CacheSettings settings;
  std::list<Entry> entries;                            // the last one used first
  std::unordered_map<std::string_view, std::list<Entry>::iterator> index;
  Queries<HostAddresses> hostQueries;
  Queries<Records> recordQueries;
  std::uint64_t numbers = 0;
  std::uint64_t hits = 0;
  std::uint64_t misses = 0;
  std::uint64_t coalesced = 0;
};

CachingResolver::CachingResolver(std::shared_ptr<Resolver> source, Clock& clock, const CacheSettings& settings)
    : source_(std::move(source)), state_(std::make_shared<State>(clock, settings)) {}

CachingResolver::~CachingResolver() {
  State::end(state_->hostQueries);
  State::end(state_->recordQueries);
}

// The keys of hosts are their names; a record's begins with its type, which no name does.
Deferred<HostAddresses> CachingResolver::addressesOf(std::string host) {
  return state_->get(state_->hostQueries, host, [this, &host] { return source_->addressesOf(host); });
}

Deferred<Records> CachingResolver::recordsOf(std::string name, RecordType type) {
  std::string key;
  key.reserve(name.size() + 1);
  (key += static_cast<char>(type)) += name;
  return state_->get(state_->recordQueries, key, [this, &name, type] { return source_->recordsOf(std::move(name), type); });
}

void CachingResolver::clear() noexcept {
  state_->index.clear();
  state_->entries.clear();
}
std::size_t CachingResolver::size() const noexcept { return state_->entries.size(); }
std::uint64_t CachingResolver::hits() const noexcept { return state_->hits; }
std::uint64_t CachingResolver::misses() const noexcept { return state_->misses; }
std::uint64_t CachingResolver::coalesced() const noexcept { return state_->coalesced; }

}  // namespace weft::net
