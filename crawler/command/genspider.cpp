#include <weft/core/internal/suggest.hpp>
#include <weft/crawler/command/command.hpp>
#include <weft/crawler/command/print_out.hpp>
#include <weft/crawler/command/scaffold.hpp>
#include <weft/crawler/command/spider_cache.hpp>
#include <weft/crawler/internal/command_line.hpp>

#include <cstdio>
#include <filesystem>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

namespace weft::crawler::command {

namespace fs = std::filesystem;

namespace {

struct Kind {
  std::string_view name, what, page;                   // the page that a domain stands for
};
constexpr Kind kKinds[] = {
    {"basic", "a Spider: one callback, and links that it follows itself", ""},
    {"crawl", "a CrawlSpider: rules say which links are followed", ""},
    {"csvfeed", "a CsvFeedSpider: the rows of a CSV feed", "feed.csv"},
    {"sitemap", "a SitemapSpider: the pages that a site's sitemaps name", "robots.txt"},
    {"xmlfeed", "an XmlFeedSpider: the elements of an XML feed", "feed.xml"},
};

const Kind& kindOf(std::string_view name) {
  std::vector<std::string_view> known;
  for (const Kind& kind : kKinds) {
    if (kind.name == name) return kind;
    known.push_back(kind.name);
  }
  throw ScaffoldError("there is no template \"" + std::string(name) + "\"" + suggestion(name, known) + " (weft genspider --list shows them)");
}

std::string_view textOf(const Kind& kind) {
  for (const TemplateFile& file : templateFiles())
    if (file.path == "spiders/" + std::string(kind.name) + ".cpp") return file.text;
  throw ScaffoldError("this weft was built without the template " + std::string(kind.name));
}

http::Url urlOf(const std::string& given, const Kind& kind) {
  const bool domain = given.find("://") == std::string::npos;
  std::string text = (domain ? "https://" : "") + given;
  auto url = http::Url::tryParse(text);
  if (!url || !url->isHttp() || url->host().empty()) throw ScaffoldError("\"" + given + "\" is neither a domain (example.com) nor a URL of http or https");
  if (url->path() == "/" && url->query().empty()) url = http::Url::tryParse(std::string(kind.page), *url);
  return *url;
}

// The project around the working directory: the nearest folder with a weft.toml, if it has a place for spiders.
std::optional<fs::path> projectFolder() {
  std::error_code trouble;
  for (fs::path folder = fs::current_path(trouble); !folder.empty(); folder = folder.parent_path()) {
    if (fs::exists(folder / "weft.toml", trouble)) return fs::is_directory(folder / "spiders", trouble) && fs::exists(folder / "meson.build", trouble) ? std::optional(folder) : std::nullopt;
    if (folder == folder.parent_path()) break;
  }
  return std::nullopt;
}

// Puts the file into the list "spiders = files(...)". False when there is none that can be read.
bool listSpider(const std::string& build, const std::string& file) {
  auto text = readWhole(build);
  if (!text) return false;
  const std::size_t list = text->starts_with("spiders = files(") ? 0 : text->find("\nspiders = files(");
  if (list == std::string::npos) return false;
  const std::size_t end = text->find(')', list);
  if (end == std::string::npos) return false;
  std::size_t last = end;                              // behind the last entry
  while (last > list && std::string_view(" \n\t").find((*text)[last - 1]) != std::string_view::npos) --last;
  const bool comma = (*text)[last - 1] == ',' || (*text)[last - 1] == '(';
  text->replace(last, end - last, (comma ? "\n  '" : ",\n  '") + file + "',\n");
  const std::string written = build + ".new";
  return writeWhole(written, *text) && std::rename(written.c_str(), build.c_str()) == 0;
}

// Its classes must not be weft's, nor those of another spider of the project.
void requireOwnClass(const std::string& name, const std::optional<fs::path>& project) {
  const std::string wanted = className(name);
  for (std::string_view taken : {"Crawl", "CsvFeed", "Drop", "Dynamic", "Site", "Sitemap", "XmlFeed"})
    if (wanted == taken) throw ScaffoldError("a spider cannot be called \"" + name + "\": weft has a " + wanted + "Spider or " + wanted + "Item of its own; choose another name");
  if (!project) return;
  std::error_code trouble;
  for (const auto& entry : fs::directory_iterator(*project / "spiders", trouble)) {
    const fs::path& path = entry.path();
    if (path.extension() == ".cpp" && path.stem() != name && className(path.stem().string()) == wanted) throw ScaffoldError("\"" + name + "\" would make a class " + wanted + "Spider, as " + path.string() + " has; choose another name");
  }
}

int generate(const std::string& name, const std::string& site, const Kind& kind) {
  if (name.find('.') != std::string::npos && site.find('.') == std::string::npos) throw ScaffoldError("the name comes before the site: weft genspider " + site + " " + name);
  requireName("spider", name);
  const http::Url url = urlOf(site, kind);
  const std::string text = fillTemplate(textOf(kind), name, &url), file = name + ".cpp";
  const auto project = projectFolder();
  requireOwnClass(name, project);
  if (!project) {
    writeNewFile(file, text);
    std::printf("The spider %s is in %s. Run it: weft runspider %s -O %s.jsonl\n", name.c_str(), file.c_str(), file.c_str(), name.c_str());
    return kComplete;
  }
  const std::string path = (*project / "spiders" / file).string();
  writeNewFile(path, fillTemplate("// Run it: build/PROGRAM --spider template_name -O template_name.jsonl\n", name) + text.substr(text.find('\n') + 1));
  if (!listSpider((*project / "meson.build").string(), "spiders/" + file)) {
    std::printf("The spider %s is in %s. Add it to the sources of the program in meson.build: 'spiders/%s'\n", name.c_str(), path.c_str(), file.c_str());
    return kComplete;
  }
  std::printf("The spider %s is in %s, and listed in meson.build. ninja -C build compiles it.\n", name.c_str(), path.c_str());
  return kComplete;
}

struct Options {
  std::string name, site, kind = "basic", print;
  bool list = false;
};

int genSpider(const Options& options) {
  try {
    if (options.list) {
      for (const Kind& kind : kKinds) std::printf("%-8.*s  %.*s\n", static_cast<int>(kind.name.size()), kind.name.data(), static_cast<int>(kind.what.size()), kind.what.data());
      return kComplete;
    }
    if (!options.print.empty()) {
      const std::string_view text = textOf(kindOf(options.print));
      return printOut(text);
    }
    if (options.site.empty()) throw ScaffoldError("genspider takes a name and a site: weft genspider NAME DOMAIN");
    return generate(options.name, options.site, kindOf(options.kind));
  } catch (const weft::Error& error) {
    return complain(error.what(), kUsage);
  }
}

}  // namespace

void addGenSpider(CLI::App& app, int& code) {
  auto options = std::make_shared<Options>();
  CommandLine command(app, "genspider", "Write a new spider from a template");
  command.option("name", options->name, "What it is called").text("NAME");
  command.option("site", options->site, "Where it begins").text("DOMAIN or URL");
  command.option("-t,--template", options->kind, "From this template (basic)").text("NAME");
  command.flag("--list", options->list, "List the templates");
  command.option("--print", options->print, "Print this template").text("NAME");
  command.notes(R"(
Examples:
  weft genspider quotes example.com                     quotes.cpp; in a project: spiders/quotes.cpp
  weft genspider books https://example.com/books/ -t crawl
  weft genspider --list

Within a project (a weft.toml with spiders/ beside it) the file is listed in its meson.build. Nothing is overwritten.
Exit codes: 0 done, 2 a name, site or template that cannot be used, or a file that is there.)");
  command.run([options, &code] { code = genSpider(*options); });
}

}  // namespace weft::crawler::command
