#include <weft/crawler/politeness/politeness.hpp>

#include <weft/core/log.hpp>
#include <weft/crawler/internal/loggers.hpp>
#include <weft/http/dates.hpp>
#include <weft/http/header_values/retry_after.hpp>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <utility>

namespace weft::crawler {

namespace {

using Kind = Slot::Trouble::Kind;
constexpr int kAnsweredBefore = 2;                     // failures in a row that make such a host one that is down

Slot::Time toTime(double seconds) noexcept { return Slot::Time(static_cast<std::int64_t>(std::ceil(seconds * 1e9))); }
double toSeconds(Slot::Time time) noexcept { return static_cast<double>(time.count()) / 1e9; }

std::string waitText(double seconds) {
  char text[64];
  const double shown = std::ceil(seconds * 10) / 10;   // never 0 while there is something left
  return std::string(text, std::to_chars(text, text + sizeof text, shown, std::chars_format::fixed, shown < 100 && shown != std::floor(shown) ? 1 : 0).ptr) + " s";
}

}  // namespace

Politeness::Politeness(const Settings& settings, Clock& clock, std::uint64_t seed)
    : clock_(clock),
      concurrency_(settings.concurrentRequestsPerDomain),
      delay_(settings.downloadDelay),
      randomize_(settings.randomizeDownloadDelay),
      autoThrottle_(settings.autothrottleEnabled),
      autoThrottleDebug_(settings.autothrottleDebug),
      throttle_{settings.autothrottleTargetConcurrency, settings.downloadDelay, settings.autothrottleMaxDelay},
      startDelay_(settings.autothrottleStartDelay),
      retryAfterMax_(settings.retryAfterMax),
      backoffStart_(settings.backoffStartDelay),
      backoffMax_(settings.backoffMaxDelay),
      breakerTimeout_(settings.breakerTimeout),
      breakerFailures_(settings.breakerFailures),
      configured_(parseDownloadSlots(settings.downloadSlots)),
      random_(seed) {}

Politeness::~Politeness() = default;

std::string_view Politeness::slotName(const Request& request) noexcept {
  const std::string_view named = request.meta("download_slot");
  return named.empty() ? request.url.host() : named;
}

Slot& Politeness::slot(std::string_view name) {
  if (last_ && last_->name == name) return *last_;     // most links stay on their host
  auto found = slots_.find(name);
  if (found == slots_.end()) {
    if (slots_.size() >= sweepAt_) sweep();
    auto made = std::make_unique<Slot>(std::string(name));
    made->concurrency = concurrency_;
    made->delay = autoThrottle_ ? std::max(delay_, startDelay_) : delay_;
    made->randomize = randomize_;
    if (!configured_.empty()) {
      if (const auto own = configured_.find(name); own != configured_.end()) {
        made->concurrency = own->second.concurrency.value_or(made->concurrency);
        made->delay = own->second.delay.value_or(made->delay);
        made->randomize = own->second.randomizeDelay.value_or(made->randomize);
      }
    }
    const std::string_view key = made->name;
    found = slots_.emplace(key, std::move(made)).first;
  }
  last_ = found->second.get();
  return *last_;
}

void Politeness::sweep() {
  const Time now = clock_.now();
  last_ = nullptr;
  std::erase_if(slots_, [&](const auto& entry) {
    const Slot& slot = *entry.second;
    const bool waits = slot.trouble && (slot.trouble->until > now || slot.trouble->kind >= Kind::Down);
    return !slot.queue && !slot.active && !waits && !slot.rule && !autoThrottle_ && readyAt(slot) <= now;
  });
  sweepAt_ = std::max<std::size_t>(10'000, 2 * slots_.size());
}

double Politeness::interval(const Slot& slot) const noexcept {
  const double own = slot.randomize ? slot.delay * static_cast<double>(slot.chance) : slot.delay;
  return slot.rule ? std::max(own, slot.rule->delay) : own;
}

Politeness::Time Politeness::readyAt(const Slot& slot) const noexcept {
  if (slot.active >= slot.concurrency) return kNever;
  if (slot.trouble && slot.trouble->kind == Kind::Down && slot.active) return kNever;            // one at a time
  return restsUntil(slot);
}

Politeness::Time Politeness::restsUntil(const Slot& slot) const noexcept {
  Time ready = Time::min();
  if (const double seconds = interval(slot); seconds > 0 && slot.lastStart != Slot::kLongAgo) ready = slot.lastStart + toTime(seconds);
  if (!slot.trouble) return ready;
  return slot.trouble->kind == Kind::GivenUp ? Time::min() : std::max(ready, slot.trouble->until);
}

void Politeness::started(Slot& slot) noexcept {
  ++slot.active;
  slot.lastStart = clock_.now();
  if (slot.randomize) slot.chance = static_cast<float>(0.5 + random());
}

void Politeness::ended(Slot& slot) noexcept {
  // While another one is under way, the last turn may be its, and still lead to a request.
  if (--slot.active == 0 && followsAsking_) slot.lastStart = std::min(slot.lastStart, slot.lastAsked);
}

void Politeness::answered(Slot& slot, Time begun, const Answer& answer) {
  slot.answered = true;
  if (slot.trouble) {
    if (slot.trouble->kind >= Kind::Down) {
      kPolitenessLog.info(slot.name, " answers again");
      slot.trouble->kind = Kind::None;
      slot.trouble->until = Time{};
    }
    slot.trouble->failures = slot.trouble->probes = 0;
  }
  if (autoThrottle_ && answer.mayAdjustDelay) {
    const double before = std::exchange(slot.delay, throttle_.next(slot.delay, answer.latency, answer.status));
    if (autoThrottleDebug_) {
      const auto ms = [](double seconds) { return static_cast<int>(std::lround(seconds * 1000)); };
      kPolitenessLog.info("slot: ", slot.name, " | conc: ", slot.active, " | delay: ", ms(slot.delay), " ms (", slot.delay >= before ? "+" : "", ms(slot.delay - before),
                    ") | latency: ", ms(answer.latency), " ms | size: ", answer.size, " bytes");
    }
  }
  if (answer.status != 429 && answer.status != 503) {
    if (slot.trouble && slot.trouble->kind <= Kind::BackOff && begun > slot.trouble->since) slot.trouble.reset();
    return;
  }

  Slot::Trouble& trouble = slot.needTrouble();
  const bool sameWait = (trouble.kind == Kind::RetryAfter || trouble.kind == Kind::BackOff) && begun <= trouble.since;  // it was in flight when the host said so
  if (!sameWait) ++trouble.refusals;
  trouble.status = answer.status;
  std::optional<std::chrono::seconds> asked;
  if (!answer.retryAfter.empty()) {
    const auto wall = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
    const auto now = answer.date.empty() ? wall : http::parseDate(answer.date, wall).value_or(wall);       // a date is read by the server's own clock
    asked = http::parseRetryAfter(answer.retryAfter, now, std::chrono::hours(24 * 366 * 100));
  }
  if (asked) {
    double seconds = static_cast<double>(asked->count());
    if (seconds > retryAfterMax_) {
      if (!sameWait) kPolitenessLog.warning(slot.name, " asks to be left alone for ", asked->count(), " s (Retry-After); it is for ", waitText(retryAfterMax_), " (RETRY_AFTER_MAX)");
      seconds = retryAfterMax_;
    }
    if (!sameWait || clock_.now() + toTime(seconds) > trouble.until) leaveAlone(slot, Kind::RetryAfter, seconds);
  } else if (!sameWait) {
    const double wait = std::min(backoffMax_, std::ldexp(backoffStart_, std::min(trouble.refusals - 1, 60)));
    leaveAlone(slot, Kind::BackOff, wait * (1 + random() / 2));
  }
}

bool Politeness::failed(Slot& slot, Time begun, std::string_view cause) {
  if (givenUp(slot)) return false;
  Slot::Trouble& trouble = slot.needTrouble();
  if (!trouble.failures++) trouble.firstFailure = begun;
  trouble.cause.assign(cause.substr(0, 200));
  const bool wasDown = trouble.kind == Kind::Down;
  if (!wasDown && trouble.failures < (slot.answered ? std::min(kAnsweredBefore, breakerFailures_) : breakerFailures_)) return false;
  if (wasDown && begun <= trouble.since) return slot.answered;                  // it was in flight when the breaker opened
  if (wasDown) ++trouble.probes;
  if (wasDown && toSeconds(clock_.now() - trouble.firstFailure) >= breakerTimeout_) {
    trouble.kind = Kind::GivenUp;
    kPolitenessLog.error(givenUpReason(slot));
    return false;
  }
  if (!wasDown) kPolitenessLog.warning(slot.name, " seems to be down: ", trouble.failures, " attempts in a row failed (", trouble.cause, "); it is tried now and then");
  const double wait = std::min(backoffMax_, std::ldexp(backoffStart_, std::min(trouble.probes, 60)));
  leaveAlone(slot, Kind::Down, wait * (1 + random() / 2));
  return slot.answered;
}

void Politeness::leaveAlone(Slot& slot, Kind kind, double seconds) {
  Slot::Trouble& trouble = *slot.trouble;
  trouble.kind = kind;
  trouble.since = clock_.now();
  trouble.until = std::max(trouble.until, trouble.since + toTime(seconds));
  if (kind != Kind::Down && kPolitenessLog.enabled(LogLevel::Info)) kPolitenessLog.info(why(slot.name));
}

std::string Politeness::givenUpReason(const Slot& slot) const {
  const Slot::Trouble& trouble = *slot.trouble;
  return slot.name + " was given up: " + std::to_string(trouble.failures) + " attempts in a row failed (" + trouble.cause + ") within " +
         waitText(std::max(breakerTimeout_, toSeconds(trouble.since - trouble.firstFailure))) + " (BREAKER_TIMEOUT)";
}

void Politeness::setDelay(double seconds) {
  delay_ = throttle_.least = seconds;
  throttle_.most = std::max(throttle_.most, seconds);
  for (auto& [name, slot] : slots_) {
    const auto own = configured_.find(name);
    if (own == configured_.end() || !own->second.delay) slot->delay = seconds;
  }
}

void Politeness::setConcurrency(int requests) {
  concurrency_ = requests;
  for (auto& [name, slot] : slots_) {
    const auto own = configured_.find(name);
    if (own == configured_.end() || !own->second.concurrency) slot->concurrency = requests;
  }
}

void Politeness::setRule(std::string_view name, HostRule rule) {
  Slot& own = slot(name);
  if (rule.delay > 0) own.rule = std::make_unique<HostRule>(std::move(rule));
  else own.rule.reset();
}

std::string Politeness::why(std::string_view name) const {
  const auto found = slots_.find(name);
  if (found == slots_.end()) return std::string(name) + " has not been asked yet, or has nothing to wait for";
  const Slot& slot = *found->second;
  const Time now = clock_.now();
  const std::string flight = std::to_string(slot.active) + " of " + std::to_string(slot.concurrency);
  const Slot::Trouble* trouble = slot.trouble.get();
  if (trouble && trouble->kind == Kind::GivenUp) return givenUpReason(slot);
  if (trouble && trouble->kind == Kind::Down) {
    return slot.name + " is down: " + std::to_string(trouble->failures) + " attempts in a row failed (" + trouble->cause + "); " +
           (trouble->until > now ? "the next one is made in " + waitText(toSeconds(trouble->until - now)) : std::string("the next one is made now, alone"));
  }
  const Time spaced = slot.lastStart == Slot::kLongAgo ? Time::min() : slot.lastStart + toTime(interval(slot));
  if (trouble && trouble->until > now && trouble->until >= spaced) {
    const std::string wait = slot.name + " waits " + waitText(toSeconds(trouble->until - now)) + ": ";
    if (trouble->kind == Kind::RetryAfter) return wait + "Retry-After of " + waitText(toSeconds(trouble->until - trouble->since)) + " with status " + std::to_string(trouble->status);
    return wait + "it answered " + std::to_string(trouble->status) + " without a Retry-After, " + std::to_string(trouble->refusals) + (trouble->refusals == 1 ? " time" : " times in a row");
  }
  if (spaced > now) {
    const bool byRule = slot.rule && slot.rule->delay >= interval(slot);
    return slot.name + " waits " + waitText(toSeconds(spaced - now)) + ": " + waitText(interval(slot)) + " between requests (" +
           (byRule ? slot.rule->origin : autoThrottle_ ? "AutoThrottle" : "DOWNLOAD_DELAY") + ")";
  }
  if (slot.active >= slot.concurrency) return slot.name + " waits: " + flight + " requests are in flight (CONCURRENT_REQUESTS_PER_DOMAIN)";
  return slot.name + " may be asked now: " + flight + " requests are in flight";
}

double Politeness::random() noexcept {                 // splitmix64
  std::uint64_t z = random_ += 0x9E3779B97F4A7C15;
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
  return static_cast<double>((z ^ (z >> 31)) >> 11) * 0x1p-53;
}

}  // namespace weft::crawler
