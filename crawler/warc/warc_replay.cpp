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
    std::uint32_t body = kOwn;                         // of a revisit: where in `bodies` the record is that has its body
  };
  static constexpr std::uint32_t kOwn = UINT32_MAX;
  // While the index is made: the responses by what a revisit may call them, their records' IDs and their bodies' digests.
  using Originals = std::unordered_map<std::string, Place>;
  struct Answers {
    std::vector<Place> places;
    std::size_t next = 0;
  };

  State(std::vector<std::string> given, WarcLimits limits) : paths(std::move(given)), limits(limits) {
    Originals originals;
    for (std::size_t i = 0; i < paths.size(); ++i) {
      readers.push_back(std::make_unique<WarcReader>(paths[i], limits));
      enter(static_cast<std::uint32_t>(i), originals);
    }
  }

  void enter(std::uint32_t file, Originals& originals) {
    struct Found {
      std::string uri, id, concurrent;
      Place place;
    };
    WarcReader& reader = *readers[file];
    std::unordered_map<std::string, Asked> asked;      // by the IDs of the request and of its response: either may name the other
    std::vector<Found> found;
    while (const auto record = reader.next()) {
      const std::string_view type = record->type();
      if (!isHttp(*record) && type != "revisit") continue;
      if (type == "request") {
        if (record->block.starts_with("GET ") && record->block.ends_with("\r\n\r\n")) continue;
        Asked one = askedBy(*record);
        for (const auto& [name, value] : record->fields)
          if (http::equalIgnoringCase(name, "WARC-Record-ID") || http::equalIgnoringCase(name, "WARC-Concurrent-To")) asked.insert_or_assign(value, one);
      } else if (type == "response" || type == "revisit") {
        if (record->cut) {
          log::warning("weft.crawler.warc", "a response of more than ", limits.maxBlock, " bytes is left out", field("url", record->targetUri()));
          continue;
        }
        Place place{file, record->offset};
        if (type == "response") {
          for (const char* name : {"WARC-Record-ID", "WARC-Payload-Digest"})
            if (const std::string_view value = record->field(name); !value.empty()) originals.try_emplace(std::string(value), place);
        } else if (!record->field("WARC-Profile").ends_with("server-not-modified")) {
          const auto body = bodyOf(*record, originals);
          if (!body) continue;
          place.body = *body;
        }
        found.push_back({std::string(record->targetUri()), std::string(record->field("WARC-Record-ID")), std::string(record->field("WARC-Concurrent-To")), place});
      }
    }
    if (reader.truncated()) log::warning("weft.crawler.warc", "the last record of ", paths[file], " was not written in full, and is left out");
    for (Found& one : found) {
      const auto url = http::Url::tryParse(one.uri);
      if (!url) continue;
      auto request = asked.find(one.id);
      if (request == asked.end()) request = asked.find(one.concurrent);
      const std::string key = request == asked.end() ? keyOf("GET", *url, "") : keyOf(request->second.method, *url, request->second.body);
      answers[key].places.push_back(one.place);
      ++size;
    }
  }

  // Where the body is that a revisit of the profile identical-payload-digest stands for: in an earlier record.
  std::optional<std::uint32_t> bodyOf(const WarcRecord& revisit, const Originals& originals) {
    for (const char* name : {"WARC-Refers-To", "WARC-Payload-Digest"}) {
      const auto original = originals.find(std::string(revisit.field(name)));
      if (original == originals.end()) continue;
      bodies.push_back(original->second);
      return static_cast<std::uint32_t>(bodies.size() - 1);
    }
    log::warning("weft.crawler.warc", "a revisit whose body is in no record before it is left out", field("url", revisit.targetUri()));
    return std::nullopt;
  }

  WarcRecord read(const Place& place) {
    WarcReader& reader = *readers[place.file];
    reader.seek(place.offset);
    auto record = reader.next();
    if (!record || record->targetUri().empty()) throw WarcError(paths[place.file] + " has changed since it was opened");
    return std::move(*record);
  }

  std::string names() const { return paths.size() == 1 ? paths.front() : paths.front() + " and the " + std::to_string(paths.size() - 1) + (paths.size() == 2 ? " other file" : " other files"); }

  http::Response answer(const http::Request& request) {
    const auto found = answers.find(keyOf(request.method(), request.url, request.body));
    if (found == answers.end()) throw NotInWarc(request.method() + ' ' + std::string(request.url.withCredentialsRemoved().withoutFragment()) + " is not in " + names());
    Answers& known = found->second;
    const Place place = known.places[known.next];
    if (known.next + 1 < known.places.size()) ++known.next;
    WarcRecord record = read(place);
    const std::string url = request.url.href();
    http::Response response;
    try {
      const std::string head = place.body == kOwn ? std::string() : std::exchange(record, read(bodies[place.body])).block;   // a revisit's own, if it has one
      response = responseOf(record.block, request.method() == "HEAD");
      if (!head.empty()) {
        http::Response again = responseOf(head, true);
        again.setBody(response.body.take());
        response = std::move(again);
      }
    } catch (const http::ParseError&) {
      throw http::ResponseFailed(url, Failure());
    }
    response.url = request.url;
    if (!record.field("WARC-Truncated").empty()) {
      response.body = http::detail::producedBody(
          [rest = std::optional<std::string>(response.body.take()), url, why = std::string(record.field("WARC-Truncated")), path = paths[place.file]]() mutable -> Deferred<std::optional<std::string>> {
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
  std::vector<Place> bodies;                           // that revisits stand for
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
