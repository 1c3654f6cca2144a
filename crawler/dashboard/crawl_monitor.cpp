#include <weft/crawler/dashboard/crawl_monitor.hpp>

#include <weft/crawler/engine.hpp>
#include <weft/crawler/politeness/politeness.hpp>

#include <algorithm>
#include <tuple>
#include <utility>

namespace weft::crawler {

namespace {

constexpr double kTick = 1;                            // seconds
constexpr int kItemsOfTick = 3;                        // that are shown; the others are counted
constexpr std::size_t kItemBytes = 500;                // of one item
constexpr std::size_t kHostsSeen = 100'000;            // slots that are looked at for a snapshot

// The beginning of a text in UTF-8, whole characters.
std::string beginning(std::string text, std::size_t bytes) {
  if (text.size() <= bytes) return text;
  while (bytes && (static_cast<unsigned char>(text[bytes]) & 0xC0) == 0x80) --bytes;
  text.resize(bytes);
  return text + "…";
}

double secondsOf(std::chrono::nanoseconds time) { return std::chrono::duration<double>(time).count(); }

void add(SeriesPoint& to, const SeriesPoint& later) {
  to.pages += later.pages;
  to.bytes += later.bytes;
  to.errors += later.errors;
  to.items += later.items;
  to.answers += later.answers;
  to.latency += later.latency;
  to.pending = later.pending;
  to.inFlight = later.inFlight;
}

}  // namespace

CrawlMonitor::CrawlMonitor(Engine& engine, Politeness& politeness, Clock& clock) : engine_(engine), politeness_(politeness), clock_(clock) {
  const auto listen = [this](auto& signal, auto handler) {
    disconnect_.push_back([&signal, id = signal.connect(std::move(handler))] { signal.disconnect(id); });
  };
  Signals& signals = engine.signals();
  listen(signals.requestReachedDownloader, [this](const Request& request) {
    ++hostOf(request).requests;
    ++all_.requests;
  });
  listen(signals.requestLeftDownloader, [this](const Request& request) {
    ++hostOf(request).left;
    ++all_.left;
  });
  listen(signals.responseDownloaded, [this](const Response& response) { downloaded(response); });
  listen(signals.itemScraped, [this](const Item& item) {
    ++now_.items;
    if (++itemsOfTick_ > kItemsOfTick) return;
    items_.push_front({secondsOf(engine_.elapsed()), beginning(item.json().dump(), kItemBytes)});
    if (items_.size() > kMostItems) items_.pop_back();
  });
  series_.reserve(kMostPoints);
  schedule();
}

CrawlMonitor::~CrawlMonitor() {
  if (call_.active()) call_.cancel();
  for (const auto& disconnect : disconnect_) disconnect();
}

void CrawlMonitor::describe(std::string spider, std::string target, std::string beganAt, std::vector<CrawlSnapshot::Setting> settings) {
  spider_ = std::move(spider);
  target_ = std::move(target);
  beganAt_ = std::move(beganAt);
  settings_ = std::move(settings);
}

CrawlMonitor::Host& CrawlMonitor::hostOf(const Request& request) {
  const std::string_view name = Politeness::slotName(request);
  if (const auto found = hosts_.find(name); found != hosts_.end()) return found->second;
  if (hosts_.size() < kMostHosts) return hosts_.emplace(name, Host()).first->second;
  hasOthers_ = true;
  return others_;
}

void CrawlMonitor::downloaded(const Response& response) {
  const bool refused = response.status >= 500;
  Host& host = hostOf(response.request());
  for (Host* one : {&host, &all_}) {
    ++one->responses;
    one->bytes += response.body.size();
    one->refused += refused;
    if (response.downloadLatency >= 0) one->latency.add(response.downloadLatency);
  }
  ++statuses_[response.status];
  now_.bytes += response.body.size();
  if (response.downloadLatency >= 0) {
    ++now_.answers;
    now_.latency += response.downloadLatency;
  }
}

// Until the crawl has ended; the second after it is the last.
void CrawlMonitor::schedule() {
  call_ = clock_.callLater(kTick, [this] {
    if (engine_.closeReason().empty()) schedule();
    tick();
    if (onTick_) onTick_();
  });
}

// One more second. When the points are all used, each two of them become one, which stands for twice the time.
void CrawlMonitor::tick() {
  itemsOfTick_ = 0;
  if (++ticks_ < ticksOfPoint_) return;
  ticks_ = 0;
  series_.push_back(current());
  pagesBefore_ += series_.back().pages;
  errorsBefore_ += series_.back().errors;
  now_ = SeriesPoint();
  if (series_.size() < kMostPoints) return;
  for (std::size_t at = 0; at + 1 < series_.size(); at += 2) {
    add(series_[at], series_[at + 1]);
    series_[at / 2] = series_[at];
  }
  series_.resize(series_.size() / 2);
  ticksOfPoint_ *= 2;
}

// What has happened since the last point.
SeriesPoint CrawlMonitor::current() const {
  SeriesPoint point = now_;
  const FrontierCounts counts = engine_.counts();
  point.pages = counts.done + counts.failed + counts.dropped - engine_.earlier() - pagesBefore_;
  point.errors = all_.left - all_.responses + all_.refused - errorsBefore_;
  point.pending = counts.pending;
  point.inFlight = counts.leased;
  return point;
}

HostSnapshot CrawlMonitor::hostSnapshot(const std::string& name, const Host& host) const {
  HostSnapshot shown;
  shown.name = name;
  shown.requests = host.requests;
  shown.responses = host.responses;
  shown.bytes = host.bytes;
  shown.errors = host.left - host.responses + host.refused;
  shown.latency = host.latency;
  return shown;
}

CrawlSnapshot CrawlMonitor::snapshot(std::size_t hosts) const {
  CrawlSnapshot made;
  made.spider = spider_;
  made.target = target_;
  made.beganAt = beganAt_;
  made.closeReason = engine_.closeReason();
  using State = CrawlSnapshot::State;
  made.state = !made.closeReason.empty() ? State::Ended : engine_.stopping() ? State::Closing : engine_.paused() ? State::Paused : State::Running;
  made.elapsed = secondsOf(engine_.elapsed());
  made.counts = engine_.counts();
  made.earlier = engine_.earlier();
  made.items = static_cast<std::uint64_t>(engine_.stats().getValue("item_scraped_count"));
  const HostSnapshot all = hostSnapshot("", all_);
  made.requests = all.requests;
  made.responses = all.responses;
  made.bytes = all.bytes;
  made.errors = all.errors;
  made.latency = all.latency;
  made.statuses = statuses_;
  made.concurrency = engine_.concurrency();
  made.hostConcurrency = politeness_.concurrency();
  made.delay = politeness_.delay();
  made.step = kTick * ticksOfPoint_;
  made.series = series_;
  if (made.state == State::Ended && call_.active()) made.series.push_back(current());
  made.settings = settings_;
  made.itemsSeen.assign(items_.begin(), items_.end());
  for (auto failed = engine_.recentFailures().rbegin(); failed != engine_.recentFailures().rend() && made.errorsSeen.size() < kMostErrors; ++failed)
    made.errorsSeen.push_back({secondsOf(failed->at), failed->url, failed->cause, failed->tries});

  std::vector<const Slot*> slots;
  politeness_.eachSlot([&slots](Slot& slot) {
    if (slots.size() < kHostsSeen && (slot.waiting || slot.active || slot.lastStart != Slot::kLongAgo)) slots.push_back(&slot);
  });
  made.hostCount = std::max(slots.size(), hosts_.size());
  const std::size_t shown = std::min(hosts, slots.size());
  std::partial_sort(slots.begin(), slots.begin() + static_cast<std::ptrdiff_t>(shown), slots.end(), [](const Slot* a, const Slot* b) {
    return std::make_tuple(-a->active, -static_cast<std::int64_t>(a->waiting), std::string_view(a->name)) < std::make_tuple(-b->active, -static_cast<std::int64_t>(b->waiting), std::string_view(b->name));
  });
  for (std::size_t at = 0; at < shown; ++at) {
    const Slot& slot = *slots[at];
    const auto found = hosts_.find(slot.name);
    HostSnapshot host = hostSnapshot(slot.name, found == hosts_.end() ? Host() : found->second);
    host.waiting = slot.waiting;
    host.active = slot.active;
    host.concurrency = slot.concurrency;
    host.delay = slot.delay;
    host.why = politeness_.why(slot.name);
    made.hosts.push_back(std::move(host));
  }
  if (hasOthers_) made.hosts.push_back(hostSnapshot("", others_));
  return made;
}

}  // namespace weft::crawler
