// MemoryResolver: names that a test makes up.
#pragma once

#include <weft/core/clock.hpp>
#include <weft/core/delay.hpp>
#include <weft/core/failure.hpp>
#include <weft/net/names/resolver.hpp>

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace weft::net {

/// A Resolver that knows what it is told, in the time of a Clock.
///
///     ManualClock clock;
///     MemoryResolver names(clock);
///     names.add("example.com", "2001:db8::1");
///     names.add("example.com", "192.0.2.1");
///     names.add("example.com", MxRecord(10, "mail.example.com"));
///     names.delay("slow.example", 3);
///     auto addresses = successResultOf(names.resolve("example.com", 80));
///
/// A name that was told nothing of is a NameNotFound. Answers without a delay come at once. Aliases (CnameRecord) are followed.
class MemoryResolver final : public Resolver {
 public:
  /// The clock must outlive the resolver.
  explicit MemoryResolver(Clock& clock);
  ~MemoryResolver() override;

  /// Adds an address; resolve() gives a name's addresses in the order in which they were added. Throws std::invalid_argument for what is not one.
  void add(std::string name, std::string_view address, std::chrono::seconds ttl = std::chrono::seconds(60));
  void add(std::string name, Record::Data data, std::chrono::seconds ttl = std::chrono::seconds(60));
  /// Forgets the name.
  void remove(const std::string& name);
  /// Answers about the name take so long.
  void delay(const std::string& name, Delay delay);
  /// Questions about the name are never answered.
  void silence(const std::string& name);
  /// Questions about the name fail with this.
  void failWith(const std::string& name, Failure failure);

  /// How many questions there were: in all, and about a name; how many are unanswered; how many were cancelled.
  std::uint64_t queries() const noexcept;
  std::uint64_t queries(const std::string& name) const;
  std::uint64_t pending() const noexcept;
  std::uint64_t cancelled() const noexcept;

  Deferred<HostAddresses> addressesOf(std::string host) override;
  Deferred<std::vector<Record>> recordsOf(std::string name, RecordType type) override;

 private:
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace weft::net
