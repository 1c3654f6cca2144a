#include <weft/crawler/dashboard/dashboard.hpp>

#include <weft/core/log.hpp>
#include <weft/crawler/dashboard/dashboard_page.hpp>
#include <weft/crawler/dashboard/open_metrics.hpp>
#include <weft/crawler/engine.hpp>
#include <weft/crawler/politeness/politeness.hpp>
#include <weft/http/server/errors.hpp>
#include <weft/http/server/event_stream.hpp>
#include <weft/http/server/router.hpp>
#include <weft/http/server/sessions.hpp>
#include <weft/net/digest.hpp>
#include <weft/net/error.hpp>

#include <charconv>
#include <cmath>
#include <optional>
#include <utility>

namespace weft::crawler {

namespace {

constexpr std::size_t kHostsShown = 50;
constexpr std::size_t kMostBody = 4096;                // of what is sent to /control
constexpr double kEventsEvery = 1;                           // seconds from one event to the next
constexpr double kGrace = 2;                           // for pages to take the last event
constexpr double kMostDelay = 3600;
constexpr std::string_view kCookie = "weft_dashboard";

bool isLoopbackHost(std::string_view host) noexcept { return host == "localhost" || host.starts_with("127.") || host == "::1" || host == "[::1]"; }

// As long for a wrong text as for the right one.
bool same(std::string_view given, std::string_view wanted) noexcept {
  if (given.size() != wanted.size()) return false;
  unsigned char different = 0;
  for (std::size_t at = 0; at < given.size(); ++at) different = static_cast<unsigned char>(different | (given[at] ^ wanted[at]));
  return different == 0;
}

std::string_view queryValue(const http::Url& url, std::string_view name) noexcept {
  std::string_view query = url.query();
  while (!query.empty()) {
    const std::size_t end = std::min(query.find('&'), query.size());
    const std::string_view pair = query.substr(0, end);
    if (pair.starts_with(name) && pair.substr(name.size()).starts_with('=')) return pair.substr(name.size() + 1);
    query.remove_prefix(std::min(end + 1, query.size()));
  }
  return {};
}

http::Response refusal(int status, std::string text) { return http::Response(status, std::move(text) + "\n", "text/plain; charset=utf-8"); }

// A whole number of the object within its bounds; nothing when it is not there. Throws StatusError.
std::optional<double> numberOf(const http::Json& body, const char* name, double least, double most, bool whole) {
  const http::Json* const value = body.find(name);
  if (!value) return std::nullopt;
  const double number = value->isNumber() ? value->number() : NAN;
  if (!(number >= least && number <= most) || (whole && number != std::floor(number))) {
    throw http::StatusError(400, std::string(name) + " must be a " + (whole ? "whole " : "") + "number from " + std::to_string(static_cast<int>(least)) + " to " + std::to_string(static_cast<int>(most)));
  }
  return number;
}

}  // namespace

DashboardAddress DashboardAddress::parse(std::string_view text) {
  DashboardAddress address;
  const auto wrong = [&] { return DashboardError("--dashboard=" + std::string(text) + ": this is no PORT or ADDRESS:PORT, such as 8080, 0.0.0.0:8080 or [::1]:8080"); };
  std::string_view port = text;
  if (const std::size_t colon = text.rfind(':'); colon != std::string_view::npos) {
    std::string_view host = text.substr(0, colon);
    if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
    else if (host.find(':') != std::string_view::npos) throw wrong();
    if (host.empty()) throw wrong();
    address.interface = host == "localhost" ? "127.0.0.1" : host;
    port = text.substr(colon + 1);
  }
  if (port.empty() && text.empty()) return address;
  const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), address.port);
  if (error != std::errc() || end != port.data() + port.size()) throw wrong();
  return address;
}

bool DashboardAddress::isLoopback() const noexcept { return isLoopbackHost(interface); }

Dashboard::Dashboard(CrawlMonitor& monitor, Engine& engine, Politeness& politeness, Clock& clock, DashboardAddress address)
    : monitor_(monitor), engine_(engine), politeness_(politeness), clock_(clock), address_(std::move(address)), token_(net::toHex(net::randomBytes(16))) {}

Dashboard::~Dashboard() {
  if (wake_.active()) wake_.cancel();
}

void Dashboard::listen(net::Network& network) {
  site_ = std::make_shared<http::Site>(handler(), http::SiteOptions().setMaxBody(kMostBody).setMaxConnections(100));
  try {
    port_ = network.listen(address_.port, site_, net::ListenOptions().interface(address_.interface));
  } catch (const net::Error& error) {
    throw DashboardError("cannot serve the dashboard: " + std::string(error.what()) + (address_.port ? " (--dashboard alone takes any free port)" : ""));
  }
}

std::string Dashboard::url() const {
  return "http://" + net::hostAndPort(address_.interface, port_->getHost().port()) + "/" + (address_.isLoopback() ? std::string() : "?token=" + token_);
}

Deferred<> Dashboard::close() {
  closing_ = true;
  wake();
  if (port_) {
    auto stopping = port_->stopListening();
    (void)co_await stopping.outcome();
  }
  if (site_) {
    auto closing = site_->close(kGrace);
    (void)co_await closing.outcome();
  }
}

void Dashboard::wake() {
  if (wake_.active()) wake_.cancel();
  for (Trigger<>& sleeper : std::exchange(sleeping_, {}))
    if (sleeper.active()) sleeper.callback();
}

http::Handler Dashboard::handler() {
  http::Router router;
  router.use([this](http::Request request, const http::Handler& next) { return guarded(std::move(request), next); });
  router.get("/", [this](const http::Request&) {
    http::Response page(200, dashboardPage(token_), "text/html; charset=utf-8");
    page.setHeader("Content-Security-Policy", dashboardPolicy()).setHeader("X-Frame-Options", "DENY");
    if (!address_.isLoopback()) page.headers.add("Set-Cookie", std::string(kCookie) + "=" + token_ + "; HttpOnly; SameSite=Strict; Path=/");
    return succeed(std::move(page));
  });
  router.get("/events", [this](const http::Request&) { return succeed(http::eventStream(events(), clock_)); });
  router.get("/snapshot.json", [this](const http::Request&) { return succeed(http::Response(200, snapshotText(), "application/json")); });
  router.get("/metrics", [this](const http::Request&) { return succeed(http::Response(200, openMetrics(monitor_.snapshot()), kOpenMetricsType)); });
  router.post("/control/{action}", [this](http::Request request) { return control(std::move(request)); });
  return router;
}

Deferred<http::Response> Dashboard::guarded(http::Request request, const http::Handler& next) {
  if (address_.isLoopback() && !isLoopbackHost(request.url.host())) co_return refusal(403, "This dashboard is for its own machine; ask for it as 127.0.0.1 or localhost.");
  if (!address_.isLoopback() && !hasToken(request)) co_return refusal(401, "This dashboard needs the token that weft printed: /?token=...");
  auto answering = next(std::move(request));
  http::Response response = co_await answering;
  response.setHeader("Cache-Control", "no-store").setHeader("X-Content-Type-Options", "nosniff").setHeader("Referrer-Policy", "no-referrer");
  co_return response;
}

bool Dashboard::hasToken(const http::Request& request) const {
  constexpr std::string_view kBearer = "Bearer ";
  const std::string_view authorization = request.headers.get("Authorization", "");
  if (authorization.starts_with(kBearer) && same(authorization.substr(kBearer.size()), token_)) return true;
  return same(queryValue(request.url, "token"), token_) || same(http::cookieOf(request, kCookie).value_or(""), token_);
}

Deferred<http::Response> Dashboard::control(http::Request request) {
  const std::string_view origin = request.headers.get("Origin", ""), site = request.headers.get("Sec-Fetch-Site", "");
  const auto from = origin.empty() ? std::optional<http::Url>() : http::Url::tryParse(origin);
  if ((!origin.empty() && !(from && from->sameOrigin(request.url))) || (!site.empty() && site != "same-origin")) co_return refusal(403, "Only the dashboard's own page steers the crawl.");
  if (!same(request.headers.get("X-Weft-Token", ""), token_)) co_return refusal(403, "The token is missing or is another crawl's: load the page again.");
  const std::string action(request.pathValue("action"));
  auto reading = request.json(http::JsonOptions().setMaxBytes(kMostBody));
  const http::Json body = co_await reading;
  co_return change(action, body);
}

http::Response Dashboard::change(std::string_view action, const http::Json& body) {
  if (!engine_.closeReason().empty() || engine_.stopping()) return refusal(409, "The crawl is ending, or has ended.");
  if (action == "pause") engine_.pause();
  else if (action == "resume") engine_.resume();
  else if (action == "stop") engine_.stop("shutdown");
  else if (action == "settings") {
    const auto concurrency = numberOf(body, "concurrency", 1, Dashboard::kMostConcurrency, true), host = numberOf(body, "host_concurrency", 1, Dashboard::kMostConcurrency, true);
    const auto delay = numberOf(body, "delay", 0, kMostDelay, false);
    if (host) politeness_.setConcurrency(static_cast<int>(*host));
    if (delay && *delay != politeness_.delay()) politeness_.setDelay(*delay);
    if (host || delay) engine_.politenessChanged();
    if (concurrency) engine_.setConcurrency(static_cast<int>(*concurrency));
    log::info("weft.crawler.dashboard", "CONCURRENT_REQUESTS is ", engine_.concurrency(), ", CONCURRENT_REQUESTS_PER_DOMAIN ", politeness_.concurrency(), ", DOWNLOAD_DELAY ", politeness_.delay());
  } else {
    return refusal(404, "There is no such action: pause, resume, stop and settings are.");
  }
  return http::Response(200, snapshotText(), "application/json");
}

AsyncGenerator<http::ServerEvent> Dashboard::events() {
  for (;;) {
    const bool last = closing_;
    http::ServerEvent event(snapshotText());
    event.setRetry(2);
    co_yield std::move(event);
    if (last) co_return;
    if (closing_) continue;                            // meanwhile
    Deferred<> pause;
    sleeping_.push_back(pause.takeTrigger());
    if (!wake_.active()) wake_ = clock_.callLater(kEventsEvery, [this] { wake(); });           // for all that sleep by then
    co_await pause;
  }
}

std::string Dashboard::snapshotText() const { return toJson(monitor_.snapshot(kHostsShown)).dump(); }

}  // namespace weft::crawler
