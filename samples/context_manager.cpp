// A context manager made of a generator: what stands before the yield happens on the way in, what stands after it on the way out, whatever
// happens in between.
#include "arguments.hpp"

#include <weft/core/generator.hpp>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>

using namespace weft;
namespace fs = std::filesystem;

Generator<fs::path> temporaryDirectory() {
  std::string name = (fs::temp_directory_path() / "context_manager.XXXXXX").string();
  if (!mkdtemp(name.data())) throw std::runtime_error("cannot make a directory in " + fs::temp_directory_path().string());
  std::puts("made a directory");
  const struct Remover {                               // Python's finally
    fs::path path;
    ~Remover() {
      fs::remove_all(path);
      std::puts("removed it");
    }
  } remover{name};
  co_yield remover.path;
}

// with manager as value: body(value)
template <class T, class F> void with(Generator<T> manager, F body) {
  T* value = manager.next();
  if (!value) throw std::logic_error("the generator did not yield");
  try {
    body(*value);
  } catch (...) {
    manager.throwInto(std::current_exception());       // comes back out of it, after its clean-up
    return;
  }
  manager.next();
}

int main(int argc, char** argv) {
  const Arguments arguments(argc, argv,
                            "context_manager\n\n"
                            "Works in a temporary directory that a generator makes and removes, once with success and once with an error.\n");
  fs::path where;
  with(temporaryDirectory(), [&](const fs::path& directory) {
    where = directory;
    std::ofstream(directory / "note.txt") << "hello\n";
    std::printf("inside: it exists: %s\n", fs::exists(directory / "note.txt") ? "yes" : "no");
  });
  std::printf("after success it exists: %s\n", fs::exists(where) ? "yes" : "no");

  try {
    with(temporaryDirectory(), [&](const fs::path& directory) {
      where = directory;
      std::ofstream(directory / "note.txt") << "hello\n";
      throw std::runtime_error("something went wrong inside");
    });
  } catch (const std::runtime_error& error) {
    std::printf("caught: %s\n", error.what());
  }
  std::printf("after the error it exists: %s\n", fs::exists(where) ? "yes" : "no");
  return fs::exists(where) ? 1 : 0;
}
