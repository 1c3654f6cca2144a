#include <weft/crawler/warc/warc_replay.hpp>

#include <weft/core/log.hpp>
#include <weft/http/client/errors.hpp>
#include <weft/http/internal/filtered_body.hpp>
#include <weft/http/parser.hpp>
#include <weft/net/digest.hpp>

#include <algorithm>
#include <deque>
#include <optional>
#include <string_view>
#include <unordered_map>
#include <utility>

namespace weft::crawler {

namespace {

std::string keyOf(std::string_view method, const http::Url& url, std::string_view body) {
  std::string key(method);
  key.append(" ").append(url.withCredentialsRemoved().withoutFragment());
  if (!body.empty()) key.append(" ").append(net::hexDigest(net::DigestKind::Sha1, body));
  return key;
}

// The method and the digest of the body of a request record, as keyOf() needs them; a plain GET is not remembered.
struct Asked {
  std::string method, body;
};

bool isHttp(const WarcRecord& record) {
  return record.field("Content-Type").starts_with("application/http") || record.block.starts_with("HTTP/");
}

Asked askedBy(const WarcRecord& record) {
  Asked asked;
  const std::string_view text = record.block;
  asked.method = std::string(text.substr(0, text.find(' ')));
  for (const std::string_view empty : {"\r\n\r\n", "\n\n"})
    if (const std::size_t end = text.find(empty); end != std::string_view::npos) {
      asked.body = std::string(text.substr(end + empty.size()));
      break;
    }
  return asked;
}

class Collecting final : public http::MessageSink {
 public:
  void headReceived() override {}
  void bodyReceived(std::string_view piece) override { body += piece; }
  void messageReceived() override {}
  std::string body;
};

// Where the body of an HTTP message begins.
std::size_t behindHead(std::string_view text) {
  for (std::size_t at = 0; (at = text.find('\n', at)) != std::string_view::npos;) {
    ++at;
    if (text.substr(at).starts_with("\n")) return at + 1;
    if (text.substr(at).starts_with("\r\n")) return at + 2;
  }
  return text.size();
}

// The message of a record. Throws http::ParseError.
http::Response responseOf(std::string_view block, bool answersHead) {
  const std::size_t body = behindHead(block);
  Collecting sink;
  http::Parser parser(http::Parser::Kind::Response, sink, http::ParserOptions().setLenient(true));
  parser.next(answersHead);
  parser.feed(block.substr(0, body));
  if (!parser.headComplete()) parser.finish();         // says what is wrong
  http::Response response(parser.head().status);
  response.reason = std::move(parser.head().reason);
  response.minorVersion = parser.head().minorVersion;
  response.headers = std::move(parser.head().headers);
  std::string_view rest = block.substr(body);
  if (parser.framing() == http::BodyFraming::Chunked) {
    try {                                              // many writers leave the chunks in, and some take them out and leave the field
      parser.feed(rest);
      if (parser.complete()) {
        response.setBody(std::move(sink.body));
        return response;
      }
    } catch (const http::ParseError&) {
    }
  }
  response.setBody(std::string(rest));
  return response;
}

}  // namespace

struct WarcReplay::State {
  struct Place {
    std::uint32_t file;
    std::uint64_t offset;
  };
  struct Answers {
    std::vector<Place> places;
    std::size_t next = 0;
  };

  State(std::vector<std::string> given, WarcLimits limits) : paths(std::move(given)), limits(limits) {
    for (std::size_t i = 0; i < paths.size(); ++i) {
      readers.push_back(std::make_unique<WarcReader>(paths[i], limits));
      enter(static_cast<std::uint32_t>(i));
    }
  }

  void enter(std::uint32_t file) {
    struct Found {
      std::string uri, id, concurrent;
      std::uint64_t offset;
    };
    WarcReader& reader = *readers[file];
    std::unordered_map<std::string, Asked> asked;      // by the IDs of the request and of its response: either may name the other
    std::vector<Found> found;
    while (const auto record = reader.next()) {
      if (!isHttp(*record)) continue;
      const std::string_view type = record->type();
      if (type == "request") {
        if (record->block.starts_with("GET ") && record->block.ends_with("\r\n\r\n")) continue;
        Asked one = askedBy(*record);
        for (const auto& [name, value] : record->fields)
          if (http::equalIgnoringCase(name, "WARC-Record-ID") || http::equalIgnoringCase(name, "WARC-Concurrent-To")) asked.insert_or_assign(value, one);
      } else if (type == "response" || (type == "revisit" && record->field("WARC-Profile").ends_with("server-not-modified"))) {
        if (record->cut) {
          log::warning("weft.crawler.warc", "a response of more than ", limits.maxBlock, " bytes is left out", field("url", record->targetUri()));
          continue;
        }
        found.push_back({std::string(record->targetUri()), std::string(record->field("WARC-Record-ID")), std::string(record->field("WARC-Concurrent-To")), record->offset});
      }
    }
    if (reader.truncated()) log::warning("weft.crawler.warc", "the last record of ", paths[file], " was not written in full, and is left out");
    for (Found& one : found) {
      const auto url = http::Url::tryParse(one.uri);
      if (!url) continue;
      auto request = asked.find(one.id);
      if (request == asked.end()) request = asked.find(one.concurrent);
      const std::string key = request == asked.end() ? keyOf("GET", *url, "") : keyOf(request->second.method, *url, request->second.body);
      answers[key].places.push_back({file, one.offset});
      ++size;
    }
  }

  std::string names() const { return paths.size() == 1 ? paths.front() : paths.front() + " and the " + std::to_string(paths.size() - 1) + (paths.size() == 2 ? " other file" : " other files"); }

  http::Response answer(const http::Request& request) {
    const auto found = answers.find(keyOf(request.method(), request.url, request.body));
    if (found == answers.end()) throw NotInWarc(request.method() + ' ' + std::string(request.url.withCredentialsRemoved().withoutFragment()) + " is not in " + names());
    Answers& known = found->second;
    const Place place = known.places[known.next];
    if (known.next + 1 < known.places.size()) ++known.next;
    WarcReader& reader = *readers[place.file];
    reader.seek(place.offset);
    const auto record = reader.next();
    if (!record || record->targetUri().empty()) throw WarcError(paths[place.file] + " has changed since it was opened");
    const std::string url = request.url.href();
    http::Response response;
    try {
      response = responseOf(record->block, request.method() == "HEAD");
    } catch (const http::ParseError&) {
      throw http::ResponseFailed(url, Failure());
    }
    response.url = request.url;
    if (!record->field("WARC-Truncated").empty()) {
      response.body = http::detail::producedBody(
          [rest = std::optional<std::string>(response.body.take()), url, why = std::string(record->field("WARC-Truncated")), path = paths[place.file]]() mutable -> Deferred<std::optional<std::string>> {
            if (rest && !rest->empty()) return succeed(std::exchange(rest, std::nullopt));
            return fail<std::optional<std::string>>(http::ResponseFailed(url, Failure(WarcError("the body was cut in " + path + " (" + why + ")"))));
          },
          url);
    }
    return response;
  }

  const std::vector<std::string> paths;
  const WarcLimits limits;
  std::vector<std::unique_ptr<WarcReader>> readers;
  std::unordered_map<std::string, Answers> answers;
  std::uint64_t size = 0;
};

WarcReplay::WarcReplay(std::vector<std::string> paths, WarcLimits limits) : state_(std::make_unique<State>(std::move(paths), limits)) {}
WarcReplay::~WarcReplay() = default;

Deferred<http::Response> WarcReplay::request(http::Request request) {
  return maybeDeferred([&] { return state_->answer(request); });
}

std::uint64_t WarcReplay::size() const noexcept { return state_->size; }

}  // namespace weft::crawler
