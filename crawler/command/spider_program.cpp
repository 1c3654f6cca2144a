#include <weft/crawler/command/spider_program.hpp>

#include <weft/crawler/command/child_program.hpp>
#include <weft/crawler/command/command.hpp>
#include <weft/crawler/command/spider_cache.hpp>
#include <weft/crawler/internal/crawl_program.hpp>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <optional>
#include <sstream>
#include <utility>

#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

namespace weft::crawler::command {

namespace fs = std::filesystem;

namespace {

// Spiders spend their time in the library; -O1 is compiled in half the time of -O2.
const std::vector<std::string> kCompile{"-std=c++20", "-O1", "-fmax-errors=5"};

// A main for files that have none; one that they do have goes before it, as this one is weak.
constexpr const char* kMain =
    "namespace weft::crawler { int runSpiders(int, char**); }\n"
    "__attribute__((weak)) int main(int argc, char** argv) { return weft::crawler::runSpiders(argc, argv); }\n";

std::vector<std::string> wordsOf(const std::string& text) {
  std::istringstream in(text);
  std::vector<std::string> words;
  for (std::string word; in >> word;) words.push_back(word);
  return words;
}

std::string environmentOr(const char* name, const char* otherwise) {
  const char* const value = std::getenv(name);
  return value && *value ? value : otherwise;
}

// Which weft the spider is compiled against, and how.
struct Library {
  std::vector<std::string> compile, link;
  std::string file;                                    // the library itself; "" when it was not found
};

fs::path folderOfThisProgram() {
  std::error_code trouble;
  return fs::read_symlink("/proc/self/exe", trouble).parent_path();
}

std::optional<std::vector<std::string>> pkgConfig(const std::string& folders, std::vector<std::string> words) {
  const std::string given = environmentOr("PKG_CONFIG_PATH", "");
  words.insert(words.begin(), {"env", "PKG_CONFIG_PATH=" + folders + (folders.empty() || given.empty() ? "" : ":") + given, "pkg-config"});
  std::string output;
  if (!succeeded(runChild(std::move(words), &output))) return std::nullopt;
  return wordsOf(output);
}

std::string libraryIn(const std::string& folder) {
  for (const char* name : {"libweft.so", "libweft.a"})
    if (::access((folder + '/' + name).c_str(), R_OK) == 0) return folder + '/' + name;
  return {};
}

void findFile(Library& library) {
  for (const std::string& word : library.link)
    if (word.starts_with("-L") && library.file.empty()) library.file = libraryIn(word.substr(2));
}

// The build folder that this program stands in, if it does: its headers are in include/, its library beside the program.
std::optional<Library> builtLibrary(const fs::path& folder) {
  const fs::path description = folder / "meson-uninstalled";
  if (::access((description / "weft-uninstalled.pc").c_str(), R_OK) != 0) return std::nullopt;
  auto link = pkgConfig(description.string(), {"--libs", "weft-uninstalled"});
  if (!link) throw CompileError("pkg-config, which knows what the build in " + folder.string() + " needs, does not run (see above); install it", kStartError);
  Library library{{"-I" + (folder / "include").string()}, std::move(*link), {}};
  findFile(library);
  if (library.file.empty()) throw CompileError("libweft is missing in " + folder.string() + "; build it: ninja -C " + folder.string(), kStartError);
  return library;
}

// Where pkg-config finds the weft.pc below the prefix that this program was installed to, which goes before others.
std::string installedPlaces(const fs::path& folder) {
  std::string places;
  std::error_code trouble;
  for (const char* name : {"lib", "lib64"}) {
    const fs::path libraries = folder.parent_path() / name;
    std::vector<fs::path> candidates{libraries};
    for (const auto& below : fs::directory_iterator(libraries, trouble)) candidates.push_back(below.path());   // lib/x86_64-linux-gnu
    for (const fs::path& candidate : candidates)
      if (::access((candidate / "pkgconfig" / "weft.pc").c_str(), R_OK) == 0) places += (places.empty() ? "" : ":") + (candidate / "pkgconfig").string();
  }
  return places;
}

Library installedLibrary(const fs::path& folder) {
  const std::string places = installedPlaces(folder);
  auto compile = pkgConfig(places, {"--cflags", "weft"});
  auto link = compile ? pkgConfig(places, {"--libs", "weft"}) : std::nullopt;
  if (!link) throw CompileError("pkg-config does not find the library weft (see above); install weft with its headers, or say where weft.pc is by PKG_CONFIG_PATH", kStartError);
  Library library{std::move(*compile), std::move(*link), {}};
  findFile(library);
  if (library.file.empty())
    if (const auto libdir = pkgConfig(places, {"--variable=libdir", "weft"}); libdir && !libdir->empty()) library.file = libraryIn(libdir->front());
  return library;
}

Library findLibrary() {
  const fs::path folder = folderOfThisProgram();
  Library library;
  if (auto built = builtLibrary(folder)) library = std::move(*built);
  else library = installedLibrary(folder);
  if (library.file.ends_with(".so")) library.link.push_back("-Wl,-rpath," + fs::path(library.file).parent_path().string());
  return library;
}

// Path, size and time of a file: another compiler or library has others.
std::string identity(const std::string& path) {
  struct stat facts {};
  if (path.empty() || ::stat(path.c_str(), &facts) != 0) return path;
  return path + ' ' + std::to_string(facts.st_size) + ' ' + std::to_string(facts.st_mtim.tv_sec) + '.' + std::to_string(facts.st_mtim.tv_nsec);
}

std::string inPath(const std::string& program) {
  if (program.find('/') != std::string::npos) return program;
  std::istringstream folders(environmentOr("PATH", "/usr/bin:/bin"));
  for (std::string folder; std::getline(folders, folder, ':');)
    if (const std::string path = folder + '/' + program; ::access(path.c_str(), X_OK) == 0) return path;
  return program;
}

[[noreturn]] void failCompile(const std::string& file, const std::string& compiler, int status) {
  if (status == -1) throw CompileError("cannot run the compiler " + compiler + ": " + std::strerror(errno) + "; set CXX to one that is there", kStartError);
  if (WIFSIGNALED(status)) throw CompileError("the compiler was stopped by signal " + std::to_string(WTERMSIG(status)), 128 + WTERMSIG(status));
  throw CompileError(file + " could not be compiled (see above)", kStartError);
}

}  // namespace

bool isSpiderFile(std::string_view name) {
  for (std::string_view extension : {".cpp", ".cc", ".cxx", ".C"})
    if (name.ends_with(extension)) return true;
  return false;
}

std::string noSpiderFile(const std::string& name) {
  if (name.find("://") != std::string::npos) return "\"" + name + "\" is no file of a spider; to crawl a site: weft crawl " + name;
  std::error_code trouble;
  if (fs::exists(name + ".cpp", trouble)) return "\"" + name + "\" is no C++ file; did you mean " + name + ".cpp?";
  return "\"" + name + "\" is no C++ file (.cpp, .cc, .cxx or .C)" + (fs::exists(name, trouble) ? "" : ", and not there");
}

std::string pkgConfigPath() {
  const fs::path folder = folderOfThisProgram();
  if (::access((folder / "meson-uninstalled" / "weft-uninstalled.pc").c_str(), R_OK) == 0) return (folder / "meson-uninstalled").string();
  // Asked without a path of our own: what is found there is found by every build.
  const std::string places = installedPlaces(folder);
  const auto known = places.empty() ? std::nullopt : pkgConfig("", {"--variable=pcfiledir", "weft"});
  if (known && !known->empty() && (':' + places + ':').find(':' + known->front() + ':') != std::string::npos) return {};
  return places;
}

std::string compiledSpider(const std::string& file) {
  const auto text = readWhole(file);
  if (!text) throw CompileError("cannot read " + file + ": " + std::strerror(errno), kUsage);
  std::vector<std::string> compiler = wordsOf(environmentOr("CXX", "c++"));
  if (compiler.empty()) compiler.emplace_back("c++");
  const std::vector<std::string> flags = wordsOf(environmentOr("CXXFLAGS", ""));
  const Library library = findLibrary();

  std::string key = fs::absolute(file).lexically_normal().string() + '\n' + *text + '\n' + kMain;
  for (const auto& words : {compiler, kCompile, flags, library.compile, library.link})
    for (const std::string& word : words) key += '\n' + word;
  for (const std::string& word : compiler) key += '\n' + identity(inPath(word));       // of ccache and g++, both
  key += '\n' + identity(library.file);

  SpiderCache cache;
  if (auto program = cache.find(key)) return *program;
  std::fprintf(stderr, "Compiling %s ...\n", fs::path(file).filename().c_str());
  const SpiderCache::Workshop workshop = cache.begin(key);
  const auto add = [](std::vector<std::string>& to, const std::vector<std::string>& words) { to.insert(to.end(), words.begin(), words.end()); };

  std::vector<std::string> compile = compiler;
  for (const auto& words : {kCompile, flags, library.compile}) add(compile, words);
  add(compile, {"-MMD", "-MF", workshop / "headers.d", "-c", "-o", workshop / "spider.o", "-x", "c++", file});
  if (const int status = runChild(std::move(compile)); !succeeded(status)) failCompile(file, compiler.front(), status);

  if (!writeWhole(workshop / "main.cpp", kMain)) throw CompileError("cannot write to " + (workshop / "main.cpp") + ": " + std::strerror(errno), kStartError);
  std::vector<std::string> link = compiler;
  add(link, flags);
  add(link, {"-o", workshop / "program", workshop / "main.cpp", workshop / "spider.o"});
  add(link, library.link);
  if (const int status = runChild(std::move(link)); !succeeded(status)) failCompile(file, compiler.front(), status);
  return cache.keep(workshop, library.compile);
}

int runSpiderFile(const std::string& file, const std::vector<std::string>& arguments) {
  if (!isSpiderFile(file)) return complain(noSpiderFile(file), kUsage);
  std::string program;
  try {
    program = compiledSpider(file);
  } catch (const CompileError& error) {
    return complain(error.what(), error.exitCode);
  } catch (const Error& error) {
    return complain(error.what(), kStartError);
  }
  std::vector<std::string> words{file};
  words.insert(words.end(), arguments.begin(), arguments.end());
  return becomeProgram(program, std::move(words));
}

}  // namespace weft::crawler::command
