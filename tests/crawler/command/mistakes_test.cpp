// What every command says of itself, and of the mistakes that are made with it: one line on stderr, which names what was given and the way out.

#include "crawler/command/weft_command.hpp"

#include <sys/stat.h>

#include <map>
#include <sstream>
#include <vector>

namespace {

// The commands, with what the list in `weft --help` says of them.
std::map<std::string, std::string> commands() {
  std::map<std::string, std::string> all;
  std::istringstream help(runWeft("--help").output);
  bool within = false;
  for (std::string line; std::getline(help, line);) {
    if (line == "Subcommands:") {
      within = true;
    } else if (within && line.starts_with("  ") && line.size() > 2 && line[2] != ' ') {
      const std::size_t end = line.find(' ', 2);
      all[line.substr(2, end - 2)] = end == std::string::npos ? "" : line.substr(line.find_first_not_of(' ', end));
    } else if (within && line.empty()) {
      break;
    }
  }
  return all;
}

// The words of an option in a line of help: "  -o,--output FILE  ..." has two.
std::vector<std::string> optionsIn(const std::string& manual, const std::string& command) {
  std::vector<std::string> names;
  std::size_t at = manual.find("\n.SS weft " + command + (manual.find("\n.SS weft " + command + "\n") != std::string::npos ? "\n" : " "));
  REQUIRE(at != std::string::npos);
  const std::string part = manual.substr(at + 1, manual.find("\n.S", at + 1) - at);
  for (at = 0; (at = part.find("\\fB\\-", at)) != std::string::npos;) {
    const std::size_t begin = at + 3, end = part.find("\\fR", begin);
    std::string name = part.substr(begin, end - begin);
    for (std::size_t dash = 0; (dash = name.find("\\-", dash)) != std::string::npos;) name.erase(dash, 1);
    names.push_back(name);
    at = end;
  }
  return names;
}

struct Mistake {
  const char* arguments;
  int code;
  const char* text;                                    // behind "weft: ", all of it
};

// Each command is to have three; weft itself has those that begin with none.
void checkMistakes(const std::string& folder, const std::vector<Mistake>& mistakes) {
  static const auto all = commands();
  std::map<std::string, int> count;
  for (const Mistake& mistake : mistakes) {
    const std::string arguments = mistake.arguments;
    CAPTURE(arguments);
    const std::string first = arguments.substr(0, arguments.find(' '));
    ++count[all.contains(first) ? first : "weft"];
    const ProgramRun run = runProgram("{ cd '" + folder + "' && TMPDIR=/nonexistent BROWSER= DISPLAY= WAYLAND_DISPLAY= '" + kWeft + "' " + arguments + " </dev/null; }");
    CHECK(run.status == mistake.code);
    CHECK(run.output == "weft: " + std::string(mistake.text) + "\n");
  }
  for (const auto& [command, times] : count) {
    CAPTURE(command);
    CHECK(times >= 3);
  }
}

// Something of each kind for the mistakes to be made with.
struct Place : Folder {
  Place() {
    write(*this / "quotes.cpp", "int broken = ;\n");
    write(*this / "note.txt", "a note\n");
    write(*this / "mine.cpp", "mine\n");
    for (const char* name : {"full", "job"}) REQUIRE(mkdir((*this / name).c_str(), 0755) == 0);
    write(*this / "full/mine", "mine\n");
    write(*this / "job/journal.db", "no database\n");
  }
};

}  // namespace

TEST_CASE("every command's help begins with what it does, lists its options and has examples, and completions and the manual page know it") {
  const auto all = commands();
  CHECK(all.size() == 19);
  const std::string bash = runWeft("completion bash").output, zsh = runWeft("completion zsh").output, man = runWeft("man").output;
  for (const auto& [name, does] : all) {
    CAPTURE(name);
    const ProgramRun help = runWeft(name + " --help");
    CHECK(help.status == 0);
    CHECK(!does.empty());
    CHECK_MESSAGE(help.output.starts_with(does + "\nUsage: weft " + name), help.output);
    CHECK(has(help, "\nExamples:\n  "));
    const auto options = optionsIn(man, name);
    CHECK(!options.empty());
    for (const std::string& option : options) {
      CAPTURE(option);
      CHECK((has(help, "  " + option) || has(help, "," + option)));
    }
    CHECK(bash.find("\n    " + name + ")\n") != std::string::npos);
    CHECK(zsh.find("\n    " + name + ") _arguments") != std::string::npos);
  }
  CHECK(runWeft("help").output == runWeft("--help").output);
  CHECK(runWeft("help crawl").output == runWeft("crawl --help").output);
  CHECK(runWeft("--version").output == runWeft("version").output);
}

TEST_CASE("mistakes with weft itself, help, version, man, completion, list and settings") {
  const Place place;
  checkMistakes(place.path, {
    {"crwal http://a.example/", 2, "there is no command \"crwal\"; did you mean crawl? (weft --help lists them)"},
    {"http://a.example/", 2, "there is no command \"http://a.example/\"; to crawl a site: weft crawl http://a.example/ (weft --help lists them)"},
    {"--hlep", 2, "there is no option --hlep; did you mean --help? (weft --help lists the options)"},
    {"-o pages.jsonl", 2, "there is no option -o (weft --help lists the options)"},

    {"help crwal", 2, "there is no command \"crwal\"; did you mean crawl? (weft --help lists them)"},
    {"help crawl fetch", 2, "\"fetch\" is one word too many (weft help --help lists the options)"},
    {"help --all", 2, "there is no option --all (weft help --help lists the options)"},

    {"version 1", 2, "\"1\" is one word too many (weft version --help lists the options)"},
    {"version --short", 2, "there is no option --short (weft version --help lists the options)"},
    {"version >/dev/full", 1, "cannot write to the standard output: No space left on device"},

    {"man crawl", 2, "\"crawl\" is one word too many (weft man --help lists the options)"},
    {"man -k", 2, "there is no option -k (weft man --help lists the options)"},
    {"man >/dev/full", 1, "cannot write to the standard output: No space left on device"},

    {"completion", 2, "bash or zsh is missing (weft completion --help lists the options)"},
    {"completion bahs", 2, "there is no completion for \"bahs\"; did you mean bash?; there is one for bash and one for zsh"},
    {"completion fish", 2, "there is no completion for \"fish\"; there is one for bash and one for zsh"},
    {"completion --bash", 2, "there is no option --bash (weft completion --help lists the options)"},

    {"list quotes", 2, "\"quotes\" is one word too many (weft list --help lists the options)"},
    {"list --all", 2, "there is no option --all (weft list --help lists the options)"},
    {"list", 0, "this program has no spiders of its own; a URL needs none (weft crawl URL), and a file is run by weft runspider FILE.cpp"},

    {"settings RETRY_TIME", 2, "no setting is called RETRY_TIME; did you mean RETRY_TIMES?"},
    {"settings RETRY_TIMES DEPTH_LIMIT", 2, "\"DEPTH_LIMIT\" is one word too many (weft settings --help lists the options)"},
    {"settings -s RETRY_TIMES", 2, "-s takes NAME=VALUE, not \"RETRY_TIMES\""},
    {"settings -s RETRY_TIMES=often", 2, "RETRY_TIMES=often: must be a whole number"},
  });
}

TEST_CASE("mistakes with crawl") {
  const Place place;
  checkMistakes(place.path, {
    {"crawl", 2, "URL or SPIDER is missing (weft crawl --help lists the options)"},
    {"crawl quotes", 2, "no spider is called \"quotes\": this program has none of its own; a URL begins with http:// or https://, and weft runspider FILE.cpp runs a file"},
    {"crawl quotes.cpp", 2, "crawl takes a URL or the name of a spider; for a file: weft runspider quotes.cpp"},
    {"crawl a.example", 2, "\"a.example\" is no URL that can be crawled: it begins with neither http:// nor https://; did you mean http://a.example ?"},
    {"crawl ftp://a.example/", 2, "cannot crawl ftp://a.example/: only http and https"},
    {"crawl http://", 2, "parsing the URL \"http://\" at offset 7: the host is missing"},
    {"crawl http://a.example:99999/", 2, "parsing the URL \"http://a.example:99999/\" at offset 17: the port is over 65535"},
    {"crawl http://a.example/ http://b.example/", 2, "\"http://b.example/\" is one word too many (weft crawl --help lists the options)"},
    {"crawl http://a.example/ --otput=x", 2, "there is no option --otput; did you mean --output? (weft crawl --help lists the options)"},
    {"crawl http://a.example/ -o", 2, "--output takes FILE, which is missing (weft crawl --help lists the options)"},
    {"crawl http://a.example/ -c 0", 2, "--concurrency: \"0\" is no whole number from 1 to 2147483647 (weft crawl --help lists the options)"},
    {"crawl http://a.example/ -c many", 2, "--concurrency: \"many\" is no whole number from 1 to 2147483647 (weft crawl --help lists the options)"},
    {"crawl http://a.example/ -c 1 -c 2", 2, "--concurrency can be given once (weft crawl --help lists the options)"},
    {"crawl http://a.example/ --nolog=maybe", 2, "--nolog takes no value (weft crawl --help lists the options)"},
    {"crawl http://a.example/ -s CONCURENT_REQUESTS=1", 2, "no setting is called CONCURENT_REQUESTS; did you mean CONCURRENT_REQUESTS?"},
    {"crawl http://a.example/ -s DEPTH_LIMIT", 2, "-s takes NAME=VALUE, not \"DEPTH_LIMIT\""},
    {"crawl http://a.example/ -s DEPTH_LIMIT=deep", 2, "DEPTH_LIMIT=deep: must be a whole number"},
    {"crawl http://a.example/ -a alow=x", 2, "crawling a URL takes the arguments allow and deny, not alow; did you mean allow?"},
    {"crawl http://a.example/ -a 'allow=('", 2, "the argument allow: \"(\" is no regular expression: missing ): ("},
    {"crawl http://a.example/ -L LOUD", 2, "LOG_LEVEL=LOUD: must be CRITICAL, ERROR, WARNING, INFO or DEBUG"},
    {"crawl http://a.example/ -o x.cvs", 2, "cannot write x.cvs: there is no feed format \"cvs\"; there are jsonlines (.jsonl, .jl), json, csv and xml, each with .gz or .zst behind it; name one as FILE:FORMAT; did you mean csv?"},
    {"crawl http://a.example/ -o x.jsonl -O ./x.jsonl", 2, "both -O and -o write to x.jsonl; name another file for one of them"},
    {"crawl http://a.example/ -o x.jsonl --report x.jsonl", 2, "both -o and --report write to x.jsonl; name another file for one of them"},
    {"crawl http://a.example/ --since-last", 2, "--since-last needs a job, which keeps the pages: --job DIR"},
    {"crawl http://a.example/ --dashboard=999999", 2, "--dashboard=999999: this is no PORT or ADDRESS:PORT, such as 8080, 0.0.0.0:8080 or [::1]:8080"},
    {"crawl http://a.example/ --replay nothing.warc", 1, "cannot read nothing.warc: No such file or directory"},
    {"crawl http://a.example/ --replay full", 1, "there is no WARC file (.warc, .warc.gz) in the folder full; a crawl records one by --warc full/pages.warc.gz"},
    {"crawl http://a.example/ -o /nonexistent/pages.jsonl", 1, "cannot write to /nonexistent/pages.jsonl: No such file or directory"},
  });
}

TEST_CASE("mistakes with fetch, view, parse and shell") {
  const Place place;
  checkMistakes(place.path, {
    {"fetch", 2, "URL is missing (weft fetch --help lists the options)"},
    {"fetch ftp://a.example/", 2, "cannot fetch ftp://a.example/: only http and https"},
    {"fetch http://a.example/ -H nothing", 2, "a header is NAME: VALUE, not \"nothing\""},
    {"fetch http://a.example/ -X 'GE T'", 2, "setting the header field \"GE T\": a method must be a token such as GET"},
    {"fetch http://a.example/ -u me", 2, "--user takes NAME:PASSWORD, and there is no : in \"me\""},
    {"fetch http://a.example/ -d a=1 --json '{}'", 2, "a request has one body: --data, --json or --data-file"},
    {"fetch http://a.example/ -m 0", 2, "--max-time: \"0\" is no number of seconds, such as 2 or 0.5 (weft fetch --help lists the options)"},
    {"fetch http://a.example/ --retry -1", 2, "--retry: \"-1\" is no whole number from 0 to 2147483647 (weft fetch --help lists the options)"},
    {"fetch --retry 0 http://127.0.0.1:1/", 1, "connecting to 127.0.0.1:1: connection refused"},

    {"view", 2, "URL is missing (weft view --help lists the options)"},
    {"view ftp://a.example/", 2, "cannot fetch ftp://a.example/: only http and https"},
    {"view page.html", 2, "\"page.html\" is no URL, but looks like a file, which weft shell FILE reads (a site of that name would be http://page.html)"},
    {"view http://127.0.0.1:1/ -s RETRY_TIME=0", 2, "no setting is called RETRY_TIME; did you mean RETRY_TIMES?"},
    {"view http://127.0.0.1:1/ --no-brwoser", 2, "there is no option --no-brwoser; did you mean --no-browser? (weft view --help lists the options)"},
    {"view http://127.0.0.1:1/ -L CRITICAL -s RETRY_TIMES=0", 4, "nothing could be fetched: connecting to 127.0.0.1:1: connection refused"},

    {"parse", 2, "URL is missing (weft parse --help lists the options)"},
    {"parse a.example", 2, "\"a.example\" is no URL that can be crawled: it begins with neither http:// nor https://; did you mean http://a.example ?"},
    {"parse http://a.example/ --spider nosuch.cpp", 2, "cannot read nosuch.cpp: No such file or directory"},
    {"parse http://a.example/ -c detail", 2, "the spider site names no callback detail (Spider::callbacks names them)"},
    {"parse http://a.example/ -a tag", 2, "-a takes NAME=VALUE, not \"tag\""},

    {"shell page.html", 1, "cannot read page.html: No such file or directory"},
    {"shell ftp://a.example/", 2, "cannot fetch ftp://a.example/: only http and https"},
    {"shell -c status", 1, "there is no page yet; fetch URL brings one"},
    {"shell -c", 2, "--command takes LINE, which is missing (weft shell --help lists the options)"},
    {"shell -s RETRY_TIME=1", 2, "no setting is called RETRY_TIME; did you mean RETRY_TIMES?"},
    {"shell -L LOUD", 2, "LOG_LEVEL=LOUD: must be CRITICAL, ERROR, WARNING, INFO or DEBUG"},
    {"shell --spider nosuch", 2, "no spider is called \"nosuch\": this program has none of its own; a URL begins with http:// or https://, and weft runspider FILE.cpp runs a file"},
  });
}

TEST_CASE("mistakes with runspider, check, startproject, genspider and why") {
  const Place place;
  checkMistakes(place.path, {
    {"runspider", 2, "FILE.cpp is missing (weft runspider --help lists the options)"},
    {"runspider nosuch.cpp", 2, "cannot read nosuch.cpp: No such file or directory"},
    {"runspider quotes", 2, "\"quotes\" is no C++ file; did you mean quotes.cpp?"},
    {"runspider note.txt", 2, "\"note.txt\" is no C++ file (.cpp, .cc, .cxx or .C)"},
    {"runspider http://a.example/", 2, "\"http://a.example/\" is no file of a spider; to crawl a site: weft crawl http://a.example/"},
    {"runspider -O quotes.jsonl quotes.cpp", 2, "the file comes before the options of its spider: weft runspider quotes.cpp -O ..."},

    {"check", 2, "this program has no spiders of its own; name a file (weft check FILE.cpp), or go to a project's folder (whose weft.toml names its program)"},
    {"check quotes", 2, "this program has no spiders of its own, and so none that is called quotes; name a file (weft check FILE.cpp), or go to a project's folder (whose weft.toml names its program)"},
    {"check nosuch.cpp", 2, "cannot read nosuch.cpp: No such file or directory"},
    {"check note.txt", 2, "\"note.txt\" is no C++ file (.cpp, .cc, .cxx or .C)"},
    {"check http://a.example/", 2, "check takes a spider, whose contracts name their pages, not a URL; to try a page: weft parse http://a.example/"},

    {"startproject", 2, "NAME is missing (weft startproject --help lists the options)"},
    {"startproject my-shop", 2, "\"my-shop\" cannot be the name of a project: it must be a letter, and then letters, digits and underscores (64 at the most)"},
    {"startproject test", 2, "a project cannot be called \"test\", which Meson uses otherwise; choose another name"},
    {"startproject shop full", 2, "the folder full is not empty; nothing was changed (name another: weft startproject NAME DIR)"},
    {"startproject shop note.txt", 2, "note.txt is there already, and no folder; nothing was changed"},

    {"genspider", 2, "genspider takes a name and a site: weft genspider NAME DOMAIN"},
    {"genspider a.example quotes", 2, "the name comes before the site: weft genspider quotes a.example"},
    {"genspider crawl a.example", 2, "a spider cannot be called \"crawl\": weft has a CrawlSpider or CrawlItem of its own; choose another name"},
    {"genspider quotes ftp://a.example/", 2, "\"ftp://a.example/\" is neither a domain (example.com) nor a URL of http or https"},
    {"genspider quotes a.example -t crawll", 2, "there is no template \"crawll\"; did you mean crawl? (weft genspider --list shows them)"},
    {"genspider mine a.example", 2, "mine.cpp is there already; nothing was changed (choose another name, or remove it)"},

    {"why http://a.example/", 2, "--job DIR is missing (weft why --help lists the options)"},
    {"why http://a.example/ --jbo job", 2, "there is no option --jbo; did you mean --job? (weft why --help lists the options)"},
    {"why http://a.example/ --job nosuch", 1, "there is no job in nosuch: nosuch/journal.db: No such file or directory"},
    {"why http://a.example/ --job job", 1, "cannot read the journal job/journal.db: file is not a database"},
    {"why ftp://a.example/ --job job", 2, "cannot fetch ftp://a.example/: only http and https"},
  });
  CHECK(contentOf(place / "mine.cpp") == "mine\n");
}

TEST_CASE("mistakes with serve, demo and bench") {
  const Place place;
  checkMistakes(place.path, {
    {"serve nosuch", 1, "cannot serve a folder: opening the file nosuch: No such file or directory"},
    {"serve note.txt", 1, "cannot serve a folder: opening the file note.txt: Not a directory"},
    {"serve --lst", 2, "there is no option --lst; did you mean --list? (weft serve --help lists the options)"},
    {"serve --port 99999", 2, "--port: \"99999\" is no whole number from 0 to 65535 (weft serve --help lists the options)"},
    {"serve --max-age 1d", 2, "--max-age: \"1d\" is no number of seconds, such as 2 or 0.5 (weft serve --help lists the options)"},
    {"serve --interface 300.1.1.1 --port 0", 1, "listening on 300.1.1.1:0: this is not a numeric address; name an interface by its address"},
    {"serve --port 0 --port-file /nonexistent/port", 1, "cannot write the port's number to /nonexistent/port: No such file or directory"},

    {"demo site", 2, "\"site\" is one word too many (weft demo --help lists the options)"},
    {"demo --port http", 2, "--port: \"http\" is no whole number from 0 to 65535 (weft demo --help lists the options)"},
    {"demo --interface localhost --port 0", 1, "listening on localhost:0: this is not a numeric address; name an interface by its address"},
    {"demo --port 0 --port-file /nonexistent/port", 1, "cannot write the port's number to /nonexistent/port: No such file or directory"},

    {"bench http://a.example/", 2, "\"http://a.example/\" is one word too many (weft bench --help lists the options)"},
    {"bench --seconds 0", 2, "--seconds: \"0\" is no number of seconds, such as 2 or 0.5 (weft bench --help lists the options)"},
    {"bench --sconds 3", 2, "there is no option --sconds; did you mean --seconds? (weft bench --help lists the options)"},
    {"bench -s CONCURRENT_REQUESTS=0", 2, "CONCURRENT_REQUESTS=0: must be at least 1"},
  });
}
