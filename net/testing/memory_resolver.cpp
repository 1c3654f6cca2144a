#include <weft/net/testing/memory_resolver.hpp>

#include <weft/core/unique_function.hpp>

#include <algorithm>
#include <map>
#include <optional>
#include <stdexcept>
#include <utility>

namespace weft::net {

namespace {

constexpr int kMostAliases = 16;
using Records = std::vector<Record>;

struct Name {
  Records records;
  Delay delay = 0;
  bool silent = false;
  std::optional<Failure> failure;
  std::uint64_t queries = 0;
};

}  // namespace

struct MemoryResolver::State : std::enable_shared_from_this<MemoryResolver::State> {
  explicit State(Clock& clock) : clock(clock) {}

  // The records of a name that `wanted` chooses, behind its aliases.
  template <class Wanted> Outcome<Records> find(const std::string& name, const std::string& question, Wanted wanted) const {
    std::string owner = name;
    auto ttl = std::chrono::seconds::max();
    for (int aliases = 0; aliases <= kMostAliases; ++aliases) {
      const auto found = names.find(owner);
      if (found == names.end() || found->second.records.empty()) return Failure(NameNotFound(name, question));
      Records chosen;
      const CnameRecord* alias = nullptr;
      for (const Record& record : found->second.records) {
        if (wanted(record)) chosen.push_back(record);
        else if (const auto* cname = record.as<CnameRecord>()) {
          alias = cname;
          ttl = std::min(ttl, record.ttl);
        }
      }
      if (!chosen.empty()) {
        for (Record& record : chosen) record.ttl = std::min(record.ttl, ttl);
        return chosen;
      }
      if (!alias) return Failure(NoData(name, question));
      owner = alias->target;
    }
    return Failure(BadAnswer(name, question, {}, "the aliases go in a circle"));
  }

  template <class T> Deferred<T> answer(Name& name, Outcome<T> outcome) {
    ++queries;
    ++name.queries;
    if (name.failure) outcome = Outcome<T>(*name.failure);
    if (name.silent || name.delay > Delay(0)) {
      ++pending;
      Deferred<T> later([weak = this->weak_from_this()] {
        if (const auto state = weak.lock()) {
          --state->pending;
          ++state->cancelled;
        }
      });
      auto give = [weak = this->weak_from_this(), trigger = later.takeTrigger(), outcome = std::move(outcome)]() mutable {
        const auto state = weak.lock();
        if (!state || !trigger.pending()) return;
        --state->pending;
        trigger.fire(std::move(outcome));
      };
      if (name.silent) silenced.emplace_back(std::move(give));
      else clock.callLater(name.delay, std::move(give));
      return later;
    }
    Deferred<T> now;
    now.takeTrigger().fire(std::move(outcome));
    return now;
  }

  Clock& clock;
  std::map<std::string, Name> names;
  std::vector<UniqueFunction<void()>> silenced;        // held, so that the questions are not abandoned
  std::uint64_t queries = 0;
  std::uint64_t pending = 0;
  std::uint64_t cancelled = 0;
};

MemoryResolver::MemoryResolver(Clock& clock) : state_(std::make_shared<State>(clock)) {}
MemoryResolver::~MemoryResolver() = default;

void MemoryResolver::add(std::string name, std::string_view address, std::chrono::seconds ttl) {
  const auto parsed = Address::parse(address, 0);
  if (!parsed) throw std::invalid_argument("MemoryResolver::add: \"" + std::string(address) + "\" is not an address");
  add(std::move(name), AddressRecord(*parsed), ttl);
}
void MemoryResolver::add(std::string name, Record::Data data, std::chrono::seconds ttl) {
  Records& records = state_->names[name].records;
  records.emplace_back(std::move(name), ttl, std::move(data));
}
void MemoryResolver::remove(const std::string& name) { state_->names.erase(name); }
void MemoryResolver::delay(const std::string& name, Delay delay) { state_->names[name].delay = delay; }
void MemoryResolver::silence(const std::string& name) { state_->names[name].silent = true; }
void MemoryResolver::failWith(const std::string& name, Failure failure) { state_->names[name].failure = std::move(failure); }

std::uint64_t MemoryResolver::queries() const noexcept { return state_->queries; }
std::uint64_t MemoryResolver::queries(const std::string& name) const {
  const auto found = state_->names.find(name);
  return found == state_->names.end() ? 0 : found->second.queries;
}
std::uint64_t MemoryResolver::pending() const noexcept { return state_->pending; }
std::uint64_t MemoryResolver::cancelled() const noexcept { return state_->cancelled; }

Deferred<HostAddresses> MemoryResolver::addressesOf(std::string host) {
  auto found = state_->find(host, "A, AAAA", [](const Record& record) { return record.as<AddressRecord>() != nullptr; });
  Name& name = state_->names[host];
  if (!found) return state_->answer<HostAddresses>(name, std::move(found.failure()));
  HostAddresses addresses({}, std::chrono::seconds::max());
  for (const Record& record : *found) {
    addresses.addresses.push_back(record.as<AddressRecord>()->address);
    addresses.ttl = std::min(addresses.ttl, record.ttl);
  }
  return state_->answer<HostAddresses>(name, std::move(addresses));
}

Deferred<Records> MemoryResolver::recordsOf(std::string name, RecordType type) {
  auto found = state_->find(name, std::string(recordTypeName(type)), [type](const Record& record) { return record.type() == type; });
  return state_->answer<Records>(state_->names[name], std::move(found));
}

}  // namespace weft::net
