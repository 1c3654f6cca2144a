#include <weft/crawler/command/trace_reader.hpp>

#include <weft/crawler/fingerprint.hpp>
#include <weft/http/json.hpp>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <fstream>
#include <string_view>

namespace weft::crawler::command {

namespace {

using http::Json;
using std::chrono::nanoseconds;

// 64-bit numbers are strings in OTLP's JSON.
std::int64_t numberIn(const Json& text) {
  std::int64_t number = 0;
  const std::string& digits = text.string();
  std::from_chars(digits.data(), digits.data() + digits.size(), number);
  return number;
}

double secondsBetween(std::int64_t from, std::int64_t to) { return static_cast<double>(to - from) / 1e9; }

// The attribute's value; null when there is none.
const Json& attribute(const Json& span, std::string_view key) {
  static const Json none;
  for (const Json& one : span["attributes"].array())
    if (one["key"].string() == key && one["value"].size() > 0) return one["value"].object().front().second;
  return none;
}

// The URL of the line's span, without reading all of it; empty when it has none.
std::string urlIn(std::string_view line) {
  constexpr std::string_view kBefore = R"("url.full","value":{"stringValue":)";
  const std::size_t at = line.find(kBefore);
  if (at == std::string_view::npos) return {};
  const std::string_view text = line.substr(at + kBefore.size());
  std::size_t end = 1;
  while (end < text.size() && text[end] != '"') end += text[end] == '\\' ? 2 : 1;
  return end < text.size() ? Json::parse(text.substr(0, end + 1)).string() : std::string();
}

Attempt attemptOf(const Json& span) {
  Attempt attempt;
  std::int64_t from = numberIn(span["startTimeUnixNano"]);
  attempt.begin = std::chrono::system_clock::time_point(std::chrono::duration_cast<std::chrono::system_clock::duration>(nanoseconds(from)));
  attempt.seconds = secondsBetween(from, numberIn(span["endTimeUnixNano"]));
  attempt.method = attribute(span, "http.request.method").string();
  const Json& status = attribute(span, "http.response.status_code");
  attempt.outcome = status.isString() ? status.string() : span["status"]["message"].string();
  if (const Json& flags = attribute(span, "weft.flags"); flags.isString()) attempt.flags = flags.string();
  if (const Json& retry = attribute(span, "weft.retry"); retry.isString()) attempt.retry = numberIn(retry);
  for (const Json& event : span["events"].array()) {
    const std::int64_t to = numberIn(event["timeUnixNano"]);
    std::string name = event["name"].string();
    std::replace(name.begin(), name.end(), '_', ' ');
    attempt.parts.emplace_back(std::move(name), secondsBetween(from, to));
    from = to;
  }
  return attempt;
}

}  // namespace

std::vector<Attempt> attemptsIn(const std::string& path, const http::Url& url) {
  std::ifstream in(path, std::ios::binary);
  if (!in) throw TraceError("cannot read the trace " + path + ": " + std::strerror(errno));
  const Fingerprint wanted = fingerprint(url);
  std::vector<Attempt> attempts;
  std::size_t number = 0;
  for (std::string line; std::getline(in, line);) {
    ++number;
    if (in.eof()) break;                               // without its end: it is being written, or its writer was killed
    try {
      const std::string text = urlIn(line);
      if (text.empty() || fingerprint(http::Url::parse(text)) != wanted) continue;
      attempts.push_back(attemptOf(Json::parse(line)["resourceSpans"][0]["scopeSpans"][0]["spans"][0]));
    } catch (const weft::Error& error) {
      throw TraceError("line " + std::to_string(number) + " of the trace " + path + " is none of weft's spans: " + error.what());
    }
  }
  return attempts;
}

}  // namespace weft::crawler::command
