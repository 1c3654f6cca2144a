// The tables of tests/conformance/http1 that have requests, sent to a Site; see docs/conformance.md.
#include <doctest/doctest.h>

#include "http/table.hpp"
#include "server_world.hpp"

#include <set>

using namespace weft;
using namespace weft::test;
using namespace weft::test::server;

namespace {

struct Exchange {
  std::vector<std::string> bodies;  // of the requests that a handler has got whole
  std::string answer;
  bool closed = false;
};

Exchange sent(std::string_view input, std::size_t piece, const ParserOptions& options) {
  Exchange got;
  World world([&](Request request) -> Deferred<Response> {
    got.bodies.push_back(co_await request.bytes());
    co_return Response(200);
  }, SiteOptions().setHttp2(false).setParser(options));  // without HTTP/2: one of the vectors is its preface
  auto client = world.connect();
  for (std::size_t at = 0; at < input.size() && !client->lost; at += piece) {
    client->transport().write(input.substr(at, piece));
    world.run(0);
  }
  world.run();
  got.answer = client->received;
  got.closed = client->lost || client->ended;
  return got;
}

// However the bytes come, the same is made of them.
Exchange sent(std::string_view input, const ParserOptions& options = ParserOptions()) {
  const Exchange whole = sent(input, input.size() + 1, options);
  if (input.size() > 20'000) return whole;               // limits' rows: their bytes one by one take seconds
  for (const std::size_t piece : {1, 7}) {
    const Exchange pieces = sent(input, piece, options);
    CHECK(pieces.bodies == whole.bodies);
    CHECK(pieces.closed == whole.closed);
  }
  return whole;
}

// Nothing came of the last request but an answer that says so, and no more is read from this connection.
bool refused(const Exchange& got) {
  const std::size_t last = got.answer.rfind("HTTP/1.1 ");
  return got.closed && last != std::string::npos && statusOf(std::string_view(got.answer).substr(last)) >= 400;
}

std::string bytesOf(const rapidjson::Value& parts) {
  std::string bytes;
  for (const auto& part : parts.GetArray())
    for (unsigned n = part[1].GetUint(); n > 0; --n) bytes += unhex(part[0].GetString());
  return bytes;
}

}  // namespace

TEST_CASE("the framing vectors against the server: never a second request that was not meant") {
  const auto table = readTable("http1/framing.json");
  int passed = 0, ran = 0;
  for (const auto& test : table["cases"].GetArray()) {
    if (std::string_view(test["side"].GetString()) != "request") continue;
    ++ran;
    CAPTURE(std::string(test["name"].GetString()));
    const std::string_view want = test["want"].GetString();
    const Exchange got = sent(bytesOf(test["raw"]));
    bool good = want != "accept";
    if (want == "reject") {
      good = got.bodies.empty() && refused(got);
    } else if (!got.bodies.empty()) {
      good = got.bodies[0] == bytesOf(test["body"]);
      if (test["more_messages"].IsUint()) good = good && got.bodies.size() == 1 + test["more_messages"].GetUint();
    }
    passed += good;
    CHECK_MESSAGE(good, got.answer);
  }
  MESSAGE("framing: " << passed << " of " << ran);
}

TEST_CASE("gunicorn's requests against the server") {
  const std::set<std::string> deviations{
      // Transfer codings other than chunked are refused, "identity" among them.
      "gunicorn_requests-0008", "gunicorn_requests-0024", "gunicorn_requests-0028", "gunicorn_requests-0054",
      "gunicorn_requests-0026",  // a target that is not ASCII
      "gunicorn_requests-0030",  // a method of no RFC
      "gunicorn_requests-0062",  // CONNECT: a Site is no tunnel
      // Our limits are wider.
      "gunicorn_requests-0070", "gunicorn_requests-0072",
      "gunicorn_requests-0090",  // two Content-Type fields: for the handler to judge
      "gunicorn_requests-0124",  // a Content-Length among the trailers: they are kept apart, and it frames nothing
  };
  const auto table = readTable("http1/gunicorn_requests.json");
  int passed = 0, ran = 0;
  for (const auto& test : table["cases"].GetArray()) {
    if (!test["settings"].ObjectEmpty()) continue;       // options of that server which ours has not
    ++ran;
    const std::string id = test["id"].GetString();
    CAPTURE(id);
    CAPTURE(std::string(test["name"].GetString()));
    const std::string input = unhex(test["input_hex"].GetString());
    const Exchange got = sent(input, ParserOptions().setRequireHost(false));
    bool good = refused(got);
    if (test["valid"].GetBool()) {
      std::vector<std::string> bodies;
      for (const auto& one : test["requests"].GetArray()) bodies.push_back(unhex(one["body_hex"].GetString()));
      good = got.bodies == bodies;
    }
    passed += good;
    if (!deviations.contains(id)) CHECK_MESSAGE(good, input.substr(0, 300) << "\n" << got.answer);
  }
  MESSAGE("gunicorn_requests: " << passed << " of " << ran << " of " << table["cases"].Size());
}

TEST_CASE("llhttp's requests against the server") {
  const std::set<std::string> deviations{
      "llhttp-0078",  // CONNECT: a Site is no tunnel
      "llhttp-0080",  // "*" is a target of OPTIONS only (RFC 9112 section 3.2.4)
      "llhttp-0144",  // codings other than chunked are refused
  };
  const auto table = readTable("http1/llhttp.json");
  int passed = 0, ran = 0;
  for (const auto& test : table["cases"].GetArray()) {
    if (!test["lenient"].IsNull() || !test["options"].ObjectEmpty()) continue;
    if (std::string_view(test["parse"].GetString()) != "request") continue;
    ++ran;
    const std::string id = test["id"].GetString();
    CAPTURE(id);
    CAPTURE(std::string(test["title"].GetString()));
    const std::string input = unhex(test["input_hex"].GetString());
    const Exchange got = sent(input, ParserOptions().setRequireHost(false));
    std::vector<std::string> bodies;
    for (const auto& message : test["messages"].GetArray())
      if (message["complete"].GetBool()) bodies.push_back(unhex(message["body_hex"].GetString()));
    const bool good = got.bodies == bodies && (test["error"].IsNull() || got.closed);
    passed += good;
    if (!deviations.contains(id)) CHECK_MESSAGE(good, input.substr(0, 300) << "\n" << got.answer);
  }
  MESSAGE("llhttp: " << passed << " of " << ran << " of " << table["cases"].Size());
}
