// The status line, on a pseudo terminal.

#include "crawler/command/weft_command.hpp"

#include <weft/crawler/internal/status_line.hpp>
#include <weft/crawler/settings.hpp>

#include <pty.h>
#include <sys/ioctl.h>
#include <sys/wait.h>

#include <algorithm>
#include <chrono>
#include <string>
#include <vector>

using weft::crawler::CrawlStatus;
using weft::crawler::Settings;
using weft::crawler::statusText;
using weft::crawler::timeLeft;

namespace {

// What the program writes to a terminal of so many columns; its stderr alone, or its stdout as well.
std::string onTerminal(std::vector<std::string> words, unsigned short columns, const char* kind, bool stdoutToo = false) {
  winsize size{};
  size.ws_row = 24;
  size.ws_col = columns;
  int terminal = -1;
  const pid_t child = forkpty(&terminal, nullptr, nullptr, &size);
  REQUIRE(child >= 0);
  if (child == 0) {
    if (kind) setenv("TERM", kind, 1);
    else unsetenv("TERM");
    setenv("NO_COLOR", "1", 1);
    if (!stdoutToo && !freopen("/dev/null", "w", stdout)) _exit(126);
    std::vector<char*> arguments;
    for (std::string& word : words) arguments.push_back(word.data());
    arguments.push_back(nullptr);
    execv(arguments[0], arguments.data());
    _exit(127);
  }
  std::string output;
  char buffer[4096];
  for (ssize_t got; (got = read(terminal, buffer, sizeof buffer)) > 0;) output.append(buffer, static_cast<std::size_t>(got));
  close(terminal);
  int status = 0;
  waitpid(child, &status, 0);
  return output;
}

// The screen's lines after all of that, for what weft writes: text, \r, \n, and "clear to the end of the line". Anything else is a failure.
std::vector<std::string> screen(const std::string& output) {
  std::vector<std::string> lines(1);
  std::size_t at = 0;
  for (std::size_t i = 0; i < output.size(); ++i) {
    const char c = output[i];
    if (c == '\r') {
      at = 0;
    } else if (c == '\n') {
      lines.emplace_back();
      at = 0;
    } else if (c == '\x1b') {
      REQUIRE(output.substr(i, 3) == "\x1b[K");
      lines.back().resize(std::min(lines.back().size(), at));
      i += 2;
    } else {
      REQUIRE(static_cast<unsigned char>(c) >= 0x20);
      if (lines.back().size() <= at) lines.back().resize(at + 1, ' ');
      lines.back()[at++] = c;
    }
  }
  return lines;
}

std::vector<std::string> crawlWords(const Demo& demo) {
  return {kWeft, "crawl", demo.url, "-O", "/dev/null", "-c", "1", "-s", "DOWNLOAD_DELAY=0.05", "-s", "RANDOMIZE_DOWNLOAD_DELAY=false", "-s", "CLOSESPIDER_PAGECOUNT=12"};
}

// Each text that the status line showed.
std::vector<std::string> shown(const std::string& output) {
  std::vector<std::string> texts;
  for (std::size_t at = 0; (at = output.find("\r\x1b[K", at)) != std::string::npos;) {
    at += 4;
    const std::string text = output.substr(at, output.find_first_of("\r\n", at) - at);
    if (text.find(" page") != std::string::npos && text.find("  ") != std::string::npos && !text.starts_with("20")) texts.push_back(text);
  }
  return texts;
}

}  // namespace

TEST_CASE("the status line names what matters, and leaves out from the right what does not fit") {
  CrawlStatus status;
  status.pages = 1234;
  status.pagesPerSecond = 312.4;
  status.queue = 5678;
  status.inFlight = 16;
  status.errors = 3;
  status.items = 420;
  status.elapsed = std::chrono::seconds(72);
  CHECK(statusText(status, 200) == "1,234 pages  312/s  queue 5,678  in flight 16  errors 3  items 420  1:12");
  for (std::size_t columns = 0; columns < 80; ++columns) {
    CHECK(statusText(status, columns).size() <= columns);
    CHECK(statusText(status, 200).starts_with(statusText(status, columns)));
  }
  CHECK(statusText(status, 20) == "1,234 pages  312/s");
  status = CrawlStatus();
  status.pages = 1;
  status.pagesPerSecond = 0.5;
  status.elapsed = std::chrono::seconds(3725);
  status.closing = true;
  CHECK(statusText(status, 200) == "1 page  closing  0.5/s  queue 0  in flight 0  items 0  1:02:05");
}

TEST_CASE("the status line says how long a limit leaves, and which host waits for what") {
  CrawlStatus status;
  Settings settings;
  status.pages = 100;
  status.pagesPerSecond = 10;
  status.items = 50;
  status.elapsed = std::chrono::seconds(20);
  CHECK_FALSE(timeLeft(status, settings));
  settings.closespiderTimeout = 3600;
  CHECK(timeLeft(status, settings) == std::chrono::seconds(3580));
  settings.closespiderPagecount = 1100;
  CHECK(timeLeft(status, settings) == std::chrono::seconds(100));
  settings.closespiderItemcount = 60;
  CHECK(timeLeft(status, settings) == std::chrono::seconds(4));        // 10 more, at 2.5 a second
  settings.closespiderPagecount = 90;                                  // what was in flight when the limit was reached
  CHECK(timeLeft(status, settings) == std::chrono::seconds(0));
  status.left = std::chrono::seconds(100);
  status.waits = "a\x1b.com waits 4 s: 7 s between requests (DOWNLOAD_DELAY)";
  const std::string beginning = "100 pages  10/s  queue 0  in flight 0  items 50  0:20  1:40 left";
  CHECK(statusText(status, 200) == beginning + "  a?.com waits 4 s: 7 s between requests (DOWNLOAD_DELAY)");
  status.alsoWaiting = 1;
  CHECK(statusText(status, 200).ends_with("(DOWNLOAD_DELAY) (+1 host)"));
  status.alsoWaiting = 1200;
  CHECK(statusText(status, 200).ends_with("(DOWNLOAD_DELAY) (+1,200 hosts)"));
  CHECK(statusText(status, 100) == beginning);
}

TEST_CASE("on a terminal a crawl shows a status line below its log lines, and takes it away at the end") {
  const Demo& demo = sharedDemo();
  auto words = crawlWords(demo);
  words.insert(words.end(), {"-L", "DEBUG"});
  const std::string output = onTerminal(words, 120, "xterm");
  const auto texts = shown(output);
  CHECK_MESSAGE(!texts.empty(), output);
  CHECK(output.find("  queue ") != std::string::npos);
  CHECK(output.find("  in flight ") != std::string::npos);
  const auto left = screen(output);
  bool summary = false;
  for (const std::string& line : left) {
    CHECK_MESSAGE(line.find("  queue ") == std::string::npos, line);                 // no status is left, nor mixed with a line of the log
    if (line.find("Crawled (") != std::string::npos) CHECK(line.starts_with("20"));
    summary = summary || line.find("closespider_pagecount") != std::string::npos;
  }
  CHECK(summary);
}

TEST_CASE("the status line keeps to the terminal's width") {
  const Demo& demo = sharedDemo();
  auto words = crawlWords(demo);
  words.insert(words.end(), {"-L", "ERROR"});
  const auto texts = shown(onTerminal(words, 30, "xterm"));
  CHECK_FALSE(texts.empty());
  for (const std::string& text : texts) CHECK(text.size() < 30);
}

TEST_CASE("there is no status line on a dumb terminal, in a pipe, with --nolog or --no-status, or where items go to the same terminal") {
  const Demo& demo = sharedDemo();
  const auto words = crawlWords(demo);
  const auto with = [&words](std::vector<std::string> more) {
    std::vector<std::string> all = words;
    all.insert(all.end(), more.begin(), more.end());
    return all;
  };
  CHECK(onTerminal(words, 80, "dumb").find('\x1b') == std::string::npos);
  CHECK(onTerminal(words, 80, nullptr).find('\x1b') == std::string::npos);
  CHECK(onTerminal(with({"--nolog"}), 80, "xterm").find('\x1b') == std::string::npos);
  CHECK(onTerminal(with({"--no-status"}), 80, "xterm").find('\x1b') == std::string::npos);
  CHECK(onTerminal(with({"-o", "-"}), 80, "xterm", true).find('\x1b') == std::string::npos);
  const ProgramRun piped = runWeft("crawl " + demo.url + " -O /dev/null -c 1 -s DOWNLOAD_DELAY=0.05 -s CLOSESPIDER_PAGECOUNT=10 -s LOGSTATS_INTERVAL=0.1");
  CHECK(piped.output.find('\x1b') == std::string::npos);
  CHECK(has(piped, " pages/min), scraped "));
}
