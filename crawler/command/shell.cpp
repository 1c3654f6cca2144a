#include <weft/core/internal/suggest.hpp>
#include <weft/core/log.hpp>
#include <weft/crawler/command/command.hpp>
#include <weft/crawler/command/fetched_page.hpp>
#include <weft/crawler/command/line_editor.hpp>
#include <weft/crawler/command/shell_language.hpp>
#include <weft/crawler/command/spider_cache.hpp>
#include <weft/crawler/command/spider_program.hpp>
#include <weft/crawler/internal/command_line.hpp>
#include <weft/crawler/internal/parse_program.hpp>
#include <weft/crawler/internal/settings_layers.hpp>
#include <weft/crawler/link_extractor.hpp>
#include <weft/http/cookies/cookie_jars.hpp>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <iostream>
#include <iterator>
#include <memory>
#include <optional>
#include <utility>

#include <sys/wait.h>
#include <unistd.h>

namespace weft::crawler::command {

namespace {

/// A line that was typed cannot be done.
class ShellError : public Error {
 public:
  using Error::Error;
};

struct Options {
  std::string target;                                  // a URL or a file
  std::vector<std::string> commands;                   // -c
  std::string spider;                                  // a name or a file; empty: the spider of `weft crawl URL`
  CrawlOptions crawl;
};

// One line, whatever the text holds.
void printLine(std::string_view text) {
  std::string folded, line;
  for (char c : text) {
    const bool blank = c == ' ' || c == '\n' || c == '\r' || c == '\t' || c == '\f';
    if (!blank) folded += c;
    else if (!folded.empty() && folded.back() != ' ') folded += ' ';
  }
  while (folded.ends_with(' ')) folded.pop_back();
  weft::detail::appendEscaped(line, folded);
  line += '\n';
  std::fwrite(line.data(), 1, line.size(), stdout);
}

class Shell {
 public:
  explicit Shell(const Options& options) : options_(options) {
    if (options_.crawl.logLevel.empty()) options_.crawl.logLevel = "WARNING";
    options_.crawl.cookies = std::make_shared<http::CookieJars>();
  }

  /// False when the line says to leave. Throws what the line makes go wrong.
  bool run(const std::string& text) {
    const ShellLine line = readShellLine(text);
    if (!line.problem.empty()) throw ShellError(line.problem);
    if (line.word.empty()) return true;
    const Command* const command = find(line.word);
    if (!command) unknown(line, text);
    (this->*command->run)(line);
    std::fflush(stdout);
    return !left_;
  }

  /// A URL, or a file that is there.
  void open(const std::string& target) {
    if (!isFile(target)) return fetch(target);
    auto content = readWhole(target);
    if (!content) throw ShellError("cannot read " + target + ": " + std::strerror(errno));
    const std::string path = std::filesystem::absolute(target).lexically_normal().string();
    http::Url url("file:///");
    url.setPathname(path);
    response_.emplace(std::move(url), 200, http::Headers(), std::move(*content));
    if (path.ends_with(".html") || path.ends_with(".htm")) response_->headers.set("Content-Type", "text/html");
    summary();
  }

  static bool isFile(const std::string& target) {
    std::error_code trouble;
    return target.find("://") == std::string::npos && (looksLikeFile(target) || std::filesystem::exists(target, trouble));
  }

  static std::vector<std::string> words();

 private:
  struct Command {
    std::string_view word, usage, what;                // without a usage, another word for one that has it: help leaves it out
    void (Shell::*run)(const ShellLine& line);
  };
  static const Command kCommands[];

  static const Command* find(std::string_view word) noexcept;
  [[noreturn]] static void unknown(const ShellLine& line, const std::string& text);

  const Response& page() const {
    if (!response_) throw ShellError("there is no page yet; fetch URL brings one");
    return *response_;
  }

  static const std::string& required(const ShellLine& line) {
    if (!line.argument.empty()) return line.argument;
    const Command* const command = find(line.word);
    throw ShellError(line.word + " takes something: " + std::string(command->usage) + " (" + std::string(command->what) + ")");
  }

  static void print(std::string_view text) {
    std::string out;
    for (std::size_t at = 0; at < text.size();) {      // line by line, as the ends of lines are no control characters to show
      const std::size_t end = std::min(text.find('\n', at), text.size());
      weft::detail::appendEscaped(out, text.substr(at, end - at));
      out += '\n';
      at = end + 1;
    }
    std::fwrite(out.data(), 1, out.size(), stdout);
  }

  void help(const ShellLine&);
  void quit(const ShellLine&) { left_ = true; }

  void status(const ShellLine&) { printLine(std::to_string(page().status)); }
  void url(const ShellLine&) { printLine(page().url.href()); }
  void encoding(const ShellLine&) { printLine(page().encoding()); }
  void text(const ShellLine&) { print(page().text()); }
  void headers(const ShellLine&) { printHeaders(page().headers); }
  void requestUrl(const ShellLine&) { printLine(page().request().url.href()); }
  void requestMethod(const ShellLine&) { printLine(page().request().method()); }
  void requestHeaders(const ShellLine&) { printHeaders(page().request().headers()); }

  void response(const ShellLine&) { summary(); }
  void summary() const {
    const Response& response = page();
    printLine(std::to_string(response.status) + " " + response.url.href() + "  " + std::to_string(response.body.size()) + " bytes, " + std::string(response.encoding()));
  }

  void fetch(const ShellLine& line) { fetch(line.argument); }
  void fetch(const std::string& text) {
    http::Url url;
    if (!text.empty()) {
      const bool relative = response_ && text.find("://") == std::string::npos && (text.starts_with('/') || text.starts_with('?') || text.starts_with('.') || text.starts_with('#'));
      url = relative ? response_->urljoin(text) : pageUrl(text);
    } else {
      if (!response_) throw ShellError("fetch takes a URL");
      url = response_->url;
    }
    if (!url.isHttp()) throw ShellError("cannot fetch " + url.href() + ": only http and https");
    const auto spider = options_.spider.empty() || isSpiderFile(options_.spider) ? std::make_unique<Spider>("shell") : spiderFor(options_.spider);
    FetchedPage fetched = fetchPage(*spider, Request(url), options_.crawl);
    if (!fetched.response) throw ShellError("");       // it was said why
    response_ = std::move(fetched.response);
    summary();
  }

  std::unique_ptr<Spider> spiderOf(const http::Url& url) const { return spiderFor(options_.spider.empty() || isSpiderFile(options_.spider) ? url.href() : options_.spider); }

  // Values, one a line, and how many; a single one if the line ends in get().
  static void found(const std::vector<std::string>& values, const ShellLine& line) {
    const std::string last = line.then.empty() ? std::string() : line.then.back().first;
    if (last == "get" || last == "extract_first" || last == "first" || last == "re_first" || last == "reFirst") {
      printLine(values.empty() ? std::string() : values.front());
      return;
    }
    for (const std::string& value : values) printLine(value);
    std::printf("(%zu)\n", values.size());
  }

  void re(const ShellLine& line) { found(page().re(required(line)), line); }

  void select(const ShellLine& line) {
    const auto step = [](const auto& of, const std::string& word, const std::string& query) { return word == "css" ? of.css(query) : word == "xpath" ? of.xpath(query) : of.jmespath(query); };
    SelectorList list = step(page(), line.word, required(line));
    for (const auto& [word, argument] : line.then) {
      if (word == "css" || word == "xpath" || word == "jmespath") list = step(list, word, argument);
      else if (word == "re" || word == "re_first" || word == "reFirst") return found(list.re(argument), line);
      else if (word != "get" && word != "getall" && word != "first" && word != "extract" && word != "extract_first") {
        const std::string_view known[] = {"css", "xpath", "jmespath", "re", "re_first", "get", "getall", "extract", "extract_first"};
        throw ShellError("what was selected has no " + word + "()" + suggestion(word, known));
      }
    }
    found(list.getall(), line);
  }

  void links(const ShellLine& line) {
    LinkExtractor extractor;
    if (!line.argument.empty()) extractor.allow(line.argument);
    const std::vector<Link> all = extractor.extractLinks(page());
    for (const Link& link : all) printLine(link.url.href() + (link.text.empty() ? "" : "  " + link.text));
    std::printf("(%zu)\n", all.size());
  }

  static void printHeaders(const http::Headers& all) {
    for (const http::HeaderField field : all) printLine(std::string(field.name) + ": " + std::string(field.value));
  }

  void request(const ShellLine&) {
    const Request& asked = page().request();
    printLine(std::string(asked.method()) + " " + asked.url.href());
    printHeaders(asked.headers());
  }

  // Of all sites, as the next fetch may be of another.
  void cookies(const ShellLine& line) {
    http::CookieJar& jar = options_.crawl.cookies->jar();
    if (line.argument == "clear") return jar.clear();
    if (!line.argument.empty()) throw ShellError("cookies takes nothing, or clear");
    const std::vector<http::Cookie> all = jar.cookies();
    for (const http::Cookie& cookie : all) printLine(cookie.name + "=" + cookie.value + "  " + cookie.domain + cookie.path);
    std::printf("(%zu)\n", all.size());
  }

  void view(const ShellLine&) {
    const std::string path = saveForBrowser(page());
    std::puts(path.c_str());
    std::fflush(stdout);
    if (!openBrowser(path)) throw ShellError("no browser was opened: set BROWSER to one, or open the file by hand");
  }

  void parse(const ShellLine& line) {
    const http::Url& url = page().url;
    if (!url.isHttp()) throw ShellError("parse fetches the page anew, which " + url.href() + " cannot be");
    ParseOptions one;
    one.url = url.href();
    one.callback = line.argument;
    int code = kComplete;
    if (isSpiderFile(options_.spider)) code = parseWithFile(one);
    else code = parsePage(*spiderOf(url), one, options_.crawl);
    if (code != kComplete) throw ShellError("");
  }

  // The file is a program of its own.
  int parseWithFile(const ParseOptions& page) const {
    std::vector<std::string> words{"--parse", page.url, "-L", options_.crawl.logLevel};
    if (!page.callback.empty()) words.insert(words.end(), {"--callback", page.callback});
    for (const std::string& text : options_.crawl.settings) words.insert(words.end(), {"-s", text});
    for (const std::string& text : options_.crawl.arguments) words.insert(words.end(), {"-a", text});
    std::fflush(stdout);
    const pid_t child = ::fork();
    if (child < 0) throw ShellError(std::string("cannot start the spider: ") + std::strerror(errno));
    if (child == 0) ::_exit(runSpiderFile(options_.spider, words));
    int status = 0;
    while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {}
    return WIFEXITED(status) ? WEXITSTATUS(status) : kStopped;
  }

  void set(const ShellLine& line) {
    SettingsLayers layers;
    addSettings(layers, {line.argument});              // a mistake is found now
    options_.crawl.settings.push_back(line.argument);
  }

  void settings(const ShellLine& line) {
    SettingsLayers layers;
    layers.addProject();
    layers.addEnvironment(environ);
    addSettings(layers, options_.crawl.settings);
    std::string name = line.argument;
    if (!line.then.empty()) name = line.then.front().second;                           // settings.get('NAME')
    if (name.empty()) throw ShellError("settings takes a name; weft settings lists all");
    printLine(layers.settings().get(name));
  }

  Options options_;
  std::optional<Response> response_;
  bool left_ = false;
};

const Shell::Command Shell::kCommands[] = {
    {"fetch", "fetch URL", "another page; without URL the same again. A link may be relative", &Shell::fetch},
    {"css", "css QUERY", "what the CSS selector selects: css li.next a::attr(href)", &Shell::select},
    {"xpath", "xpath EXPRESSION", "what the XPath selects: xpath //title/text()", &Shell::select},
    {"jmespath", "jmespath EXPRESSION", "what it finds in JSON: jmespath items[].name", &Shell::select},
    {"re", "re PATTERN", "what the regular expression finds in the text: re born in (\\d+)", &Shell::re},
    {"links", "links [PATTERN]", "the page's links with their texts, or those whose URL matches", &Shell::links},
    {"text", "text", "the page in UTF-8", &Shell::text},
    {"headers", "headers", "the response's headers", &Shell::headers},
    {"status", "status", "its status", &Shell::status},
    {"url", "url", "where it came from", &Shell::url},
    {"encoding", "encoding", "the encoding that it is read in", &Shell::encoding},
    {"request", "request", "what was asked: method, URL, headers", &Shell::request},
    {"cookies", "cookies [clear]", "those kept from one fetch to the next, or away with them", &Shell::cookies},
    {"view", "view", "opens the page in the browser", &Shell::view},
    {"parse", "parse [CALLBACK]", "what the spider makes of the page (--spider says which)", &Shell::parse},
    {"set", "set NAME=VALUE", "a setting for what is fetched from now on", &Shell::set},
    {"settings", "settings NAME", "a setting's value", &Shell::settings},
    {"help", "help", "this", &Shell::help},
    {"quit", "quit", "leaves, as Ctrl-D does", &Shell::quit},
    {"shelp", "", "", &Shell::help},
    {"exit", "", "", &Shell::quit},
    {"body", "", "", &Shell::text},
    {"items", "", "", &Shell::parse},
    {"response", "", "", &Shell::response},
    {"request.url", "", "", &Shell::requestUrl},
    {"request.method", "", "", &Shell::requestMethod},
    {"request.headers", "", "", &Shell::requestHeaders},
};

const Shell::Command* Shell::find(std::string_view word) noexcept {
  const auto* const command = std::find_if(std::begin(kCommands), std::end(kCommands), [word](const Command& one) { return one.word == word; });
  return command == std::end(kCommands) ? nullptr : command;
}

std::vector<std::string> Shell::words() {
  std::vector<std::string> all{"response.css('", "response.xpath('"};
  for (const Command& one : kCommands)
    if (!one.usage.empty()) all.emplace_back(one.word);
  return all;
}

void Shell::help(const ShellLine&) {
  for (const Command& one : kCommands)
    if (!one.usage.empty()) std::printf("  %-20.*s  %.*s\n", static_cast<int>(one.usage.size()), one.usage.data(), static_cast<int>(one.what.size()), one.what.data());
  std::puts("As in Scrapy's shell, too: response.css('title::text').get(), fetch('https://example.com/'), view(response), response.headers.");
}

void Shell::unknown(const ShellLine& line, const std::string& text) {
  std::vector<std::string_view> known;
  for (const Command& one : kCommands)
    if (!one.usage.empty()) known.push_back(one.word);
  std::string hint = suggestion(line.word, known);
  if (hint.empty() && text.find("://") != std::string::npos) hint = "; to bring a page: fetch " + text;
  throw ShellError("there is no \"" + line.word + "\" here" + hint + " (help lists what there is)");
}

// False when it went wrong, which was said then.
template <class Action> bool attempt(Action action) {
  try {
    action();
    return true;
  } catch (const std::exception& error) {
    std::fflush(stdout);
    if (*error.what()) complain(error.what(), kUsage);
    return false;
  }
}

// What can be told to be wrong before anything is done.
void requireSense(const Options& options) {
  SettingsLayers layers;
  if (!options.crawl.logLevel.empty()) layers.set("LOG_LEVEL", options.crawl.logLevel, "command line");
  addSettings(layers, options.crawl.settings);
  spiderArguments(options.crawl);
  if (!options.spider.empty() && !isSpiderFile(options.spider)) spiderFor(options.spider);
  if (!options.target.empty() && !Shell::isFile(options.target)) pageUrl(options.target);
}

int shell(const Options& options) {
  if (!attempt([&] { requireSense(options); })) return kUsage;
  Shell shell(options);
  bool good = options.target.empty() || attempt([&] { shell.open(options.target); });
  if (!options.commands.empty()) {
    for (const std::string& line : options.commands) {
      bool on = true;
      good = attempt([&] { on = shell.run(line); }) && good;
      if (!on) break;
    }
    return good ? kComplete : kStartError;
  }
  if (::isatty(STDIN_FILENO) != 1) {
    bool on = true;
    for (std::string line; on && std::getline(std::cin, line);) good = attempt([&] { on = shell.run(line); }) && good;
    return good ? kComplete : kStartError;
  }
  std::puts("help lists what can be asked; Ctrl-D leaves.");
  LineEditor editor(Shell::words(), stateFile("shell_history"));
  for (bool on = true; on;) {
    const auto line = editor.read("weft> ");
    if (!line) break;
    attempt([&] { on = shell.run(*line); });
  }
  std::fputc('\n', stdout);
  return kComplete;
}

}  // namespace

void addShell(CLI::App& app, int& code) {
  auto options = std::make_shared<Options>();
  CommandLine command(app, "shell", "Look at a page by hand: selectors, links, headers");
  command.option("target", options->target, "What to look at first").text("URL or FILE");
  command.option("-c,--command", options->commands, "Do this line and leave; may be repeated").text("LINE");
  command.option("--spider", options->spider, "Fetch and parse as this spider would").text("NAME or FILE.cpp");
  command.option("-a", options->crawl.arguments, "Give the spider an argument; may be repeated").text("NAME=VALUE");
  command.option("-s,--set", options->crawl.settings, "Set a setting; may be repeated").text("NAME=VALUE");
  command.option("-L,--loglevel", options->crawl.logLevel, "Log from this level on (WARNING)").text("LEVEL");
  command.notes(R"(
Examples:
  weft shell https://example.com/                       then: css title::text
  weft shell page.html -c 'css a::attr(href)'           a file, one line, and out
  echo 'links' | weft shell https://example.com/

Scrapy's manner works as well: response.css('title::text').get(). help lists what can be asked. Cookies are kept from one fetch
to the next. Ctrl-C ends a fetch, Ctrl-D leaves.
Exit codes: 0 each line worked, 1 one did not, 2 usage.)");
  command.run([options, &code] { code = shell(*options); });
}

}  // namespace weft::crawler::command
