#include <weft/crawler/internal/run_report.hpp>

#include <weft/core/internal/replaceable.hpp>
#include <weft/http/json.hpp>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <utility>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace weft::crawler {

namespace {

using http::Json;

[[noreturn]] void fail(const std::string& path, int code) {
  throw ReportError("cannot write the report to " + (path == "-" ? "the standard output" : path) + ": " + std::strerror(code));
}

template <class Number> Json whole(Number number) { return Json(static_cast<std::int64_t>(number)); }

Json text(std::string_view value) { return value.empty() ? Json() : Json(value); }

// By cause, the commonest first, each with the first page that it befell.
Json failures(const Engine& engine) {
  std::vector<std::pair<const FailedPage*, std::int64_t>> causes;
  for (const FailedPage& page : engine.failedPages()) {
    const auto same = std::find_if(causes.begin(), causes.end(), [&page](const auto& cause) { return cause.first->cause == page.cause; });
    if (same == causes.end()) causes.emplace_back(&page, 1);
    else ++same->second;
  }
  std::stable_sort(causes.begin(), causes.end(), [](const auto& a, const auto& b) { return a.second > b.second; });
  Json::Array all;
  for (const auto& [page, pages] : causes) all.push_back(Json::Object{{"cause", page->cause}, {"pages", pages}, {"first_url", page->url}, {"tries", page->tries}});
  return all;
}

// The stats below a prefix, without it.
Json below(const Stats& stats, std::string_view prefix) {
  Json::Object found;
  for (const auto& [key, value] : stats.getStats())
    if (key.starts_with(prefix)) found.emplace_back(key.substr(prefix.size()), value);
  return found;
}

}  // namespace

ReportFile::ReportFile(std::string path) : path_(std::move(path)) {
  if (path_ == "-") return;
  struct stat facts {};
  if (::stat(path_.c_str(), &facts) == 0 && S_ISDIR(facts.st_mode)) fail(path_, EISDIR);
  if (const auto place = weft::detail::replaceable(path_)) {
    place_ = *place;
    aside_ = place_ + ".new";
    if (::stat(place_.c_str(), &facts) == 0 && ::access(place_.c_str(), W_OK) != 0) fail(path_, errno);      // a file that was made read-only is meant to stay
  }
  const std::string& opened = aside_.empty() ? path_ : aside_;
  descriptor_ = ::open(opened.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
  if (descriptor_ < 0) {
    const int code = errno;
    aside_.clear();                                    // it is not ours
    fail(path_, code);
  }
}

ReportFile::~ReportFile() {
  if (descriptor_ >= 0) ::close(descriptor_);
  if (!aside_.empty()) ::unlink(aside_.c_str());
}

void ReportFile::write(std::string_view text) {
  const int to = path_ == "-" ? STDOUT_FILENO : descriptor_;
  while (!text.empty()) {
    const ssize_t written = ::write(to, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) fail(path_, errno);
    text.remove_prefix(static_cast<std::size_t>(written));
  }
  if (path_ == "-") return;
  if (!aside_.empty() && ::fsync(descriptor_) != 0) fail(path_, errno);                // or a power cut may leave the name without the text
  if (::close(std::exchange(descriptor_, -1)) != 0) fail(path_, errno);
  if (aside_.empty()) return;
  if (std::rename(aside_.c_str(), place_.c_str()) != 0) fail(path_, errno);
  aside_.clear();
}

std::string utcTime(std::chrono::system_clock::time_point time) {
  const auto since = time.time_since_epoch();
  const auto seconds = std::chrono::floor<std::chrono::seconds>(since);
  const std::time_t whole = static_cast<std::time_t>(seconds.count());
  std::tm parts{};
  gmtime_r(&whole, &parts);
  char date[40];
  const std::size_t length = std::strftime(date, sizeof date, "%Y-%m-%dT%H:%M:%S", &parts);
  char fraction[16];
  std::snprintf(fraction, sizeof fraction, ".%03dZ", static_cast<int>(std::chrono::duration_cast<std::chrono::milliseconds>(since - seconds).count()));
  return std::string(date, length) + fraction;
}

std::string runReport(const Engine& engine, const SettingsLayers& layers, const RunFacts& facts) {
  const FrontierCounts counts = engine.counts();
  Json::Object statuses, stats, settings;
  for (const auto& [status, pages] : engine.pageStatuses()) statuses.emplace_back(std::to_string(status), whole(pages));
  for (const auto& [key, value] : engine.stats().getStats()) stats.emplace_back(key, value);
  for (const SettingsLayers::Changed& setting : layers.changed())
    settings.emplace_back(setting.name, Json::Object{{"value", setting.value}, {"origin", setting.origin}});
  Json::Array feeds;
  for (const auto& feed : engine.feeds()) feeds.push_back(Json::Object{{"name", feed->name()}, {"items", whole(feed->written())}});
  const Json report(Json::Object{
      {"spider", facts.spider},
      {"target", text(facts.target)},
      {"start_time", utcTime(facts.begin)},
      {"end_time", utcTime(facts.end)},
      {"elapsed_seconds", std::chrono::duration<double>(engine.elapsed()).count()},
      {"finish_reason", engine.closeReason().empty() ? std::string_view("shutdown") : std::string_view(engine.closeReason())},
      {"exit_code", facts.exitCode},
      {"problem", text(facts.problem)},
      {"requests", Json::Object{{"enqueued", whole(counts.enqueued)},
                                {"done", whole(counts.done)},
                                {"failed", whole(counts.failed)},
                                {"dropped", whole(counts.dropped)},
                                {"pending", whole(counts.pending + counts.leased)},
                                {"earlier", whole(engine.earlier())}}},
      {"statuses", std::move(statuses)},
      {"failure_types", below(engine.stats(), "failed_count/")},
      {"failures", failures(engine)},
      {"feeds", std::move(feeds)},
      {"settings", std::move(settings)},
      {"stats", std::move(stats)},
  });
  return report.dump() + '\n';
}

}  // namespace weft::crawler
