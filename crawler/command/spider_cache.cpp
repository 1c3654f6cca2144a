#include <weft/crawler/command/spider_cache.hpp>

#include <weft/net/digest.hpp>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <memory>
#include <sstream>
#include <utility>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace weft::crawler::command {

namespace fs = std::filesystem;

namespace {

std::string hashOf(std::string_view bytes) { return net::hexDigest(net::DigestKind::Sha256, bytes); }

std::string folderFromEnvironment() {
  const auto given = [](const char* name) -> std::string {
    const char* const value = std::getenv(name);
    return value ? value : "";
  };
  if (const std::string own = given("WEFT_CACHE"); !own.empty()) return fs::absolute(own).string();
  if (const std::string caches = given("XDG_CACHE_HOME"); caches.starts_with('/')) return caches + "/weft";
  if (const std::string home = given("HOME"); home.starts_with('/')) return home + "/.cache/weft";
  throw CacheError("there is no place for compiled spiders: neither WEFT_CACHE nor XDG_CACHE_HOME nor HOME is set");
}

[[noreturn]] void fail(const std::string& path, const std::error_code& trouble) {
  throw CacheError("cannot keep compiled spiders in " + path + ": " + trouble.message() + "; WEFT_CACHE names another folder");
}

std::error_code lastError() { return {errno, std::generic_category()}; }

// Whoever names a folder with other things in it by WEFT_CACHE keeps them. What a compilation that was killed has left counts as an entry.
bool isEntry(const std::string& name) {
  const std::string_view hash = std::string_view(name).substr(0, 32);
  return hash.size() == 32 && hash.find_first_not_of("0123456789abcdef") == std::string_view::npos && (name.size() == 32 || name.substr(32).starts_with(".new-"));
}

}  // namespace

std::optional<std::string> readWhole(const std::string& path) {
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(path.c_str(), "re"), &std::fclose);
  if (!file) return std::nullopt;
  std::string text;
  char buffer[16384];
  while (const std::size_t got = std::fread(buffer, 1, sizeof buffer, file.get())) text.append(buffer, got);
  if (std::ferror(file.get())) return std::nullopt;
  return text;
}

bool writeWhole(const std::string& path, std::string_view text) {
  std::FILE* const file = std::fopen(path.c_str(), "we");
  if (!file) return false;
  const bool written = std::fwrite(text.data(), 1, text.size(), file) == text.size();
  return (std::fclose(file) == 0) && written;
}

std::vector<std::string> dependenciesIn(std::string_view makefile) {
  std::vector<std::string> files;
  const std::size_t colon = makefile.find(": ");
  if (colon == std::string_view::npos) return files;
  std::string file;
  const auto end = [&] {
    if (!file.empty()) files.push_back(std::exchange(file, {}));
  };
  for (std::size_t i = colon + 2; i < makefile.size(); ++i) {
    const char c = makefile[i];
    const char next = i + 1 < makefile.size() ? makefile[i + 1] : '\0';
    if (c == '\\' && next == '\n') end(), ++i;
    else if ((c == '\\' && (next == ' ' || next == '#' || next == '\\')) || (c == '$' && next == '$')) file += next, ++i;
    else if (c == ' ' || c == '\n') end();
    else file += c;
  }
  end();
  return files;
}

SpiderCache::SpiderCache() : folder_(folderFromEnvironment()) {
  std::error_code trouble;
  fs::create_directories(fs::path(folder_).parent_path(), trouble);
  if (::mkdir(folder_.c_str(), 0700) != 0 && errno != EEXIST) fail(folder_, lastError());
  struct stat facts {};
  if (::stat(folder_.c_str(), &facts) != 0) fail(folder_, lastError());
  if (!S_ISDIR(facts.st_mode)) fail(folder_, std::make_error_code(std::errc::not_a_directory));
  // Programs are run from there: nobody else may put one in.
  if (facts.st_uid != ::geteuid()) throw CacheError("the cache " + folder_ + " belongs to another user; WEFT_CACHE names another folder");
  if (facts.st_mode & (S_IWGRP | S_IWOTH)) throw CacheError("the cache " + folder_ + " can be written by other users; chmod go-w it, or name another folder by WEFT_CACHE");
}

std::string SpiderCache::entryOf(std::string_view key) const { return folder_ + '/' + hashOf(key).substr(0, 32); }

std::optional<std::string> SpiderCache::find(std::string_view key) const {
  const std::string entry = entryOf(key);
  if (::access((entry + "/program").c_str(), X_OK) != 0) return std::nullopt;
  const auto headers = readWhole(entry + "/headers");  // "HASH PATH" a line
  if (!headers) return std::nullopt;
  std::istringstream lines(*headers);
  for (std::string line; std::getline(lines, line);) {
    const std::size_t blank = line.find(' ');
    const auto content = blank == std::string::npos ? std::nullopt : readWhole(line.substr(blank + 1));
    if (!content || hashOf(*content) != line.substr(0, blank)) return std::nullopt;
  }
  ::utimensat(AT_FDCWD, entry.c_str(), nullptr, 0);    // used now
  return entry + "/program";
}

SpiderCache::Workshop::~Workshop() {
  std::error_code trouble;
  fs::remove_all(path_, trouble);
}

SpiderCache::Workshop SpiderCache::begin(std::string_view key) const {
  const std::string entry = entryOf(key);
  std::string path = entry + ".new-XXXXXX";
  if (!::mkdtemp(path.data())) fail(folder_, lastError());
  return Workshop(path, entry);
}

std::string SpiderCache::keep(const Workshop& workshop, const std::vector<std::string>& includes) const {
  std::string headers;
  const auto made = readWhole(workshop / "headers.d");
  for (const std::string& file : dependenciesIn(made.value_or(""))) {
    const bool ofLibrary = std::any_of(includes.begin(), includes.end(), [&file](const std::string& flag) { return flag.starts_with("-I") && file.starts_with(flag.substr(2) + "/weft/"); });
    if (ofLibrary) continue;
    if (const auto content = readWhole(file)) headers += hashOf(*content) + ' ' + fs::absolute(file).lexically_normal().string() + '\n';
  }
  if (!writeWhole(workshop / "headers", headers)) fail(folder_, lastError());
  std::error_code ignored, trouble;
  for (const char* name : {"main.cpp", "spider.o", "headers.d"}) fs::remove(workshop / name, ignored);
  if (std::rename(workshop.path().c_str(), workshop.entry().c_str()) != 0) {
    fs::remove_all(workshop.entry(), ignored);         // made from other headers, or by another process just now
    if (std::rename(workshop.path().c_str(), workshop.entry().c_str()) != 0) fail(folder_, lastError());
  }
  prune();
  return workshop.entry() + "/program";
}

void SpiderCache::prune() const {
  std::error_code trouble;
  std::vector<std::pair<fs::file_time_type, fs::path>> entries;
  for (const auto& entry : fs::directory_iterator(folder_, trouble))
    if (isEntry(entry.path().filename().string())) entries.emplace_back(entry.last_write_time(trouble), entry.path());
  std::sort(entries.rbegin(), entries.rend());
  for (std::size_t i = kMost; i < entries.size(); ++i) fs::remove_all(entries[i].second, trouble);
}

}  // namespace weft::crawler::command
