// weft.toml, the environment and `weft settings`, as a user meets them; and --report.

#include "crawler/command/weft_command.hpp"

#include <weft/http/json.hpp>

#include <sys/stat.h>

using weft::http::Json;

TEST_CASE("weft settings says each setting's value, and where it comes from") {
  const Folder folder;
  const ProgramRun plain = weftIn(folder.path, "settings");
  CHECK(plain.status == 0);
  CHECK(plain.output.starts_with("# there is no weft.toml here or above\n"));
  CHECK(has(plain, "CONCURRENT_REQUESTS=16                default       pages in flight at once\n"));

  REQUIRE(mkdir((folder / "below").c_str(), 0755) == 0);
  write(folder / "weft.toml", "[settings]\nRETRY_TIMES = 7\nUSER_AGENT = \"bot\\u001b[31m\"\n");
  CHECK(has(weftIn(folder.path, "settings"), "weft.toml:3:14: USER_AGENT=…: must not hold control characters"));
  write(folder / "weft.toml", "[settings]\nRETRY_TIMES = 7\nDEPTH_LIMIT = 1\nHTTPAUTH_PASS = \"secret\"\n");
  const ProgramRun here = runProgram("cd '" + folder / "below" + "' && WEFT_DEPTH_LIMIT=2 WEFT_RETRY_TIME=3 '" + kWeft + "' settings -s USER_AGENT=me");
  CHECK(here.status == 0);
  CHECK(has(here, "weft: the environment's WEFT_RETRY_TIME is no setting; did you mean RETRY_TIMES?\n"));
  CHECK(has(here, "# with " + folder / "weft.toml" + "\n"));
  CHECK(has(here, "RETRY_TIMES=7                         " + folder / "weft.toml" + ":2  "));
  CHECK(has(here, "DEPTH_LIMIT=2                         environment   "));
  CHECK(has(here, "USER_AGENT=me                         command line  "));
  CHECK(has(here, "HTTPAUTH_PASS=***"));

  CHECK(weftIn(folder.path, "settings RETRY_TIMES").output == "7\n");
  CHECK(weftIn(folder.path, "settings RETRY_TIMES -s RETRY_TIMES=8").output == "8\n");
  const ProgramRun typo = weftIn(folder.path, "settings RETRY_TIME");
  CHECK(typo.status == 2);
  CHECK(typo.output == "weft: no setting is called RETRY_TIME; did you mean RETRY_TIMES?\n");
}

TEST_CASE("a crawl takes its settings from weft.toml, and a mistake in it ends the crawl before it begins") {
  const Folder folder;
  const Demo& demo = sharedDemo();
  write(folder / "weft.toml", "[settings]\nCLOSESPIDER_PAGECOUNT = 2\nCONCURRENT_REQUESTS = 1\n");
  const ProgramRun limited = weftIn(folder.path, "crawl " + demo.url + " -O pages.jsonl -L DEBUG");
  CHECK(limited.status == 5);
  CHECK(has(limited, "DEBUG: Settings are from weft.toml\n"));
  CHECK(lines(contentOf(folder / "pages.jsonl")) == 2);
  CHECK(weftIn(folder.path, "crawl " + demo.url + " -O pages.jsonl --nolog -s CLOSESPIDER_PAGECOUNT=0").status == 0);
  CHECK(lines(contentOf(folder / "pages.jsonl")) == 61);

  write(folder / "weft.toml", "[settings]\nCLOSESPIDER_PAGECOUNT = 2\nCONCURENT_REQUESTS = 1\n");
  const ProgramRun mistaken = weftIn(folder.path, "crawl " + demo.url);
  CHECK(mistaken.status == 2);
  CHECK(mistaken.output == "weft: weft.toml:3:1: no setting is called CONCURENT_REQUESTS; did you mean CONCURRENT_REQUESTS?\n");
  write(folder / "weft.toml", "[settings\n");
  CHECK(weftIn(folder.path, "crawl " + demo.url).output.starts_with("weft: weft.toml:1:"));
  for (const auto& [text, problem] : {std::pair("[project]\nprogram = \"shop\"\n", "2:11: program must be a string, the program's path in its build folder: \"build/NAME\""),
                                      {"[project]\nname = \"build/shop\"\n", "2:1: [project] takes program = \"build/NAME\", not name"},
                                      {"project = 1\n", "1:1: project must be a table: [project]"}}) {
    write(folder / "weft.toml", text);
    for (const char* command : {"crawl quotes", "list", "check", "parse http://a.example/ --spider quotes"}) CHECK(weftIn(folder.path, command).output == std::string("weft: weft.toml:") + problem + "\n");
  }
  const ProgramRun environment = runProgram("WEFT_RETRY_TIMES=many '" + kWeft + "' crawl " + demo.url);
  CHECK(environment.status == 2);
  CHECK(environment.output == "weft: in the environment, WEFT_RETRY_TIMES=many: must be a whole number\n");
}

TEST_CASE("--logfile takes the log; one that cannot be written ends the crawl before it begins") {
  const Folder folder;
  const Demo& demo = sharedDemo();
  const ProgramRun run = runWeft("crawl " + demo.url + " -O /dev/null --logfile '" + folder / "log" + "'");
  CHECK(run.status == 0);
  CHECK_FALSE(has(run, "Spider opened"));
  CHECK(contentOf(folder / "log").find("Spider opened: site") != std::string::npos);
  const ProgramRun refused = runWeft("crawl " + demo.url + " -O /dev/null --logfile /nonexistent/log");
  CHECK(refused.status == 1);
  CHECK(lines(refused.output) == 1);
  CHECK(has(refused, "/nonexistent/log"));
}

TEST_CASE("--report says in JSON how a crawl went, with counts that add up") {
  const Folder folder;
  const Demo& demo = sharedDemo();
  const std::string file = folder / "report.json";
  CHECK(runWeft("crawl " + demo.url + " -c 4 --nolog -O '" + folder / "pages.jsonl" + "' --report '" + file + "' -s HTTPAUTH_PASS=secret").status == 0);
  const std::string text = contentOf(file);
  CHECK(text.ends_with("}\n"));
  CHECK(text.find("secret") == std::string::npos);
  const Json report = Json::parse(text);
  CHECK(report["spider"].string() == "site");
  CHECK(report["target"].string() == demo.url);
  CHECK(report["start_time"].string().size() == std::string_view("2026-03-01T12:00:00.000Z").size());
  CHECK(report["start_time"].string() <= report["end_time"].string());
  CHECK(report["elapsed_seconds"].number() > 0);
  CHECK(report["finish_reason"].string() == "finished");
  CHECK(report["exit_code"].integer() == 0);
  CHECK(report["problem"].isNull());
  const Json& requests = report["requests"];
  CHECK(requests["enqueued"].integer() == 61);
  CHECK(requests["enqueued"].integer() == requests["done"].integer() + requests["failed"].integer() + requests["dropped"].integer() + requests["pending"].integer());
  CHECK(report["statuses"]["200"].integer() == 59);
  CHECK(report["stats"]["item_scraped_count"].integer() == 61);
  REQUIRE(report["feeds"].size() == 1);
  CHECK(report["feeds"][0]["name"].string() == folder / "pages.jsonl");
  CHECK(report["feeds"][0]["items"].integer() == 61);
  CHECK(report["settings"].size() == 3);
  CHECK(report["settings"]["CONCURRENT_REQUESTS"]["value"].string() == "4");
  CHECK(report["settings"]["CONCURRENT_REQUESTS"]["origin"].string() == "command line");
  CHECK(report["failures"].size() == 0);
}

TEST_CASE("a report of a crawl that failed names the causes and their types") {
  const Folder folder;
  const std::string file = folder / "report.json";
  CHECK(runWeft("crawl http://127.0.0.1:1/ --nolog -O /dev/null --report '" + file + "'").status == 4);
  const Json report = Json::parse(contentOf(file));
  CHECK(report["exit_code"].integer() == 4);
  CHECK(report["problem"].string() == "nothing could be fetched: connecting to 127.0.0.1:1: connection refused");
  CHECK(report["failure_types"]["ConnectionRefused"].integer() == 1);
  REQUIRE(report["failures"].size() == 1);
  CHECK(report["failures"][0]["pages"].integer() == 1);
  CHECK(report["failures"][0]["first_url"].string() == "http://127.0.0.1:1/");
}

TEST_CASE("a report that cannot be written is refused before the crawl, and what is there stays until the new one is whole") {
  const Folder folder;
  const Demo& demo = sharedDemo();
  const ProgramRun run = runWeft("crawl " + demo.url + " -O '" + folder / "pages" + ":jsonl' --report /nonexistent/report.json");
  CHECK(run.status == 1);
  CHECK(run.output == "weft: cannot write the report to /nonexistent/report.json: No such file or directory\n");
  CHECK(contentOf(folder / "pages").empty());
  CHECK(has(runWeft("crawl " + demo.url + " --report '" + folder.path + "'"), "Is a directory"));

  write(folder / "report.json", "old");
  CHECK(runWeft("crawl " + demo.url + " -O /nonexistent/pages.jsonl --report '" + folder / "report.json" + "'").status == 1);
  CHECK(contentOf(folder / "report.json") == "old");
  CHECK(access((folder / "report.json.new").c_str(), F_OK) != 0);
  const ProgramRun full = runWeft("crawl " + demo.url + " --nolog -O /dev/null --report /dev/full");
  CHECK(full.status == 5);
  CHECK(has(full, "weft: cannot write the report to /dev/full: No space left on device\n"));
  CHECK(has(runWeft("crawl " + demo.url + " --nolog -O /dev/null --report -"), "\"finish_reason\":\"finished\""));
}

TEST_CASE("a crawl that is interrupted writes its report, gracefully or not") {
  const Folder folder;
  const std::string port = folder / "port";
  // A server that accepts, says so, and answers nothing: a crawl that is told to stop before it has asked anybody is over at once.
  const std::string asked = folder / "asked";
  const std::string script = "python3 -c 'import socket,time; s=socket.create_server((\"127.0.0.1\",0)); print(s.getsockname()[1],flush=True); c=s.accept(); open(\"" + asked + "\",\"w\").write(\"yes\"); time.sleep(60)' > " + port +
                             " & server=$!; while [ ! -s " + port + " ]; do sleep 0.02; done; '" + kWeft + "' crawl http://127.0.0.1:$(cat " + port + ")/ -O /dev/null --report " +
                             (folder / "report.json") + " 2>" + (folder / "log") + " & crawl=$!; while [ ! -s " + asked + " ]; do sleep 0.02; done; kill -INT $crawl; until grep -q gracefully " + (folder / "log") + "; do sleep 0.02; done; kill -INT $crawl; wait $crawl; echo code $?; kill $server";
  const ProgramRun run = runProgram("{ " + script + "; }");
  CHECK_MESSAGE(has(run, "code 5"), run.output);
  const Json report = Json::parse(contentOf(folder / "report.json"));
  CHECK(report["finish_reason"].string() == "shutdown");
  CHECK(report["exit_code"].integer() == 5);
  CHECK(report["requests"]["pending"].integer() == 1);
}

TEST_CASE("a job records into its own folder, and --replay takes the folder in place of the network") {
  const Folder folder;
  std::string url;
  {
    const Demo demo(folder);
    url = demo.url;
    CHECK(weftIn(folder.path, "crawl " + url + " --job job --warc job/pages.warc.gz -O live.jsonl --nolog -c 1 -s DEPTH_LIMIT=1").status == 0);
  }
  const ProgramRun replay = weftIn(folder.path, "crawl " + url + " --replay job -O again.jsonl --nolog -c 1 -s DEPTH_LIMIT=1");
  CHECK_MESSAGE(replay.status == 0, replay.output);
  CHECK(lines(contentOf(folder / "live.jsonl")) > 5);
  CHECK(contentOf(folder / "again.jsonl") == contentOf(folder / "live.jsonl"));
}
