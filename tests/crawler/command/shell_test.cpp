// weft shell: its language, and its answers from -c and from a pipe.

#include "crawler/command/weft_command.hpp"

#include <weft/crawler/command/shell_language.hpp>
#include <weft/http/server/serving_threads.hpp>
#include <weft/http/server/site.hpp>

#include <poll.h>
#include <pty.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <termios.h>

#include <utility>
#include <vector>

using weft::crawler::command::readShellLine;
using weft::crawler::command::ShellLine;

namespace {

using Calls = std::vector<std::pair<std::string, std::string>>;

void checkLine(std::string_view text, std::string_view word, std::string_view argument, const Calls& then = {}) {
  CAPTURE(text);
  const ShellLine line = readShellLine(text);
  CHECK(line.problem == "");
  CHECK(line.word == word);
  CHECK(line.argument == argument);
  CHECK(line.then == then);
}

constexpr const char* kPage =
    "<html><head><base href='http://loom.test/'><title>Looms\n and  yarn</title></head><body><ul><li class=next><a href='/two'>Two</a><li><a href='/three'>Three</a></ul>"
    "<p>born in 1852, died in 1901</p></body></html>";

ProgramRun shellOn(const Folder& folder, const std::string& commands) {
  std::string words;
  for (std::size_t at = 0; at < commands.size();) {
    const std::size_t end = std::min(commands.find('\n', at), commands.size());
    words += " -c \"" + commands.substr(at, end - at) + "\"";
    at = end + 1;
  }
  return weftIn(folder.path, "shell page.html" + words);
}

}  // namespace

TEST_CASE("a line is a word and the rest of the line, or what a Scrapy user types") {
  checkLine("", "", "");
  checkLine("  # a note", "", "");
  checkLine("css li.next a::attr(href)", "css", "li.next a::attr(href)");
  checkLine("css \"title::text\"", "css", "title::text");
  checkLine("css a[rel=\"next\"]", "css", "a[rel=\"next\"]");
  checkLine("xpath (//a)[1]/@href", "xpath", "(//a)[1]/@href");
  checkLine("css('title::text')", "css", "title::text");
  checkLine("response.css('title::text').get()", "css", "title::text", {{"get", ""}});
  checkLine("response.css( \"a\" ).xpath('./@href').getall()", "css", "a", {{"xpath", "./@href"}, {"getall", ""}});
  checkLine("response.xpath('//p').re(r'(\\d+)')", "xpath", "//p", {{"re", "(\\d+)"}});
  checkLine("css('a[title=\"it\\'s\"]')", "css", "a[title=\"it's\"]");
  checkLine("css(li:nth-child(2) a)", "css", "li:nth-child(2) a");
  checkLine("fetch('https://a.example/')", "fetch", "https://a.example/");
  checkLine("response.url", "url", "");
  checkLine("request.headers", "request.headers", "");
  checkLine("view(response)", "view", "response");
  CHECK(readShellLine("css('title").problem == "a ' is not closed");
  CHECK(readShellLine("css(title").problem == "a ( is not closed");
  CHECK(readShellLine("css('a' b)").problem == "behind the text in quotes there is \"b)\", where ) was expected");
  CHECK(readShellLine("css('a') b").problem == "\"b\" cannot be read");
  CHECK(readShellLine("!ls").problem == "a line begins with a word, not with \"!ls\"");
}

TEST_CASE("the shell asks a file: one line for each value, and how many; get() gives the first alone") {
  const Folder folder;
  write(folder / "page.html", kPage);
  const ProgramRun run = shellOn(folder, "css a::attr(href)\nresponse.css('title::text').get()\nxpath //li/a/text()\nre born in (\\\\d+)\nresponse.css('p').re('(\\\\d+)')\nlinks\nstatus");
  CHECK_MESSAGE(run.status == 0, run.output);
  CHECK(run.output.ends_with("/two\n/three\n(2)\nLooms and yarn\nTwo\nThree\n(2)\n1852\n(1)\n1852\n1901\n(2)\nhttp://loom.test/two Two\nhttp://loom.test/three Three\n(2)\n200\n"));
  CHECK(run.output.starts_with("200 file://"));
}

TEST_CASE("a mistake in the shell is one line that says what was meant, and the lines behind it are still done") {
  const Folder folder;
  write(folder / "page.html", kPage);
  const std::pair<const char*, const char*> cases[] = {
      {"cs title", "weft: there is no \"cs\" here; did you mean css? (help lists what there is)\n"},
      {"css", "weft: css takes something: css QUERY ("},
      {"css a[", "weft: "},
      {"xpath //a[", "weft: "},
      {"re (", "weft: "},
      {"response.css('a').gett()", "weft: what was selected has no gett(); did you mean get?\n"},
      {"set RETRY_TIME=1", "did you mean RETRY_TIMES?\n"},
      {"fetch ftp://a.example/", "only http and https\n"},
      {"http://a.example/", "there is no \"http\" here"},
  };
  for (const auto& [line, message] : cases) {
    CAPTURE(line);
    const ProgramRun run = shellOn(folder, std::string(line) + "\nstatus");
    CHECK(run.status == 1);
    CHECK_MESSAGE(has(run, message), run.output);
    CHECK(lines(run.output) == 3);
    CHECK(run.output.ends_with("200\n"));
  }
}

TEST_CASE("the shell reads lines from a pipe, fetches pages and follows relative links") {
  const Folder folder;
  const Demo& demo = sharedDemo();
  write(folder / "lines", "css li.next a::attr(href)\nfetch /page/2/\nurl\nfetch /nowhere\nresponse.status\nquit\nstatus\n");
  const ProgramRun run = runProgram("'" + kWeft + "' shell " + demo.url + " < '" + folder / "lines" + "'");
  CHECK_MESSAGE(run.status == 0, run.output);
  CHECK(run.output.starts_with("200 " + demo.url + " "));
  CHECK(has(run, "/page/2/\n(1)\n200 " + demo.url + "page/2/ "));
  CHECK(has(run, "\n" + demo.url + "page/2/\n404 " + demo.url + "nowhere "));
  CHECK(run.output.ends_with("\n404\n"));
  const ProgramRun parsed = runWeft("shell " + demo.url + " -c parse");
  CHECK(parsed.status == 0);
  CHECK(has(parsed, "in all   1 item, "));
}

TEST_CASE("the shell keeps cookies from one fetch to the next, says which, and forgets them when told") {
  weft::http::ServingThreads serving(1, 0, [](weft::Reactor&) {
    return std::make_shared<weft::http::Site>([](weft::http::Request request) {
      weft::http::Response response(200, std::string(request.headers.get("Cookie").value_or("a stranger")));
      if (request.url.path() == "/login") response.headers.add("Set-Cookie", "session=42; Path=/");
      return weft::succeed(std::move(response));
    });
  });
  const std::string site = "http://127.0.0.1:" + std::to_string(serving.port()) + "/";
  const ProgramRun run = runWeft("shell -s ROBOTSTXT_OBEY=false " + site + "login -c text -c 'fetch /' -c text -c cookies -c 'cookies clear' -c fetch -c text -c 'cookies eat' 2>&1");
  CHECK(run.status == 1);
  CHECK_MESSAGE(has(run, "a stranger\n200 " + site + " 10 bytes, "), run.output);
  CHECK(has(run, "\nsession=42\nsession=42 127.0.0.1/\n(1)\n200 "));
  CHECK(run.output.ends_with("\na stranger\nweft: cookies takes nothing, or clear\n"));
}

TEST_CASE("on a terminal the shell prompts, Ctrl-C drops a line, and Ctrl-D leaves") {
  const Folder folder;
  write(folder / "page.html", kPage);
  int terminal = -1;
  winsize size{};
  size.ws_row = 24;
  size.ws_col = 80;
  const pid_t child = forkpty(&terminal, nullptr, nullptr, &size);
  REQUIRE(child >= 0);
  if (child == 0) {
    setenv("TERM", "vt100", 1);
    setenv("XDG_STATE_HOME", folder.path, 1);
    execl(kWeft.c_str(), "weft", "shell", (folder / "page.html").c_str(), static_cast<char*>(nullptr));
    _exit(127);
  }
  std::string output;
  std::size_t seen = 0;
  const auto until = [&](const std::string& text) {
    char buffer[4096];
    for (pollfd wait{terminal, POLLIN, 0}; output.find(text, seen) == std::string::npos;) {
      if (poll(&wait, 1, 20000) <= 0) return false;
      const ssize_t got = read(terminal, buffer, sizeof buffer);
      if (got <= 0) return false;
      output.append(buffer, static_cast<std::size_t>(got));
    }
    seen = output.find(text, seen) + text.size();
    return true;
  };
  // Keys that come while the terminal is handed from one line to the next may be lost or mean something else: nobody types that fast.
  const auto type = [&](std::string_view keys) {
    termios mode{};
    for (int waited = 0; tcgetattr(terminal, &mode) == 0 && (mode.c_lflag & ICANON) && waited < 1000; ++waited) poll(nullptr, 0, 1);
    REQUIRE(::write(terminal, keys.data(), keys.size()) == static_cast<ssize_t>(keys.size()));
  };
  CHECK(until("weft> "));
  type("css title::text\n");
  CHECK(until("Looms and yarn\r\n(1)"));
  CHECK(until("weft> "));
  type("status\n");
  CHECK(until("200\r\n"));
  CHECK(until("weft> "));
  type("abc");
  CHECK(until("abc"));
  type("\x03");
  CHECK(until("weft> "));
  type("\x04");
  until("what is never said");                         // to the end
  int status = -1;
  waitpid(child, &status, 0);
  close(terminal);
  CHECK_MESSAGE((WIFEXITED(status) && WEXITSTATUS(status) == 0), output);
}
