// Slot: what is known of a host (or of a group of requests that share meta "download_slot"), so that it is asked politely.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>

namespace weft::crawler {

/// A rule that somebody else has set for a host: robots.txt, a spider. It goes beside the settings; the stricter one counts.
struct HostRule {
  HostRule() = default;
  HostRule(double delay, std::string origin) : delay(delay), origin(std::move(origin)) {}
  /// "Crawl-delay: 10".
  static HostRule crawlDelay(double seconds) { return {seconds, "Crawl-delay of robots.txt"}; }
  /// "Request-rate: 1/5": so many requests in so many seconds, evenly.
  static HostRule requestRate(double requests, double seconds) { return {requests > 0 ? seconds / requests : 0, "Request-rate of robots.txt"}; }

  double delay = 0;                                    ///< seconds from the start of a request to the start of the next, at the least; never shortened by chance
  std::string origin;                                  ///< for why(): who wants it
};

/// One host's state. Belongs to Politeness, which alone changes it; stays where it is while something waits for it or is in flight.
struct Slot {
  using Time = std::chrono::nanoseconds;               // of the clock

  explicit Slot(std::string name) : name(std::move(name)) {}

  /// What went wrong lately. Most hosts have none.
  struct Trouble {
    enum class Kind : std::uint8_t { None, RetryAfter, BackOff, Down, GivenUp };
    Kind kind = Kind::None;
    Time since{};                                      // when the wait was set: answers to older requests do not lengthen it
    Time until{};
    int status = 0;                                    // of RetryAfter and BackOff
    int refusals = 0;                                  // waits for 429 and 503 in a row
    int failures = 0;                                  // attempts in a row that reached nobody
    int probes = 0;                                    // of these, while Down
    Time firstFailure{};
    std::string cause;
  };
  Trouble& needTrouble() {
    if (!trouble) trouble = std::make_unique<Trouble>();
    return *trouble;
  }

  const std::string name;
  int concurrency = 8;
  int active = 0;                                      // requests in flight
  bool randomize = true;
  bool answered = false;                               // has it ever?
  float chance = 1;                                    // the random factor on the delay that follows the last start
  double delay = 0;                                    // seconds; AutoThrottle moves it
  Time lastStart = kLongAgo;
  Time lastAsked = kLongAgo;                           // when a request went out to it, as against one being given out by the frontier
  std::unique_ptr<HostRule> rule;
  std::unique_ptr<Trouble> trouble;
  std::size_t waiting = 0;                             // requests that wait for it: the frontier counts them
  void* queue = nullptr;                               // the frontier's own

  static constexpr Time kLongAgo = Time::min();
};

}  // namespace weft::crawler
