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
