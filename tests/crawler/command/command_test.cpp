// The command as a user meets it: a program, its output and its exit code.

#include "crawler/command/weft_command.hpp"

#include <doctest/doctest.h>

#include <fstream>
#include <set>
#include <string>
#include <string_view>
#include <utility>

using namespace std::string_literals;

TEST_CASE("weft says what it can do, and which version it is") {
  CHECK(runWeft("--help").status == 0);
  CHECK(has(runWeft("--help"), "weft crawl http://example.com/ -o pages.jsonl"));
  CHECK(has(runWeft(""), "crawl"));
  CHECK(runWeft("version").output.starts_with("weft 0."));
  CHECK(has(runWeft("settings"), "CONCURRENT_REQUESTS=16"));
}

TEST_CASE("a crawl that does not start leaves its outputs as they were") {
  const Folder folder;
  const Demo& demo = sharedDemo();
  const std::string port = demo.url.substr(demo.url.rfind(':') + 1, demo.url.rfind('/') - demo.url.rfind(':') - 1);
  std::ofstream(folder / "pages.jsonl") << "of yesterday\n";
  for (const std::string& wrong : {"-s 'DOWNLOADER_MIDDLEWARES={\"Nosuch\": 1}'"s, "--dashboard=" + port}) {
    CAPTURE(wrong);
    const ProgramRun run = runWeft("crawl " + demo.url + " " + wrong + " -O '" + folder / "pages.jsonl" + "'");
    CHECK_MESSAGE((run.status == 1 || run.status == 2), run.output);
    std::string line;
    CHECK(std::getline(std::ifstream(folder / "pages.jsonl"), line));
    CHECK(line == "of yesterday");
  }
}

TEST_CASE("a server that is not there is named, and the exit code is 4") {
  const ProgramRun run = runWeft("crawl http://127.0.0.1:1/ --nolog -o /dev/null");
  CHECK(run.status == 4);
  CHECK(has(run, "1 enqueued = 0 done + 1 failed + 0 dropped + 0 pending"));
  CHECK(has(run, "weft: nothing could be fetched: connecting to 127.0.0.1:1: connection refused"));
}

TEST_CASE("the demo site is crawled over real sockets: a line for each page, and a summary that adds up") {
  Folder folder;
  const Demo& demo = sharedDemo();
  const std::string out = folder / "pages.jsonl";
  const ProgramRun run = runWeft("crawl " + demo.url + " -c 4 -O " + out);
  CHECK_MESSAGE(run.status == 0, run.output);
  const std::string pages = contentOf(out);
  CHECK(lines(pages) == 61);
  CHECK(pages.find("\"status\":404,\"title\":\"\",\"links\":0") != std::string::npos);
  CHECK(pages.find("{\"url\":\"" + demo.url + "\",\"status\":200,\"title\":\"Quotes to weave\",\"links\":29,\"bytes\":") != std::string::npos);
  CHECK(has(run, "status 200  59  OK"));
  CHECK(has(run, "status 302  1  Found"));
  CHECK(has(run, "status 404  1  Not Found"));
  CHECK(has(run, "61 enqueued = 61 done + 0 failed + 0 dropped + 0 pending"));

  CHECK(runWeft("crawl " + demo.url + " -o " + out + " --nolog").status == 0);
  CHECK(lines(contentOf(out)) == 122);                 // -o appends
  CHECK(runWeft("crawl " + demo.url + " -a 'allow=/page/' -O " + out + " --nolog").status == 0);
  CHECK(lines(contentOf(out)) == 11);                  // the start page and its followers; /page/1/ is not linked
  const ProgramRun limited = runWeft("crawl " + demo.url + " -s CLOSESPIDER_PAGECOUNT=5 -c 1 -O " + out + " --nolog");
  CHECK(limited.status == 5);
  CHECK(lines(contentOf(out)) == 5);
  CHECK(has(runWeft("crawl " + demo.url + " -L DEBUG -O /dev/null"), "Crawled (200) <GET " + demo.url + ">"));
}

TEST_CASE("without -o the pages go to the standard output, and only they") {
  const Demo& demo = sharedDemo();
  const ProgramRun run = runProgram("'" + kWeft + "' crawl " + demo.url + " 2>/dev/null | sort -u | grep -c '^{\"url\":.*}$'");
  CHECK(run.output == "61\n");
}

TEST_CASE("the quotes sample writes every quote once") {
  Folder folder;
  const Demo& demo = sharedDemo();
  const std::string out = folder / "quotes.jsonl";
  const ProgramRun run = runProgram(kQuotes + " --url " + demo.url + " -o " + out);
  CHECK_MESSAGE(run.status == 0, run.output);
  std::ifstream in(out);
  std::set<std::string> quotes;
  for (std::string line; std::getline(in, line);) CHECK(quotes.insert(line).second);
  CHECK(quotes.size() == 108);
  CHECK(quotes.contains("{\"text\":\"\xE2\x80\x9C" "Brevity is the soul of wit.\xE2\x80\x9D\",\"author\":\"William Shakespeare\",\"tags\":[\"wit\",\"words\"]}"));
  CHECK(runProgram(kQuotes + " --help").status == 0);
  CHECK(runProgram(kQuotes + " --url nonsense").status == 2);
}

TEST_CASE("a disk that fills up stops the crawl with exit code 5 and one clear line") {
  const Demo& demo = sharedDemo();
  const ProgramRun run = runWeft("crawl " + demo.url + " --nolog -O /dev/full");
  CHECK(run.status == 5);
  CHECK(has(run, "weft: cannot write to /dev/full: No space left on device\n"));
  CHECK(has(run, "0 in /dev/full"));
}

TEST_CASE("SIGINT finishes what is in flight, and the exit code tells") {
  Folder folder;
  // A server that answers nothing: the demo is not slow enough to be interrupted. Each signal waits for what the log says before it.
  const std::string script = "python3 -c 'import socket,time; s=socket.create_server((\"127.0.0.1\",0)); print(s.getsockname()[1],flush=True); time.sleep(60)' > " +
                             (folder / "port") + " & server=$!; while [ ! -s " + (folder / "port") + " ]; do sleep 0.02; done; '" + kWeft +
                             "' crawl http://127.0.0.1:$(cat " + (folder / "port") + ")/ -O " + (folder / "out.jsonl") + " 2>" + (folder / "log") +
                             " & crawl=$!; said() { until grep -q \"$1\" " + (folder / "log") + "; do sleep 0.02; done; }; said 'Spider opened'; kill -INT $crawl;" +
                             " said gracefully; kill -INT $crawl; wait $crawl; echo code $?; kill $server; cat " + (folder / "log");
  const ProgramRun run = runProgram("{ " + script + "; }");
  CHECK_MESSAGE(has(run, "Received SIGINT, shutting down gracefully. Send again to force"), run.output);
  CHECK(has(run, "Received SIGINT twice, forcing unclean shutdown"));
  CHECK(has(run, "1 enqueued = 0 done + 0 failed + 0 dropped + 1 pending"));
  CHECK(has(run, "code 5"));
}

TEST_CASE("the demo says when its port is taken") {
  const Demo& demo = sharedDemo();
  const std::string port = demo.url.substr(demo.url.rfind(':') + 1, demo.url.size() - demo.url.rfind(':') - 2);
  const ProgramRun taken = runWeft("demo --port " + port);
  CHECK(taken.status == 1);
  CHECK(has(taken, "address already in use (--port 0 takes any free port)"));
}

TEST_CASE("weft fetch prints a page, or saves it, and its exit code says how it went") {
  const Folder folder;
  const Demo& demo = sharedDemo();
  const ProgramRun page = runWeft("fetch " + demo.url);
  CHECK(page.status == 0);
  CHECK(page.output.starts_with("<!DOCTYPE html>"));
  const ProgramRun saved = runWeft("fetch -o '" + (folder / "page") + "' " + demo.url);
  CHECK(saved.status == 0);
  CHECK(contentOf(folder / "page") == page.output);
  CHECK(saved.output == std::to_string(page.output.size()) + " bytes in " + (folder / "page") + "\n");
  const ProgramRun head = runWeft("fetch -I " + demo.url);
  CHECK(head.output.starts_with("HTTP/1.1 200 OK\n"));
  CHECK(head.output.ends_with("\n\n"));
  CHECK(has(runWeft("fetch --timing -o '" + (folder / "page") + "' -v " + demo.url), "first byte"));
  const ProgramRun missing = runWeft("fetch " + demo.url + "nothing");
  CHECK(missing.status == 3);
  const ProgramRun unwritable = runWeft("fetch -o /nowhere/page " + demo.url);
  CHECK(unwritable.status == 1);
  CHECK(has(unwritable, "/nowhere/page"));
  const ProgramRun nobody = runWeft("fetch --retry 0 http://127.0.0.1:1/");
  CHECK(nobody.status == 1);
  CHECK(has(nobody, "connecting to 127.0.0.1:1: connection refused"));
  CHECK(runWeft("fetch " + demo.url + " > /dev/full").status == 1);
}
