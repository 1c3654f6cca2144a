#include <weft/core/log.hpp>
#include <weft/crawler/command/command.hpp>
#include <weft/crawler/command/fetched_page.hpp>
#include <weft/crawler/command/trace_reader.hpp>
#include <weft/crawler/frontier/internal/job_reader.hpp>
#include <weft/crawler/internal/command_line.hpp>

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <ctime>
#include <fstream>
#include <memory>
#include <utility>
#include <vector>

namespace weft::crawler::command {

namespace {

void print(std::string_view name, std::string_view value) {
  std::string line(name);
  line.append(name.size() < 10 ? 10 - name.size() : 1, ' ');
  weft::detail::appendEscaped(line, value);
  line += '\n';
  std::fwrite(line.data(), 1, line.size(), stdout);
}

// Lines of a feed that hold the URL; nothing for a feed that cannot be read so.
std::optional<std::uint64_t> linesWith(const std::string& path, const std::string& url) {
  if (path == "-" || path.ends_with(".gz") || path.ends_with(".zst")) return std::nullopt;
  std::ifstream in(path, std::ios::binary);
  if (!in) return std::nullopt;
  std::uint64_t lines = 0;
  for (std::string line; std::getline(in, line);) {
    // As a whole: not the beginning of a longer URL.
    for (std::size_t at = line.find(url); at != std::string::npos; at = line.find(url, at + 1)) {
      const std::size_t end = at + url.size();
      if (end < line.size() && std::string_view("\",;<' \t\r]}").find(line[end]) == std::string_view::npos) continue;
      ++lines;
      break;
    }
  }
  return lines;
}

std::string thousandths(double seconds) {
  char text[32];
  std::snprintf(text, sizeof text, "%.3f", seconds);
  return text;
}

// "2026-03-01 12:00:00.000 UTC GET 200 in 0.152 s: queue 0.001, connect 0.020, first byte 0.130, body 0.001"
void print(const Attempt& attempt) {
  const std::time_t whole = std::chrono::system_clock::to_time_t(attempt.begin);
  const auto rest = std::chrono::duration_cast<std::chrono::milliseconds>(attempt.begin.time_since_epoch()).count() % 1000;
  std::tm calendar{};
  ::gmtime_r(&whole, &calendar);
  char date[64];
  const std::size_t size = std::strftime(date, sizeof date, "%Y-%m-%d %H:%M:%S", &calendar);
  std::snprintf(date + size, sizeof date - size, ".%03d UTC ", static_cast<int>(rest));
  std::string text = date + attempt.method + ' ' + attempt.outcome;
  if (!attempt.flags.empty()) text += " (" + attempt.flags + ")";
  text += " in " + thousandths(attempt.seconds) + " s";
  std::string_view between = ": ";
  for (const auto& [part, seconds] : attempt.parts) text.append(std::exchange(between, ", ")).append(part + " " + thousandths(seconds));
  print(attempt.retry ? "retry " + std::to_string(attempt.retry) : "attempt", text);
}

std::string stateOf(const JobFacts& facts) {
  if (facts.request && !facts.ended) return facts.request->retryTimes ? "waits for another attempt" : "waits to be fetched";
  if (facts.failure) return "failed for good";
  if (facts.request) return "has ended: it was fetched, or dropped by a middleware";
  return "has ended; its record was swept, so that depth, referrer and callback are not known any more";
}

int why(const std::string& text, const std::string& folder, const std::string& trace) {
  try {
    const http::Url url = pageUrl(text);
    const JobFacts facts = readJob(folder, url);
    const std::vector<Attempt> attempts = trace.empty() ? std::vector<Attempt>() : attemptsIn(trace, url);
    print("url", url.href());
    print("job", folder + " of the spider " + facts.spider);
    if (!facts.seen && !facts.request && !facts.failure) {
      print("seen", "no: no page that was fetched led there, or a filter (allowedDomains, a rule, DEPTH_LIMIT, robots.txt) stood before it");
      return kNothingFetched;
    }
    print("seen", "yes");
    print("state", stateOf(facts));
    if (facts.request) {
      const Request& request = *facts.request;
      if (request.url.href() != url.href()) print("asked as", request.url.href());
      print("depth", std::to_string(request.depth) + (request.isStartRequest ? ", a start request" : ""));
      if (!request.referrer().empty()) print("referrer", request.referrer());
      print("callback", facts.callback.empty() ? "parse" : facts.callback.starts_with("place:") ? "parse, or one that Spider::callbacks does not name" : facts.callback);
      if (!request.meta("rule").empty()) print("rule", request.meta("rule"));
      if (!request.meta("link_text").empty()) print("link text", request.meta("link_text"));
      if (request.priority) print("priority", std::to_string(request.priority));
      if (request.retryTimes) print("attempts", std::to_string(request.retryTimes) + " failed so far");
    }
    if (facts.failure) {
      print("attempts", std::to_string(facts.failure->tries));
      print("cause", facts.failure->cause);
    }
    for (const std::string& feed : facts.feeds)
      if (const auto lines = linesWith(feed, url.href())) print("items", std::to_string(*lines) + (*lines == 1 ? " line of " : " lines of ") + feed + (*lines == 1 ? " holds this URL" : " hold this URL"));
    for (const Attempt& attempt : attempts) print(attempt);
    if (attempts.empty() && !trace.empty()) print("attempt", "none in " + trace);
    return kComplete;
  } catch (const JournalError& error) {
    return complain(error.what(), kStartError);
  } catch (const TraceError& error) {
    return complain(error.what(), kStartError);
  } catch (const weft::Error& error) {
    return complain(error.what(), kUsage);
  }
}

}  // namespace

void addWhy(CLI::App& app, int& code) {
  struct Options {
    std::string url, job, trace;
  };
  auto options = std::make_shared<Options>();
  CommandLine command(app, "why", "Say what a job knows of a URL");
  command.option("url", options->url, "Which page").text("URL").required();
  command.option("--job", options->job, "The job's folder, in which no crawl is running").text("DIR").required();
  command.option("--trace", options->trace, "The file that --trace of the crawl wrote: when it was asked for, and what took the time").text("FILE");
  command.notes(R"(
Examples:
  weft why https://example.com/a --job jobs/example     seen? by which page, how deep, which callback, why it failed

A job keeps each request until it has ended and for up to 4,096 more, and for ever what was seen and what failed. Attempts and their
times are in the crawl's trace alone; items are found by their URL in feeds that are not compressed.
Exit codes: 0 the URL was seen, 1 the job or the trace cannot be read, 2 usage, 4 it was not seen.)");
  command.run([options, &code] { code = why(options->url, options->job, options->trace); });
}

}  // namespace weft::crawler::command
