// A child process as a pipe: its input is written, its output comes line by line, its exit code is ours.
#include "arguments.hpp"

#include <weft/defer/react.hpp>
#include <weft/net/process.hpp>

#include <cstdio>
#include <string>
#include <vector>

using namespace weft;

namespace {

Deferred<> feed(net::Stream& in, std::vector<std::string> lines) {
  for (const std::string& line : lines) {
    const std::string ended = line + '\n';
    co_await in.write(ended);
  }
  in.closeWriting();
}

Deferred<int> pipeThrough(Reactor& reactor, std::string command, std::vector<std::string> lines) {
  const auto shell = net::ProcessOptions().descriptor(2, net::ChildDescriptor::given(2));
  std::vector<std::string> arguments{"-c", command};
  net::Process process(reactor, "sh", arguments, shell);
  auto feeding = feed(process.in(), lines);
  while (auto line = co_await process.out().readLine()) std::printf("%s | %s\n", command.c_str(), line->c_str());
  const Outcome<> fed = co_await feeding.outcome();
  if (!fed) std::fprintf(stderr, "%s did not read all of it: %s\n", command.c_str(), fed.failure().what());
  const int code = co_await process.ended();
  if (code != 0) std::fprintf(stderr, "%s has exited with %d\n", command.c_str(), code);
  co_return code;
}

}  // namespace

int main(int argc, char** argv) {
  const Arguments arguments(argc, argv,
                            "process_pipe: feeds a command and prints what comes back\n\n"
                            "  process_pipe                   sorts a few words\n"
                            "  --command TEXT                 for the shell (sort)\n"
                            "  --words TEXT                   separated by spaces, one line each (pear apple fig)\n");
  std::vector<std::string> lines(1);
  for (const char letter : arguments.text("--words", "pear apple fig")) {
    if (letter == ' ') lines.emplace_back();
    else lines.back() += letter;
  }
  const std::string command = arguments.text("--command", "sort");
  const auto run = [&](Reactor& reactor) { return pipeThrough(reactor, command, lines); };
  return react(run, argc, argv);
}
