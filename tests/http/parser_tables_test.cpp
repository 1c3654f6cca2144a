// The tables of tests/conformance/http1; see docs/conformance.md.
#include "parser_run.hpp"
#include "table.hpp"

#include <set>

using namespace weft::http;
using namespace weft::test;

TEST_CASE("the framing vectors: what RFC 9112 demands is done, whole, byte by byte and in pieces") {
  const auto table = readTable("http1/framing.json");
  for (const auto& test : table["cases"].GetArray()) {
    CAPTURE(std::string(test["name"].GetString()));
    std::string input;
    for (const auto& part : test["raw"].GetArray())
      for (unsigned n = part[1].GetUint(); n > 0; --n) input += unhex(part[0].GetString());
    const bool isRequest = std::string_view(test["side"].GetString()) == "request";
    std::vector<ParserOptions> modes{ParserOptions()};
    if (!isRequest) modes.push_back(ParserOptions().setLenient(true));
    for (const ParserOptions& options : modes) {
      CAPTURE(options.lenient);
      // A connection that stays open after its request is no truncation, but a request that never completes is never handed on.
      const Run result = isRequest ? request(input) : response(input, options);
      const std::string_view want = test["want"].GetString();
      if (want == "reject") {
        CHECK_MESSAGE(result.bodies.empty(), result.log);
        CHECK(result.problem.has_value());
        continue;
      }
      if (want == "accept") CHECK_MESSAGE(!result.bodies.empty(), result.what);
      if (result.bodies.empty()) continue;
      std::string body;
      for (const auto& part : test["body"].GetArray())
        for (unsigned n = part[1].GetUint(); n > 0; --n) body += unhex(part[0].GetString());
      CHECK(result.bodies[0] == body);
      if (isRequest && test["more_messages"].IsUint())
        CHECK(result.bodies.size() == 1 + test["more_messages"].GetUint());
    }
  }
}

TEST_CASE("the browsers' table of Content-Length values: never laxer than they") {
  const auto table = readTable("http1/content_length.json");
  const std::string body(42, 'x');
  for (const auto& test : table["cases"].GetArray()) {
    CAPTURE(std::string(test["id"].GetString()));
    std::string input = "HTTP/1.1 200 OK\r\n";
    for (const auto& value : test["values"].GetArray())
      input += "Content-Length: " + std::string(value.GetString()) + "\r\n";
    input += "\r\n" + body;
    const Run result = response(input, ParserOptions().setLenient(true));
    if (!result.bodies.empty()) {
      REQUIRE(test["length"].IsUint());
      CHECK(result.bodies[0].size() == test["length"].GetUint());
    }
  }
}

TEST_CASE("curl's table of responses") {
  const std::set<std::string> deviations{
      "curl_responses-0034",  // run with --ignore-content-length: to us the body is cut
      "curl_responses-0038",  // run with --raw: an unknown transfer coding is an error
      "curl_responses-0086",  // run with --http0.9
  };
  const auto table = readTable("http1/curl_responses.json");
  int passed = 0;
  for (const auto& test : table["cases"].GetArray()) {
    const std::string id = test["id"].GetString();
    CAPTURE(id);
    CAPTURE(std::string(test["title"].GetString()));
    const std::string input = unhex(test["response_hex"].GetString());
    const Run result = response(input, ParserOptions().setLenient(true));
    // Codings are undone by a layer above; to the parser such bodies are good bytes.
    const bool coded = input.find("\nContent-Encoding:") != std::string::npos;
    const bool ok = std::string_view(test["outcome"].GetString()) == "ok";
    bool good = true;
    if (ok)
      good = !result.bodies.empty() && (coded || result.bodies[0] == unhex(test["body_hex"].GetString()));
    else if (!coded)
      good = result.bodies.empty();
    if (deviations.contains(id)) continue;
    passed += good;
    CHECK_MESSAGE(good, result.what << "\n" << input << "\n" << result.log);
  }
  MESSAGE("curl_responses: " << passed << " of " << table["cases"].Size());
}

TEST_CASE("llhttp's own table: our glue adds and loses nothing") {
  const std::set<std::string> deviations{
      "llhttp-0016",  // lenient-headers takes a space before the colon; RFC 9112 section 5.1 wants it refused, and we do
      "llhttp-0144",  // codings other than chunked are refused
      "llhttp-0176",  // 101 that was not asked for
  };
  const auto table = readTable("http1/llhttp.json");
  int passed = 0, run = 0;
  for (const auto& test : table["cases"].GetArray()) {
    // Its other lenient flags are ones that we do not set; our strict mode has lines of its own.
    const std::string lenient = test["lenient"].IsString() ? test["lenient"].GetString() : "";
    if ((!lenient.empty() && lenient != "lenient-headers") || !test["options"].ObjectEmpty()) continue;
    ++run;
    const std::string id = test["id"].GetString();
    CAPTURE(id);
    CAPTURE(std::string(test["title"].GetString()));
    const bool isRequest = std::string_view(test["parse"].GetString()) == "request";
    const std::string input = unhex(test["input_hex"].GetString());
    const Run result = runAll(isRequest ? Parser::Kind::Request : Parser::Kind::Response, input,
                              ParserOptions().setLenient(!lenient.empty()).setRequireHost(false), false);
    std::vector<std::string> bodies;
    int interims = 0;
    for (const auto& message : test["messages"].GetArray()) {
      const bool interim = message.HasMember("status") && message["status"].GetInt() < 200;
      if (message["complete"].GetBool() && interim)
        ++interims;
      else if (message["complete"].GetBool())
        bodies.push_back(unhex(message["body_hex"].GetString()));
    }
    const bool good = result.bodies == bodies && result.interims == interims;
    passed += good;
    if (!deviations.contains(id)) CHECK_MESSAGE(good, result.what << "\n" << input << "\n" << result.log);
  }
  MESSAGE("llhttp: " << passed << " of " << run << " of " << table["cases"].Size());
}

TEST_CASE("gunicorn's table of requests") {
  const std::set<std::string> deviations{
      // Transfer codings other than chunked are refused, "identity" among them.
      "gunicorn_requests-0008", "gunicorn_requests-0024", "gunicorn_requests-0028", "gunicorn_requests-0054",
      "gunicorn_requests-0026",  // a target that is not ASCII
      "gunicorn_requests-0030",  // a method of no RFC
      // Our limits are wider.
      "gunicorn_requests-0070", "gunicorn_requests-0072",
      // What a target and a field mean is for whoever handles the request to judge.
      "gunicorn_requests-0080", "gunicorn_requests-0090", "gunicorn_requests-0132",
      "gunicorn_requests-0124",  // a Content-Length among the trailers: they are kept apart, and it frames nothing
  };
  const auto table = readTable("http1/gunicorn_requests.json");
  int passed = 0, ran = 0;
  for (const auto& test : table["cases"].GetArray()) {
    // Options of that server which ours has not: PROXY protocol, a map of header names, limits in lines.
    if (!test["settings"].ObjectEmpty()) continue;
    ++ran;
    const std::string id = test["id"].GetString();
    CAPTURE(id);
    CAPTURE(std::string(test["name"].GetString()));
    const std::string input = unhex(test["input_hex"].GetString());
    const Run result = runAll(Parser::Kind::Request, input, ParserOptions().setRequireHost(false));
    bool good = true;
    if (test["valid"].GetBool()) {
      std::vector<std::string> bodies;
      for (const auto& one : test["requests"].GetArray()) bodies.push_back(unhex(one["body_hex"].GetString()));
      good = result.bodies == bodies;
    } else {
      good = result.problem.has_value();
    }
    passed += good;
    if (!deviations.contains(id)) CHECK_MESSAGE(good, result.what << "\n" << input.substr(0, 300));
  }
  MESSAGE("gunicorn_requests: " << passed << " of " << ran << " of " << table["cases"].Size());
}
