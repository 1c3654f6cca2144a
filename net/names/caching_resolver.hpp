// CachingResolver: remembers what another resolver said.
#pragma once

#include <weft/core/clock.hpp>
#include <weft/core/delay.hpp>
#include <weft/net/names/resolver.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace weft::net {

/// How much a CachingResolver remembers, and for how long.
class CacheSettings {
 public:
  CacheSettings() = default;
  /// Answers; what was not asked for longest goes first. 10,000 unless set. 0: nothing is remembered, but equal look-ups are still made once.
  CacheSettings& maxEntries(std::size_t answers) {
    maxEntries_ = answers;
    return *this;
  }
  std::size_t maxEntries() const noexcept { return maxEntries_; }
  /// Answers that say less are kept so long. 0 unless set: an answer with a TTL of 0 is not kept.
  CacheSettings& minTtl(Delay delay) {
    minTtl_ = delay;
    return *this;
  }
  Delay minTtl() const noexcept { return minTtl_; }
  /// Answers that say more are kept so long. A day unless set.
  CacheSettings& maxTtl(Delay delay) {
    maxTtl_ = delay;
    return *this;
  }
  Delay maxTtl() const noexcept { return maxTtl_; }
  /// For "no such name" and "no such record": how long, where the server did not say (RFC 2308 section 5), and at most. 30 s and 5 minutes unless set.
  CacheSettings& negativeTtl(Delay unsaid, Delay most) {
    negativeTtl_ = unsaid;
    maxNegativeTtl_ = most;
    return *this;
  }
  Delay negativeTtl() const noexcept { return negativeTtl_; }
  Delay maxNegativeTtl() const noexcept { return maxNegativeTtl_; }
  /// For failures and timeouts of servers (RFC 9520). 1 s unless set; 0: not kept.
  CacheSettings& failureTtl(Delay delay) {
    failureTtl_ = delay;
    return *this;
  }
  Delay failureTtl() const noexcept { return failureTtl_; }

 private:
  std::size_t maxEntries_ = 10'000;
  Delay minTtl_ = 0;
  Delay maxTtl_ = 86'400;
  Delay negativeTtl_ = 30;
  Delay maxNegativeTtl_ = 300;
  Delay failureTtl_ = 1;
};

/// Keeps answers as long as their TTL says, in the time of a Clock, and makes equal look-ups that wait at the same time once.
///
///     auto names = std::make_shared<CachingResolver>(std::make_shared<DnsResolver>(reactor), reactor);
///     TcpNetwork network(reactor, names);
///
/// A kept answer is given at once, with the time that it has left. Cancelling a look-up hurts no other that waits for the same; cancelling the last one cancels the
/// question itself. An answer of more than 8 KiB is passed on but not kept.
class CachingResolver final : public Resolver {
 public:
  /// The clock must outlive the resolver.
  CachingResolver(std::shared_ptr<Resolver> source, Clock& clock, const CacheSettings& settings = {});
  ~CachingResolver() override;

  Deferred<HostAddresses> addressesOf(std::string host) override;
  Deferred<std::vector<Record>> recordsOf(std::string name, RecordType type) override;

  /// Forgets everything. Look-ups that are under way are not disturbed.
  void clear() noexcept;
  /// Answers that are kept, whether or not their time is over.
  std::size_t size() const noexcept;
  /// Look-ups that were answered from memory; that had to be asked; that waited for an equal one.
  std::uint64_t hits() const noexcept;
  std::uint64_t misses() const noexcept;
  std::uint64_t coalesced() const noexcept;

 private:
  struct State;
  std::shared_ptr<Resolver> source_;
  std::shared_ptr<State> state_;
};

}  // namespace weft::net
