// The samples that serve: started on a free port, talked to over loopback, stopped by a signal.
#include "support/run_program.hpp"
#include "support/running_program.hpp"

#include <doctest/doctest.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>
#include <vector>

namespace {

const std::string kFolder = std::string(SAMPLES_FOLDER) + '/';
const std::string kAnyPort = "tcp:0:interface=127.0.0.1";

std::vector<std::string> server(const std::string& name, std::vector<std::string> more = {}) {
  std::vector<std::string> words{kFolder + name, "--listen", kAnyPort};
  words.insert(words.end(), more.begin(), more.end());
  return words;
}

std::string ask(std::uint16_t port, const std::string& line) {
  PlainClient client(port);
  client.send(line);
  return client.rest();
}

}  // namespace

TEST_CASE("every server among the samples explains itself, and says what is wrong with an endpoint") {
  for (const char* name : {"chat", "echo", "port_forwarder", "finger_01_refuse", "finger_02_answer", "finger_03_users", "finger_04_deferred", "finger_05_file", "finger_06_services"}) {
    CAPTURE(name);
    const ProgramRun help = runProgram(kFolder + name + " --help");
    CHECK(help.status == 0);
    CHECK(help.output.starts_with(name));
    const ProgramRun wrong = runProgram(kFolder + name + " --listen tpc:7");
    CHECK(wrong.status == 1);
    CHECK(wrong.output.starts_with("there is no type of server endpoints called \"tpc\"; did you mean tcp?\n  tpc:7\n  ^\n"));
  }
}

TEST_CASE("echo: a server of either manner answers a client of either manner") {
  for (const bool stream : {false, true}) {
    CAPTURE(stream);
    RunningProgram echo(server("echo", stream ? std::vector<std::string>{"--stream"} : std::vector<std::string>{}));
    const std::string client = kFolder + "echo --connect tcp:127.0.0.1:" + std::to_string(echo.port()) + " --say 'good morning'";
    for (const char* manner : {"", " --stream"}) {
      const ProgramRun run = runProgram(client + manner);
      CHECK(run.status == 0);
      CHECK(run.output == "echoed: good morning\n");
    }
    PlainClient big(echo.port());
    const std::string bytes(3'000'000, 'x');
    std::thread sending([&] {
      big.send(bytes);
      big.sendEnd();
    });
    CHECK(big.rest() == bytes);
    sending.join();
    CHECK(echo.stop() == 128 + SIGTERM);
  }
}

TEST_CASE("echo: a client whose server is not there says so") {
  for (const char* manner : {"", " --stream"}) {
    const ProgramRun run = runProgram(kFolder + "echo --connect tcp:127.0.0.1:1" + manner);
    CHECK(run.status == 1);
    CHECK(run.output == "connecting to 127.0.0.1:1: connection refused\n");
  }
}

TEST_CASE("chat: everybody reads what one of them writes") {
  RunningProgram chat(server("chat"));
  PlainClient ann(chat.port()), bob(chat.port());
  CHECK(ann.line() == "Who are you?\n");
  ann.send("Ann\r\n");
  CHECK(ann.line() == "* Ann has come\n");
  CHECK(ann.line() == "Here are: Ann\n");
  CHECK(bob.line() == "Who are you?\n");
  bob.send("Ann\n");
  CHECK(bob.line() == "That name is taken. Who are you?\n");
  bob.send("Bob\n");
  CHECK(bob.line() == "* Bob has come\n");
  CHECK(bob.line() == "Here are: Ann Bob\n");
  CHECK(ann.line() == "* Bob has come\n");
  ann.send("Good morning\nHow are you?\n");
  for (PlainClient* client : {&ann, &bob}) {
    CHECK(client->line() == "Ann: Good morning\n");
    CHECK(client->line() == "Ann: How are you?\n");
  }
  bob.sendEnd();
  CHECK(ann.line() == "* Bob has gone\n");
  CHECK(chat.stop() == 128 + SIGTERM);
}

TEST_CASE("port_forwarder: passes bytes on in both directions, in both manners, and a refused target closes the connection") {
  RunningProgram echo(server("echo"));
  for (const bool stream : {false, true}) {
    CAPTURE(stream);
    std::vector<std::string> more{"--connect", "tcp:127.0.0.1:" + std::to_string(echo.port())};
    if (stream) more.push_back("--stream");
    RunningProgram forwarder(server("port_forwarder", more));
    PlainClient client(forwarder.port());
    const std::string bytes(3'000'000, 'y');
    std::thread sending([&] {
      client.send(bytes);
      client.sendEnd();
    });
    CHECK(client.rest() == bytes);
    sending.join();
    CHECK(forwarder.stop() == 128 + SIGTERM);

    more[1] = "tcp:127.0.0.1:1";
    RunningProgram nowhere(server("port_forwarder", more));
    PlainClient lost(nowhere.port());
    CHECK(lost.rest().empty());
    CHECK(nowhere.line().find("connecting to 127.0.0.1:1: connection refused") != std::string::npos);
  }
}

TEST_CASE("finger: each step of the ladder does what it says") {
  RunningProgram refuse(server("finger_01_refuse"));
  CHECK(PlainClient(refuse.port()).rest().empty());

  RunningProgram answer(server("finger_02_answer"));
  CHECK(ask(answer.port(), "alice\r\n") == "No such user\r\n");

  RunningProgram users(server("finger_03_users"));
  CHECK(ask(users.port(), "bob\r\n") == "Away until Monday\r\n");
  CHECK(ask(users.port(), "carol\r\n") == "No such user\r\n");

  RunningProgram deferred(server("finger_04_deferred"));
  CHECK(ask(deferred.port(), "alice\r\n") == "Happy and well\r\n");
  CHECK(ask(deferred.port(), "eve\r\nbob\r\n") == "Something went wrong here, sorry\r\n");
  for (RunningProgram* program : {&refuse, &answer, &users, &deferred}) CHECK(program->stop() == 128 + SIGTERM);
}

TEST_CASE("finger: users in a file, and a file that is not there") {
  char name[] = "/tmp/weft-users-XXXXXX";
  const int file = mkstemp(name);
  REQUIRE(file >= 0);
  close(file);
  std::ofstream(name) << "alice: Reads files\n";
  RunningProgram finger(server("finger_05_file", {"--users", name}));
  CHECK(ask(finger.port(), "alice\r\n") == "Reads files\r\n");
  CHECK(ask(finger.port(), "bob\n") == "No such user\r\n");
  std::filesystem::remove(name);
  CHECK(ask(finger.port(), "alice\r\n") == "Something went wrong here, sorry\r\n");
  CHECK(finger.stop() == 128 + SIGTERM);
}

TEST_CASE("finger: two protocols as services, which stop before the program ends") {
  RunningProgram finger(server("finger_06_services", {"--set", kAnyPort}));
  CHECK(ask(finger.port(0), "dave\r\n") == "No such user\r\n");
  CHECK(ask(finger.port(1), "dave\r\nIn the garden\r\n") == "Thank you\r\n");
  CHECK(ask(finger.port(0), "dave\r\n") == "In the garden\r\n");
  CHECK(finger.stop() == 128 + SIGTERM);
  CHECK(finger.line() == "all services have stopped");
}
