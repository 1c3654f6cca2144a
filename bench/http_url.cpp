// What a URL costs: parse and resolve each link of real pages, write it in canonical order, take its fingerprint, find its site. One line a case.
//
//     build/bench/http_url [FOLDER or FILE...]          by default the pages of Debian's Python and Boost documentation
#include "harness.hpp"

#include <weft/crawler/fingerprint.hpp>
#include <weft/http/url.hpp>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

namespace {

namespace fs = std::filesystem;
using weft::http::Url;

constexpr int kRounds = 50;                            // through a set that is small

struct Page {
  Url base;
  std::vector<std::string> links;
};

struct Links {
  std::vector<Page> pages;
  std::size_t count = 0;
  std::size_t bytes = 0;
};

// The values of href="…" as they stand in the page.
void addLinks(Links& all, const fs::path& file) {
  std::ifstream in(file, std::ios::binary);
  const std::string text{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
  Page page;
  page.base = Url("https://docs.example.org" + file.string());
  constexpr std::string_view kMark = "href=\"";
  for (std::size_t at = text.find(kMark); at != std::string::npos; at = text.find(kMark, at)) {
    at += kMark.size();
    const std::size_t end = text.find('"', at);
    if (end == std::string::npos) break;
    page.links.push_back(text.substr(at, end - at));
    all.bytes += end - at;
    at = end;
  }
  all.count += page.links.size();
  all.pages.push_back(std::move(page));
}

Links readLinks(const std::vector<fs::path>& roots, std::size_t most) {
  std::vector<fs::path> files;
  for (const fs::path& root : roots) {
    if (fs::is_regular_file(root)) files.push_back(root);
    if (!fs::is_directory(root)) continue;
    for (const auto& entry : fs::recursive_directory_iterator(root))
      if (entry.is_regular_file() && entry.path().extension() == ".html") files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  Links links;
  for (const fs::path& file : files) {
    if (links.count >= most) break;
    addLinks(links, file);
  }
  return links;
}

// Calls `use` with the URL of every link.
template <class F> void eachUrl(const Links& links, F use) {
  Url url;
  for (const Page& page : links.pages)
    for (const std::string& link : page.links)
      if (url.assign(link, &page.base)) use(url);
}

}  // namespace

int main(int argc, char** argv) {
  std::vector<fs::path> python{"/usr/share/doc/python3.11/html", "/usr/share/doc/python3/html"};
  std::vector<fs::path> boost{"/usr/share/doc/libboost1.74-doc", "/usr/share/doc/libboost-doc"};
  std::vector<char*> arguments{argv[0]};
  std::vector<fs::path> own;
  for (int i = 1; i < argc; ++i) {
    if (fs::exists(argv[i]))
      own.emplace_back(argv[i]);
    else
      arguments.push_back(argv[i]);
  }
  bench::Suite suite("http_url", "nanoseconds per link of real pages");
  std::vector<std::pair<std::string, Links>> sets;
  if (!own.empty()) {
    sets.emplace_back("own", readLinks(own, 1'000'000));
  } else {
    sets.emplace_back("python", readLinks(python, 300'000));
    sets.emplace_back("boost", readLinks(boost, 300'000));
  }
  for (const auto& [name, links] : sets) {
    if (links.count == 0) {
      std::printf("no pages of %s here: give a folder of HTML pages\n", name.c_str());
      continue;
    }
    suite.section(name + ": " + std::to_string(links.count) + " links, " + std::to_string(links.bytes / links.count) + " bytes each");
    const auto operations = static_cast<double>(links.count);
    const Links* all = &links;
    suite.time(name + "_resolve", operations, [all] {
      std::size_t bytes = 0;
      eachUrl(*all, [&bytes](const Url& url) { bytes += url.href().size(); });
      bench::keep(bytes);
    });
    // Few enough to stay in the cache, as the URLs of one page do.
    std::vector<Url> few;
    eachUrl(links, [&few](const Url& url) {
      if (few.size() < 2000) few.push_back(url);
    });
    const double repeated = static_cast<double>(few.size()) * kRounds;
    suite.time(name + "_absolute", repeated, [few] {
      std::size_t bytes = 0;
      Url url;
      for (int i = 0; i < kRounds; ++i)
        for (const Url& known : few)
          if (url.assign(known.href())) bytes += url.href().size();
      bench::keep(bytes);
    });
    suite.time(name + "_fingerprint", repeated, [few] {
      std::uint64_t mixed = 0;
      for (int i = 0; i < kRounds; ++i)
        for (const Url& known : few) mixed ^= weft::crawler::fingerprint(known).low;
      bench::keep(mixed);
    });
    suite.time(name + "_resolve_and_fingerprint", operations, [all] {
      std::uint64_t mixed = 0;
      eachUrl(*all, [&mixed](const Url& url) { mixed ^= weft::crawler::fingerprint(url).low; });
      bench::keep(mixed);
    });
  }
  suite.section("URLs with a query of four pairs");
  std::vector<Url> queries;
  for (int i = 0; i < 2000; ++i) queries.emplace_back("https://www.example.org/shop/list?page=" + std::to_string(i) + "&sort=price&category=books%20and%20maps&lang=en");
  suite.time("query_fingerprint", 2000.0 * kRounds, [&queries] {
    std::uint64_t mixed = 0;
    for (int i = 0; i < kRounds; ++i)
      for (const Url& known : queries) mixed ^= weft::crawler::fingerprint(known).low;
    bench::keep(mixed);
  });
  return suite.run(static_cast<int>(arguments.size()), arguments.data());
}
