// MemoryFrontier: a frontier that lives as long as the process.
#pragma once

#include <weft/crawler/fingerprint.hpp>
#include <weft/crawler/frontier/frontier.hpp>
#include <weft/crawler/settings.hpp>

#include <memory>

namespace weft::crawler {

/// Keeps everything in memory: about 200 bytes a pending request, and 18 to 24 for each that was ever seen.
///
/// Fair: each host has its own queue, and a limit of requests in flight. Hosts that may be asked now stand in a heap, by the priority of their best request and then by
/// who was served longest ago; next() takes the first. So it costs O(log hosts), and a slow host never stands in another's way. Within a host: by priority, then in
/// the order of the settings.
///
///     MemoryFrontier frontier(settings);
///     co_await frontier.add(std::move(starts));
///     frontier.seeded();
///     while (auto lease = co_await frontier.next()) ...
class MemoryFrontier final : public Frontier {
 public:
  /// Takes CONCURRENT_REQUESTS_PER_DOMAIN, SCHEDULER_ORDER and SCHEDULER_MAX_PENDING.
  explicit MemoryFrontier(const Settings& settings);
  ~MemoryFrontier() override;

  Deferred<std::size_t> add(std::vector<Request> requests) override;
  void seeded() override;
  Deferred<std::optional<Lease>> next() override;
  Deferred<std::size_t> commit(Lease lease, Fate fate, std::vector<Request> children) override;
  Deferred<> room(std::size_t most) override;
  void close() override;
  FrontierCounts counts() const override;
  bool seen(const http::Url& url) const override;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace weft::crawler
