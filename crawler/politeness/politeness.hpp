// Politeness: when each host may be asked again, and why not sooner.
#pragma once

#include <weft/core/clock.hpp>
#include <weft/crawler/error.hpp>
#include <weft/crawler/politeness/auto_throttle.hpp>
#include <weft/crawler/politeness/download_slots.hpp>
#include <weft/crawler/politeness/slot.hpp>
#include <weft/crawler/request.hpp>
#include <weft/crawler/settings.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

namespace weft::crawler {

/// A request reached nobody, at a host that has answered before and seems to be down for a while: it goes back and is tried again, and the attempt does not count.
class HostDown : public Postponed {
 public:
  using Postponed::Postponed;
};

/// A request was not made, as its host has been down for BREAKER_TIMEOUT.
class HostGivenUp : public Error {
 public:
  using Error::Error;
};

/// All that keeps a crawl from being a burden, per host (or per slot, see slotName()): how many requests at once, how far apart, and how long to leave it alone after it said so
/// or stopped answering. The frontier asks readyAt() before it gives a request out; PoliteDownloader tells what came of it. All time is the clock's; one thread.
///
/// - CONCURRENT_REQUESTS_PER_DOMAIN, DOWNLOAD_DELAY (start to start, times 0.5 to 1.5 with RANDOMIZE_DOWNLOAD_DELAY), DOWNLOAD_SLOTS for single hosts.
/// - AUTOTHROTTLE_*: the delay follows the latency.
/// - setRule(): robots' Crawl-delay and Request-rate, or your own.
/// - Retry-After on 429 and 503, in seconds or as a date, RETRY_AFTER_MAX at most; without it a wait that doubles from BACKOFF_START_DELAY to BACKOFF_MAX_DELAY, each
///   lengthened by up to half at random.
/// - The breaker: after BREAKER_FAILURES attempts in a row that reached nobody (2, if the host has answered before) one request at a time tries it, ever less often; after
///   BREAKER_TIMEOUT seconds of that the host is given up, and what waits for it fails.
class Politeness {
 public:
  using Time = Slot::Time;
  static constexpr Time kNever = Time::max();

  /// The clock is referred to. Throws SettingError when DOWNLOAD_SLOTS cannot be read.
  Politeness(const Settings& settings, Clock& clock, std::uint64_t seed = 1);
  Politeness(const Politeness&) = delete;
  Politeness& operator=(const Politeness&) = delete;
  ~Politeness();

  /// meta "download_slot", or the URL's host.
  static std::string_view slotName(const Request& request) noexcept;
  /// The slot of that name; made on the first use. Slots that say nothing any more (nothing waits or is in flight, no wait, no rule) are dropped once there are many.
  Slot& slot(std::string_view name);
  Slot& slot(const Request& request) { return slot(slotName(request)); }
  template <class F> void eachSlot(F function) {
    for (auto& [name, slot] : slots_) function(*slot);
  }

  /// The earliest time at which the next request to it may start: now or before, later, or kNever (until one in flight has ended).
  Time readyAt(const Slot& slot) const noexcept;
  /// The same, whatever is in flight: for a request whose sender holds a place already.
  Time restsUntil(const Slot& slot) const noexcept;
  void started(Slot& slot) noexcept;
  void ended(Slot& slot) noexcept;
  /// From now on asked() is called whenever a host is asked: a turn in which it was not (the page came from a cache, or robots.txt forbids it) is not counted, and the next one need not wait.
  void followAsking() noexcept { followsAsking_ = true; }
  void asked(Slot& slot) noexcept { slot.lastAsked = clock_.now(); }

  /// What came back for a request that was started at `begun`.
  struct Answer {
    int status = 0;
    double latency = 0;                                // seconds to the head
    std::string_view retryAfter, date;                 // the fields of these names
    std::size_t size = 0;                              // of the body, for the log
    bool mayAdjustDelay = true;                        // not: meta "autothrottle_dont_adjust_delay"
  };
  void answered(Slot& slot, Time begun, const Answer& answer);
  /// The request that was started at `begun` reached nobody. True if the host is taken to be down for a while: the attempt should not count.
  bool failed(Slot& slot, Time begun, std::string_view cause);
  /// Is it given up? What it was given up for is givenUpReason().
  bool givenUp(const Slot& slot) const noexcept { return slot.trouble && slot.trouble->kind == Slot::Trouble::Kind::GivenUp; }
  std::string givenUpReason(const Slot& slot) const;

  /// Another DOWNLOAD_DELAY or CONCURRENT_REQUESTS_PER_DOMAIN, for hosts that DOWNLOAD_SLOTS says nothing else of; AutoThrottle starts anew from that delay. Tell the frontier next
  /// (Frontier::limit()).
  void setDelay(double seconds);
  void setConcurrency(int requests);
  double delay() const noexcept { return delay_; }
  int concurrency() const noexcept { return concurrency_; }
  /// Sets, or with a delay of 0 removes, a host's rule. It counts from the last request on.
  void setRule(std::string_view name, HostRule rule);
  /// Why the host is not asked now, in a sentence with numbers: "example.com waits 3.2 s: Retry-After of 5 s with status 429".
  std::string why(std::string_view name) const;

  Clock& clock() noexcept { return clock_; }
  std::size_t size() const noexcept { return slots_.size(); }

 private:
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const noexcept { return std::hash<std::string_view>()(text); }
  };

  void sweep();
  double interval(const Slot& slot) const noexcept;    // seconds from the last start to the next
  void leaveAlone(Slot& slot, Slot::Trouble::Kind kind, double seconds);
  double random() noexcept;                            // 0 to 1

  Clock& clock_;
  int concurrency_;
  double delay_;
  const bool randomize_, autoThrottle_, autoThrottleDebug_;
  AutoThrottle throttle_;
  const double startDelay_, retryAfterMax_, backoffStart_, backoffMax_, breakerTimeout_;
  const int breakerFailures_;
  const DownloadSlots configured_;
  std::uint64_t random_;
  bool followsAsking_ = false;
  std::unordered_map<std::string_view, std::unique_ptr<Slot>, Hash, std::equal_to<>> slots_;   // keys are the slots' names
  Slot* last_ = nullptr;
  std::size_t sweepAt_ = 10'000;
};

}  // namespace weft::crawler
