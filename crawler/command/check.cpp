#include <weft/crawler/command/command.hpp>
#include <weft/crawler/command/project_program.hpp>
#include <weft/crawler/command/spider_program.hpp>
#include <weft/crawler/internal/command_line.hpp>
#include <weft/crawler/run_spider.hpp>
#include <weft/crawler/settings.hpp>

#include <filesystem>
#include <memory>
#include <string>
#include <vector>

namespace weft::crawler::command {

namespace {

// The program of the spiders reads the options, so that all of a crawl's are known to it.
int check(const std::string& target, bool list, const std::vector<std::string>& rest) {
  std::vector<std::string> words{"--check"};
  if (list) words.emplace_back("--list");
  words.insert(words.end(), rest.begin(), rest.end());
  std::error_code trouble;
  if (isSpiderFile(target)) return runSpiderFile(target, words);
  if (target.find("://") != std::string::npos) return complain("check takes a spider, whose contracts name their pages, not a URL; to try a page: weft parse " + target, kUsage);
  if (std::filesystem::is_regular_file(target, trouble)) return complain(noSpiderFile(target), kUsage);
  if (!target.empty()) words.insert(words.end(), {"--spider", target});
  try {
    if (const auto project = findProject()) return runProject(*project, words);
  } catch (const SettingError& error) {                // weft.toml
    return complain(error.what(), kUsage);
  }
  if (SpiderRegistry::names().empty()) {
    return complain("this program has no spiders of its own" + (target.empty() ? std::string() : ", and so none that is called " + target) +
                        "; name a file (weft check FILE.cpp), or go to a project's folder (whose weft.toml names its program)",
                    kUsage);
  }
  words.insert(words.begin(), "weft");
  std::vector<char*> pointers;
  for (std::string& word : words) pointers.push_back(word.data());
  pointers.push_back(nullptr);
  return runSpiders(static_cast<int>(words.size()), pointers.data());
}

}  // namespace

void addCheck(CLI::App& app, int& code) {
  struct Options {
    std::string target;
    bool list = false;
  };
  auto options = std::make_shared<Options>();
  CommandLine command(app, "check", "Say which of their contracts spiders keep");
  command.option("target", options->target, "A spider's file, or the name of a spider of this project (all of them)").text("FILE.cpp or SPIDER");
  command.flag("--list", options->list, "Only list the contracts");
  command.notes(R"(
Examples:
  weft check quotes.cpp                                 fetches the page of each contract, and calls its callback
  weft check quotes.cpp --list
  weft check quotes.cpp -s HTTPCACHE_ENABLED=true       takes what weft crawl takes

Contracts stand in the spider's constructor:
  contracts = {Contract("parse").url("https://example.com/").returnsItems(1, 16).scrapes({"name", "price"})};
Exit codes: 0 all are kept, 1 one is broken or the file does not compile, 2 usage or no contracts, 5 stopped.)");
  command.runWithOthers([options, &code](const std::vector<std::string>& others) { code = check(options->target, options->list, others); });
}

}  // namespace weft::crawler::command
