// MemoryFrontier: a frontier that lives as long as the process.
#pragma once

#include <weft/crawler/fingerprint.hpp>
#include <weft/crawler/frontier/frontier.hpp>
#include <weft/crawler/settings.hpp>

#include <memory>

namespace weft::crawler {

class FrontierCore;
class Politeness;

/// Keeps everything in memory: some 20 bytes and its URL for a pending request, and 18 to 24 for each that was ever seen.
///
/// Fair: each host has its own queue, and a limit of requests in flight. Hosts that may be asked now stand in a heap, by the priority of their best request and then by
/// who was served longest ago; next() takes the first. Hosts that must be left alone stand in a second one, by time. So it costs O(log hosts), and a slow host never stands in another's
/// way. Within a host: by priority, then in the order of the settings.
///
///     Politeness politeness(settings, reactor);
///     MemoryFrontier frontier(settings, politeness);
///     co_await frontier.add(std::move(starts));
///     frontier.seeded();
///     while (auto lease = co_await frontier.next()) ...
class MemoryFrontier final : public Frontier {
 public:
  /// Takes SCHEDULER_ORDER and SCHEDULER_MAX_PENDING. The politeness is referred to; it says when a host may be asked, and serves one frontier.
  MemoryFrontier(const Settings& settings, Politeness& politeness);
  /// One that knows of no time: CONCURRENT_REQUESTS_PER_DOMAIN is all that it keeps to.
  explicit MemoryFrontier(const Settings& settings);
  ~MemoryFrontier() override;

  Deferred<std::size_t> add(std::vector<Request> requests, Output output = {}) override;
  void seeded() override;
  Deferred<std::optional<Lease>> next() override;
  Deferred<std::size_t> commit(Lease lease, Fate fate, std::vector<Request> children, Output output = {}) override;
  Deferred<> room(std::size_t most) override;
  void holdOpen(bool hold) override;
  Deferred<> idle() override;
  void onDropped(std::function<void(const Request&)> handler) override;
  void limit(std::uint64_t leases) override;
  void close() override;
  FrontierCounts counts() const override;
  bool seen(const http::Url& url) const override;
  void shareSeen() override;

 private:
  struct Unhurried;
  std::unique_ptr<Unhurried> unhurried_;
  std::unique_ptr<FrontierCore> core_;
};

}  // namespace weft::crawler
