// The samples of datagrams and processes print what they promise.
#include "support/run_program.hpp"
#include "support/running_program.hpp"
#include "support/temporary_folder.hpp"

#include <doctest/doctest.h>

#include <fcntl.h>

#include <fstream>
#include <string>

namespace {
ProgramRun sample(const std::string& line) { return runProgram(std::string(SAMPLES_FOLDER) + '/' + line); }
}  // namespace

TEST_CASE("udp_echo and process_pipe explain themselves, and refuse an option that they do not have") {
  for (const char* name : {"udp_echo", "process_pipe"}) {
    CAPTURE(name);
    const ProgramRun help = sample(std::string(name) + " --help");
    CHECK(help.status == 0);
    CHECK(help.output.starts_with(name));
    CHECK(sample(std::string(name) + " --no-such-thing").status == 2);
  }
}

TEST_CASE("udp_echo: each datagram comes back") {
  const ProgramRun run = sample("udp_echo --text hi --count 2");
  CHECK(run.status == 0);
  CHECK(run.output == "hi 1\nhi 2\n");
}

TEST_CASE("process_pipe: what is fed to a command comes back through it, and its exit code is ours") {
  const ProgramRun sorted = sample("process_pipe");
  CHECK(sorted.status == 0);
  CHECK(sorted.output == "sort | apple\nsort | fig\nsort | pear\n");
  const ProgramRun failed = sample("process_pipe --command 'cat; exit 3' --words one");
  CHECK(failed.status == 3);
  CHECK(failed.output.find("cat; exit 3 | one\n") != std::string::npos);
  CHECK(failed.output.find("cat; exit 3 has exited with 3") != std::string::npos);
}

TEST_CASE("echo serves its standard input, a UNIX socket and a socket of systemd, for nothing but another string") {
  const std::string echo = std::string(SAMPLES_FOLDER) + "/echo";
  const weft::test::TemporaryFolder folder;
  std::ofstream(folder / "input") << "hello\n";
  RunningProgram standard({"/bin/sh", "-c", "exec " + echo + " --listen stdio: < " + (folder / "input")});
  CHECK(standard.firstLine == "listening on (no address)");
  CHECK(standard.line() == "hello");
  CHECK(standard.stop() == 128 + SIGTERM);

  RunningProgram local({echo, "--listen", "unix:" + (folder / "echo.sock") + ":mode=600"});
  CHECK(local.firstLine == "listening on unix:" + (folder / "echo.sock"));
  CHECK(sample("echo --stream --connect unix:" + (folder / "echo.sock")).output == "echoed: hello\n");
  CHECK(local.stop() == 128 + SIGTERM);
  CHECK(sample("echo --connect unix:" + (folder / "echo.sock")).output == "connecting to unix:" + (folder / "echo.sock") + ": no such file or directory\n");

  CHECK(sample("echo --connect process:/bin/cat").output == "echoed: hello\n");

  // What systemd does: a listening socket is descriptor 3 of the program, and two variables say so. A shell's redirections name one digit only.
  const int socket = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in at{};
  at.sin_family = AF_INET;
  at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  REQUIRE(bind(socket, reinterpret_cast<sockaddr*>(&at), sizeof at) == 0);
  REQUIRE(listen(socket, 5) == 0);
  REQUIRE(::fcntl(9, F_GETFD) == -1);
  REQUIRE(::dup2(socket, 9) == 9);
  RunningProgram activated({"/bin/sh", "-c", "LISTEN_PID=$$ LISTEN_FDS=1 exec " + echo + " --listen systemd:domain=INET:index=0 3<&9"});
  ::close(socket);
  ::close(9);
  const std::string client = "echo --connect tcp:127.0.0.1:" + std::to_string(activated.port());
  CHECK(sample(client).output == "echoed: hello\n");
  CHECK(activated.stop() == 128 + SIGTERM);
}
