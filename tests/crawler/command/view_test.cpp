// weft view: what a spider sees, as a file for the browser.

#include "crawler/command/weft_command.hpp"

#include <filesystem>

namespace {

// In a folder of its own for temporary files, without a screen.
ProgramRun view(const Folder& folder, const std::string& arguments, const std::string& variables = "") {
  return runProgram("TMPDIR='" + std::string(folder.path) + "' BROWSER= DISPLAY= WAYLAND_DISPLAY= " + variables + " '" + kWeft + "' view " + arguments);
}

std::string fileIn(const ProgramRun& run) {
  const std::size_t at = run.output.find("/weft-view-");
  if (at == std::string::npos) return {};
  const std::size_t begin = run.output.rfind('\n', at) + 1;
  return run.output.substr(run.output.rfind('\n', at) == std::string::npos ? 0 : begin, run.output.find('\n', at) - begin);
}

}  // namespace

TEST_CASE("view writes the page with a base, prints the file's path, and opens it with $BROWSER") {
  const Folder folder;
  const Demo& demo = sharedDemo();
  const ProgramRun run = view(folder, demo.url + "random --no-browser");        // redirected
  CHECK_MESSAGE(run.status == 0, run.output);
  CHECK(has(run, "200 " + demo.url + "page/"));
  const std::string page = contentOf(fileIn(run));
  CHECK(page.find("<head><meta charset=\"utf-8\"><base href=\"" + demo.url + "page/") != std::string::npos);
  CHECK(page.find("Quotes to weave") != std::string::npos);

  write(folder / "browser", "#!/bin/sh\necho \"$@\" > '" + folder / "opened" + "'\n");
  std::filesystem::permissions(folder / "browser", std::filesystem::perms::owner_all);
  const ProgramRun opened = view(folder, demo.url, "BROWSER='" + folder / "browser" + "'");
  CHECK(opened.status == 0);
  CHECK(contentOf(folder / "opened") == fileIn(opened) + "\n");
}

TEST_CASE("view shows a page of any status, and says where no browser can be opened") {
  const Folder folder;
  const Demo& demo = sharedDemo();
  const ProgramRun run = view(folder, demo.url + "nowhere");
  CHECK(run.status == 0);
  CHECK(has(run, "404 " + demo.url + "nowhere"));
  CHECK(has(run, "weft: no browser was opened: set BROWSER to one, or open the file by hand\n"));
  CHECK(contentOf(fileIn(run)).find("nothing at this address but dust") != std::string::npos);
}
