#include <weft/crawler/command/command.hpp>
#include <weft/crawler/command/fetched_page.hpp>

#include <weft/core/log.hpp>
#include <weft/core/reactor.hpp>
#include <weft/crawler/internal/command_line.hpp>
#include <weft/defer/react.hpp>
#include <weft/http/client/agent.hpp>
#include <weft/http/client/auth_agent.hpp>
#include <weft/http/client/cache_agent.hpp>
#include <weft/http/client/content_decoder_agent.hpp>
#include <weft/http/client/cookie_agent.hpp>
#include <weft/http/client/logging_agent.hpp>
#include <weft/http/client/redirect_agent.hpp>
#include <weft/http/client/retry_agent.hpp>
#include <weft/http/cookies/cookie_file.hpp>
#include <weft/net/tcp_network.hpp>
#include <weft/net/tls/trust_root.hpp>

#include <cerrno>
#include <chrono>
#include <cstddef>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <unistd.h>

namespace weft::crawler::command {

namespace {

struct Options {
  std::string url;
  std::string output;                                  // a file; empty: the standard output
  std::string method;                                  // empty: GET, or POST when there is a body
  std::vector<std::string> headers;                    // "NAME: VALUE"
  std::optional<std::string> data, json;               // a body: a form's, JSON
  std::string dataFile;                                // or a file
  std::string user;                                    // NAME:PASSWORD
  std::optional<std::string> proxy;                    // empty: none, whatever the environment says
  std::string cookies;                                 // a file, read before and written after
  std::string cache;                                   // a folder
  std::string authority;                               // a file of certificates that are trusted, instead of the system's
  double timeout = 180;                                // seconds, for all of it
  std::size_t retries = 2;
  bool follow = true;
  bool include = false, head = false, text = false, timing = false, insecure = false, verbose = false;
};

/// Something that the command line asked for cannot be done.
class FetchError : public weft::Error {
 public:
  using weft::Error::Error;
};

http::AgentOptions agentOptions(const Options& options) {
  http::AgentOptions agent;
  agent.setTotalTimeout(options.timeout).setMaxBody(http::Body::kUnlimited).setLenient(true).setUserAgent("weft/" WEFT_VERSION);
  agent.setProxies(options.proxy ? http::ProxySettings().all(*options.proxy) : http::ProxySettings::fromEnvironment());
  if (options.insecure || !options.authority.empty()) {
    net::TlsClientOptions tls;
    tls.verify(!options.insecure);
    if (!options.authority.empty()) tls.trustRoot(net::trustRootFromCertificates(net::Certificate::allFromFile(options.authority)));
    agent.setTls(std::move(tls));
  }
  return agent;
}

/// The layers, from the inside out: see docs/http.md.
class Client {
 public:
  Client(Reactor& reactor, net::Network& network, const Options& options, const http::Url& url)
      : agent_(network, agentOptions(options)),
        cookies_(withCache(options, reactor), jar_),
        auth_(cookies_, reactor),
        retries_(auth_, reactor, http::RetryOptions().setMaxTries(options.retries + 1).setTotalTimeout(options.timeout)),
        redirects_(retries_, reactor, http::RedirectOptions().setTotalTimeout(options.timeout)),
        decoder_(options.follow ? static_cast<http::AnyAgent&>(redirects_) : retries_, http::ContentDecoderAgentOptions().setMaxBytes(UINT64_MAX)),
        log_(decoder_, reactor) {
    if (!options.user.empty()) {
      const std::size_t colon = options.user.find(':');
      auth_.add(http::Credentials(url.href(), options.user.substr(0, colon), options.user.substr(colon + 1)));
    }
    if (!options.cookies.empty() && std::filesystem::exists(options.cookies)) http::loadCookies(jar_, options.cookies);
  }

  http::AnyAgent& agent() noexcept { return log_; }
  const http::CookieJar& jar() const noexcept { return jar_; }

 private:
  http::AnyAgent& withCache(const Options& options, Reactor& reactor) {
    if (options.cache.empty()) return agent_;
    return cache_.emplace(agent_, http::CacheOptions(options.cache).setReactor(reactor));
  }

  http::CookieJar jar_;
  http::Agent agent_;
  std::optional<http::CacheAgent> cache_;
  http::CookieAgent cookies_;
  http::AuthAgent auth_;
  http::RetryAgent retries_;
  http::RedirectAgent redirects_;
  http::ContentDecoderAgent decoder_;
  http::LoggingAgent log_;
};

http::Request requestOf(const Options& options) {
  const int bodies = (options.data ? 1 : 0) + (options.json ? 1 : 0) + (options.dataFile.empty() ? 0 : 1);
  if (bodies > 1) throw FetchError("a request has one body: --data, --json or --data-file");
  const bool hasBody = bodies == 1;
  if (!options.user.empty() && options.user.find(':') == std::string::npos) throw FetchError("--user takes NAME:PASSWORD, and there is no : in \"" + options.user + "\"");
  http::Request request(options.method.empty() ? (options.head ? "HEAD" : hasBody ? "POST" : "GET") : options.method, pageUrl(options.url));
  request.setHeader("Accept", options.json ? "application/json, */*" : "*/*");
  if (options.data) request.setBody(*options.data, "application/x-www-form-urlencoded");
  if (options.json) request.setBody(*options.json, "application/json");
  if (!options.dataFile.empty()) request.setBodyFile(options.dataFile).setHeader("Content-Type", "application/octet-stream");
  for (const std::string& field : options.headers) {
    const std::size_t colon = field.find(':');
    if (colon == std::string::npos) throw FetchError("a header is NAME: VALUE, not \"" + field + '"');
    request.setHeader(field.substr(0, colon), field.substr(colon + 1));
  }
  return request;
}

void print(std::string_view text) {
  if (std::fwrite(text.data(), 1, text.size(), stdout) != text.size()) throw FetchError(std::string("cannot write to the standard output: ") + std::strerror(errno));
}

void printHead(const http::Response& response) {
  print("HTTP/" + (response.majorVersion < 2 ? "1." + std::to_string(response.minorVersion) : std::to_string(response.majorVersion)) + " " + std::to_string(response.status) + " " + response.reason + "\n");
  for (const http::HeaderField field : response.headers) print(std::string(field.name) + ": " + std::string(field.value) + "\n");
  print("\n");
}

void printTiming(const http::Response& response) {
  const auto ms = [](std::chrono::nanoseconds time) { return static_cast<double>(time.count()) / 1e6; };
  const http::ResponseTiming& timing = response.timing();
  std::fprintf(stderr, "%s: queue %.1f ms, name %.1f, connect %.1f, TLS %.1f, first byte %.1f, body %.1f\n", response.url.href().c_str(), ms(timing.queue), ms(timing.dns), ms(timing.connect),
               ms(timing.tls), ms(timing.firstByte), ms(timing.body.value_or(std::chrono::nanoseconds(0))));
}

/// How much has come, on a terminal, ten times a second.
void showProgress(http::Response& response) {
  if (isatty(STDERR_FILENO) != 1) return;
  response.onProgress([last = std::chrono::steady_clock::time_point()](std::uint64_t bytes, std::optional<std::uint64_t> total) mutable {
    const auto now = std::chrono::steady_clock::now();
    const bool complete = total && bytes == *total;
    if (!complete && now - last < std::chrono::milliseconds(100)) return;
    last = now;
    if (total) std::fprintf(stderr, "\r%.1f of %.1f MB%s", static_cast<double>(bytes) / 1e6, static_cast<double>(*total) / 1e6, complete ? "\n" : "");
    else std::fprintf(stderr, "\r%.1f MB", static_cast<double>(bytes) / 1e6);
  });
}

Deferred<int> run(Reactor& reactor, Options options, http::Request request) {
  net::TcpNetwork network(reactor);
  Client client(reactor, network, options, request.url);
  auto asking = client.agent().request(std::move(request));
  http::Response response = co_await asking;
  const int status = response.status;
  if (options.include || options.head) printHead(response);
  if (!options.output.empty()) {
    showProgress(response);
    auto saving = response.saveTo(options.output);
    const std::uint64_t bytes = co_await saving;
    std::fprintf(stderr, "%llu bytes in %s\n", static_cast<unsigned long long>(bytes), options.output.c_str());
  } else if (options.text) {
    auto reading = response.text();
    const std::string text = co_await reading;
    print(text);
  } else {
    auto chunks = response.chunks();
    while (auto chunk = co_await chunks.next()) print(*chunk);
  }
  if (std::fflush(stdout) != 0) throw FetchError(std::string("cannot write to the standard output: ") + std::strerror(errno));
  if (options.timing) printTiming(response);
  if (!options.cookies.empty()) http::saveCookies(client.jar(), options.cookies);
  co_return status < 400 ? kComplete : kSomeFailed;
}

int fetch(const Options& options) {
  http::Request request;
  try {
    request = requestOf(options);
  } catch (const weft::Error& error) {                 // no URL, no method, no header
    return complain(error.what(), kUsage);
  }
  setLogSink(options.verbose ? stderrLogSink() : nullptr);
  const auto program = [&](Reactor& reactor) {
    return run(reactor, options, request).addErrback([](const weft::Error& error) { return complain(error.what(), kStartError); });
  };
  return react(program, 0, nullptr);
}

}  // namespace

void addFetch(CLI::App& app, int& code) {
  auto options = std::make_shared<Options>();
  CommandLine command(app, "fetch", "Fetch one URL");
  command.option("url", options->url, "What to fetch").text("URL").required();
  command.option("-o,--output", options->output, "Write the body to FILE, once it is complete").text("FILE");
  command.option("-X,--request", options->method, "The method (GET, or POST with a body)").text("METHOD");
  command.option("-H,--header", options->headers, "Send this field; may be repeated").text("'NAME: VALUE'");
  command.option("-d,--data", options->data, "Send this as a form's body").text("TEXT");
  command.option("--json", options->json, "Send this as a body of JSON").text("TEXT");
  command.option("--data-file", options->dataFile, "Send this file as the body").text("FILE");
  command.option("-u,--user", options->user, "Log in, when the server asks").text("NAME:PASSWORD");
  command.option("-x,--proxy", options->proxy, "Go through this proxy, or '' for none ($http_proxy and its kin)").text("URL");
  command.option("-b,--cookies", options->cookies, "Keep cookies in FILE, as curl and wget write them").text("FILE");
  command.option("--cache", options->cache, "Keep what may be kept in FOLDER").text("FOLDER");
  command.option("--cacert", options->authority, "Trust these authorities instead of the system's").text("FILE");
  command.option("-m,--max-time", options->timeout, "How long all of it may take (180)").text("SECONDS").positive();
  command.option("--retry", options->retries, "Try again so often, where it may help (2)").text("N").atLeast(0);
  command.flag("-i,--include", options->include, "Print the response's head, too");
  command.flag("-I,--head", options->head, "Ask for the head alone");
  command.flag("--text", options->text, "Print the text in UTF-8, whatever its encoding");
  command.flag("--timing", options->timing, "Say how long each part took");
  command.flag("!--no-redirects", options->follow, "Do not follow redirects");
  command.flag("-k,--insecure", options->insecure, "Accept any certificate");
  command.flag("-v,--verbose", options->verbose, "Log what is done");
  command.notes(R"(
Examples:
  weft fetch http://example.com/ -o page.html
  weft fetch http://example.com/api --json '{"a": 1}' -i

Prints the body as it comes, without its Content-Encoding. Follows redirects, keeps to certificates, answers logins.
Exit codes: 0 a status below 400, 1 no response, 2 usage, 3 a status of 400 or more.)");
  command.run([options, &code] { code = fetch(*options); });
}

}  // namespace weft::crawler::command
