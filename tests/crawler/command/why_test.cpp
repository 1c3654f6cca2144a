// weft why: what a job knows of a URL.

#include "crawler/command/weft_command.hpp"

TEST_CASE("why says of each URL of a job whether it was seen, how it stands, and who led there") {
  const Folder folder;
  const Demo& demo = sharedDemo();
  const ProgramRun crawl = weftIn(folder.path, "crawl " + demo.url + " --job job -O pages.jsonl --nolog -c 1 -s CLOSESPIDER_PAGECOUNT=3");
  CHECK(crawl.status == 5);
  const ProgramRun start = weftIn(folder.path, "why " + demo.url + " --job job");
  CHECK_MESSAGE(start.status == 0, start.output);
  CHECK(has(start, "seen      yes\nstate     has ended"));
  CHECK(has(start, "depth     0, a start request\n"));
  CHECK(has(start, "callback  parse, or one that Spider::callbacks does not name\n"));
  CHECK(has(start, "items     1 line of "));
  CHECK(has(start, "/pages.jsonl holds this URL\n"));

  const ProgramRun waiting = weftIn(folder.path, "why '" + demo.url + "page/2/#top' --job job");
  CHECK(waiting.status == 0);
  CHECK(has(waiting, "seen      yes\nstate     "));
  CHECK(has(waiting, "depth     1\nreferrer  " + demo.url + "\n"));

  const ProgramRun unknown = weftIn(folder.path, "why " + demo.url + "nobody --job job");
  CHECK(unknown.status == 4);
  CHECK(has(unknown, "seen      no: "));

  const ProgramRun failing = weftIn(folder.path, "crawl http://127.0.0.1:1/ --job dead -O none.jsonl --nolog -s RETRY_TIMES=1");
  CHECK(failing.status == 4);
  const ProgramRun failed = weftIn(folder.path, "why http://127.0.0.1:1/ --job dead");
  CHECK(failed.status == 0);
  CHECK(has(failed, "state     failed for good\n"));
  CHECK(has(failed, "attempts  1\ncause     connecting to 127.0.0.1:1: connection refused\n"));
}

TEST_CASE("with the crawl's trace why says when a page was asked for, with what outcome, and what took the time") {
  const Folder folder;
  const Demo& demo = sharedDemo();
  CHECK(weftIn(folder.path, "crawl " + demo.url + " --job job --trace spans.jsonl -O pages.jsonl --nolog -s CLOSESPIDER_PAGECOUNT=3").status == 5);
  const ProgramRun start = weftIn(folder.path, "why " + demo.url + " --job job --trace spans.jsonl");
  CHECK_MESSAGE(start.status == 0, start.output);
  const std::size_t at = start.output.find("\nattempt   20");
  REQUIRE(at != std::string::npos);
  const std::string attempt = start.output.substr(at + 1);
  CHECK_MESSAGE(attempt.find(" UTC GET 200 in 0.") == 33, attempt);
  CHECK(attempt.find("first byte 0.") != std::string::npos);
  CHECK(lines(attempt) == 1);

  write(folder / "old.jsonl", contentOf(folder / "spans.jsonl") + "{\"resourceSp");                // a writer that was killed
  CHECK(weftIn(folder.path, "why " + demo.url + " --job job --trace old.jsonl").output == start.output);
  const ProgramRun never = weftIn(folder.path, "why " + demo.url + "nobody/ --job job --trace spans.jsonl");
  CHECK(never.status == 4);

  CHECK(weftIn(folder.path, "crawl http://127.0.0.1:1/ --job dead --trace dead.jsonl -O none.jsonl --nolog -s RETRY_TIMES=1 -s ROBOTSTXT_OBEY=false").status == 4);
  const ProgramRun dead = weftIn(folder.path, "why http://127.0.0.1:1/ --job dead --trace dead.jsonl");
  CHECK_MESSAGE(has(dead, " UTC GET connecting to 127.0.0.1:1: connection refused in 0."), dead.output);

  const ProgramRun gone = weftIn(folder.path, "why " + demo.url + " --job job --trace nosuch.jsonl 2>&1");
  CHECK(gone.status == 1);
  CHECK(gone.output == "weft: cannot read the trace nosuch.jsonl: No such file or directory\n");
  write(folder / "other.jsonl", "{\"url.full\",\"value\":{\"stringValue\":\"" + demo.url + "\"}\n");
  const ProgramRun other = weftIn(folder.path, "why " + demo.url + " --job job --trace other.jsonl 2>&1");
  CHECK(other.status == 1);
  CHECK_MESSAGE(other.output.starts_with("weft: line 1 of the trace other.jsonl is none of weft's spans: "), other.output);
}
