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

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <iostream>
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

struct Help {
  std::string_view word, usage, what;
};
constexpr Help kHelp[] = {
    {"fetch", "fetch URL", "another page; without URL the same again. A link may be relative"},
    {"css", "css QUERY", "what the CSS selector selects: css li.next a::attr(href)"},
    {"xpath", "xpath EXPRESSION", "what the XPath selects: xpath //title/text()"},
    {"jmespath", "jmespath EXPRESSION", "what it finds in JSON: jmespath items[].name"},
    {"re", "re PATTERN", "what the regular expression finds in the text: re born in (\\d+)"},
    {"links", "links [PATTERN]", "the page's links with their texts, or those whose URL matches"},
    {"text", "text", "the page in UTF-8"},
    {"headers", "headers", "the response's headers"},
    {"status", "status", "its status"},
    {"url", "url", "where it came from"},
    {"encoding", "encoding", "the encoding that it is read in"},
    {"request", "request", "what was asked: method, URL, headers"},
    {"view", "view", "opens the page in the browser"},
    {"parse", "parse [CALLBACK]", "what the spider makes of the page (--spider says which)"},
    {"set", "set NAME=VALUE", "a setting for what is fetched from now on"},
    {"settings", "settings NAME", "a setting's value"},
    {"help", "help", "this"},
    {"quit", "quit", "leaves, as Ctrl-D does"},
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
  explicit Shell(const Options& options) : options_(options) { options_.crawl.logLevel = options.crawl.logLevel.empty() ? "WARNING" : options.crawl.logLevel; }

  /// False when the line says to leave. Throws what the line makes go wrong.
  bool run(const std::string& text) {
    const ShellLine line = readShellLine(text);
    if (!line.problem.empty()) throw ShellError(line.problem);
    const std::string& word = line.word;
    if (word.empty()) return true;
    if (word == "quit" || word == "exit") return false;
    if (word == "help" || word == "shelp") help();
    else if (word == "fetch") fetch(line.argument);
    else if (word == "css" || word == "xpath" || word == "jmespath") select(line);
    else if (word == "re") found(page().re(required(line)), line);
    else if (word == "links") links(line.argument);
    else if (word == "text" || word == "body") print(page().text());
    else if (word == "headers") headers(page().headers);
    else if (word == "status") printLine(std::to_string(page().status));
    else if (word == "url") printLine(page().url.href());
    else if (word == "encoding") printLine(page().encoding());
    else if (word == "response") summary();
    else if (word == "request") request();
    else if (word == "request.url") printLine(page().request().url.href());
    else if (word == "request.method") printLine(page().request().method());
    else if (word == "request.headers") headers(page().request().headers());
    else if (word == "view") view();
    else if (word == "parse" || word == "items") parse(line.argument);
    else if (word == "set") set(line.argument);
    else if (word == "settings") settings(line);
    else unknown(line, text);
    std::fflush(stdout);
    return true;
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

  static std::vector<std::string> words() {
    std::vector<std::string> all{"response.css('", "response.xpath('"};
    for (const Help& one : kHelp) all.emplace_back(one.word);
    return all;
  }

 private:
  const Response& page() const {
    if (!response_) throw ShellError("there is no page yet; fetch URL brings one");
    return *response_;
  }

  static const std::string& required(const ShellLine& line) {
    if (!line.argument.empty()) return line.argument;
    for (const Help& one : kHelp)
      if (one.word == line.word) throw ShellError(line.word + " takes something: " + std::string(one.usage) + " (" + std::string(one.what) + ")");
    throw ShellError(line.word + " takes something");
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

  static void help() {
    for (const Help& one : kHelp) std::printf("  %-20.*s  %.*s\n", static_cast<int>(one.usage.size()), one.usage.data(), static_cast<int>(one.what.size()), one.what.data());
    std::puts("As in Scrapy's shell, too: response.css('title::text').get(), fetch('https://example.com/'), view(response), response.headers.");
  }

  void summary() const {
    const Response& response = page();
    printLine(std::to_string(response.status) + " " + response.url.href() + "  " + std::to_string(response.body.size()) + " bytes, " + std::string(response.encoding()));
  }

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

  void select(const ShellLine& line) const {
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

  void links(const std::string& pattern) const {
    LinkExtractor extractor;
    if (!pattern.empty()) extractor.allow(pattern);
    const std::vector<Link> all = extractor.extractLinks(page());
    for (const Link& link : all) printLine(link.url.href() + (link.text.empty() ? "" : "  " + link.text));
    std::printf("(%zu)\n", all.size());
  }

  static void headers(const http::Headers& all) {
    for (const http::HeaderField field : all) printLine(std::string(field.name) + ": " + std::string(field.value));
  }

  void request() const {
    const Request& asked = page().request();
    printLine(std::string(asked.method()) + " " + asked.url.href());
    headers(asked.headers());
  }

  void view() const {
    const std::string path = saveForBrowser(page());
    std::puts(path.c_str());
    std::fflush(stdout);
    if (!openBrowser(path)) throw ShellError("no browser was opened: set BROWSER to one, or open the file by hand");
  }

  void parse(const std::string& callback) const {
    const http::Url& url = page().url;
    if (!url.isHttp()) throw ShellError("parse fetches the page anew, which " + url.href() + " cannot be");
    ParseOptions one;
    one.url = url.href();
    one.callback = callback;
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

  void set(const std::string& assignment) {
    SettingsLayers layers;
    addSettings(layers, {assignment});                 // a mistake is found now
    options_.crawl.settings.push_back(assignment);
  }

  void settings(const ShellLine& line) const {
    SettingsLayers layers;
    layers.addProject();
    layers.addEnvironment(environ);
    addSettings(layers, options_.crawl.settings);
    std::string name = line.argument;
    if (!line.then.empty()) name = line.then.front().second;                           // settings.get('NAME')
    if (name.empty()) throw ShellError("settings takes a name; weft settings lists all");
    printLine(layers.settings().get(name));
  }

  static void unknown(const ShellLine& line, const std::string& text) {
    std::vector<std::string_view> known;
    for (const Help& one : kHelp) known.push_back(one.word);
    std::string hint = suggestion(line.word, known);
    if (hint.empty() && text.find("://") != std::string::npos) hint = "; to bring a page: fetch " + text;
    throw ShellError("there is no \"" + line.word + "\" here" + hint + " (help lists what there is)");
  }

  Options options_;
  std::optional<Response> response_;
};

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

Scrapy's manner works as well: response.css('title::text').get(). help lists what can be asked. Each fetch is a crawl of its own,
so that cookies are not kept from one to the next. Ctrl-C ends a fetch, Ctrl-D leaves.
Exit codes: 0 each line worked, 1 one did not, 2 usage.)");
  command.run([options, &code] { code = shell(*options); });
}

}  // namespace weft::crawler::command
