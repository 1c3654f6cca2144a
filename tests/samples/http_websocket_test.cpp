// The samples of WebSockets: a chat with its page, and a client.
#include "support/run_program.hpp"
#include "support/running_program.hpp"

#include <doctest/doctest.h>

#include <string>

namespace {

const std::string kFolder = std::string(SAMPLES_FOLDER) + '/';

struct Chat : RunningProgram {
  Chat() : RunningProgram({kFolder + "http_websocket_chat", "--listen", "tcp:0:interface=127.0.0.1"}) {}
  ProgramRun talk(const std::string& path, const std::string& more) const {
    return runProgram(kFolder + "http_websocket_talk ws://127.0.0.1:" + std::to_string(port()) + path + " " + more);
  }
  /// A participant in a process of its own, that has come.
  RunningProgram participant(const std::string& name) const {
    return RunningProgram({kFolder + "http_websocket_talk", "ws://127.0.0.1:" + std::to_string(port()) + "/chat", "--say", name, "--count", "4"});
  }
};

}  // namespace

TEST_CASE("http_websocket_chat: a page with the chat, and an echo beside it") {
  Chat chat;
  PlainClient browser(chat.port());
  browser.send("GET / HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n");
  const std::string page = browser.rest();
  CHECK(page.starts_with("HTTP/1.1 200 OK\r\n"));
  CHECK(page.find("Content-Type: text/html; charset=utf-8\r\n") != std::string::npos);
  CHECK(page.find("new WebSocket(") != std::string::npos);
  CHECK(page.ends_with("</script>\n"));
  const ProgramRun echo = chat.talk("/echo", "--say 'good morning' --count 1");
  CHECK(echo.output == "good morning\nclosed: 1000\n");
  CHECK(echo.status == 0);
  CHECK(chat.stop() == 143);
}

TEST_CASE("http_websocket_chat: those who are there hear who comes and goes, and a name is taken once") {
  Chat chat;
  RunningProgram ann = chat.participant("Ann");
  CHECK(ann.firstLine == "* Ann has come");
  const ProgramRun taken = chat.talk("/chat", "--say Ann");
  CHECK(taken.status == 1);
  CHECK(taken.output == "the WebSocket is closed (4000): that name is taken\n");
  const ProgramRun bob = chat.talk("/chat", "--say Bob --count 1");
  CHECK(bob.output == "* Bob has come\nclosed: 1000\n");
  CHECK(ann.line() == "* Bob has come");
  CHECK(ann.line() == "* Bob has gone");
}

TEST_CASE("http_websocket_talk explains itself, and says what is wrong") {
  CHECK(runProgram(kFolder + "http_websocket_talk --help").output.starts_with("http_websocket_talk URL"));
  CHECK(runProgram(kFolder + "http_websocket_talk").status == 2);
  CHECK(runProgram(kFolder + "http_websocket_chat --help").output.starts_with("http_websocket_chat"));
  Chat chat;
  const ProgramRun page = chat.talk("/", "");
  CHECK(page.status == 1);
  CHECK(page.output.find("does not become a WebSocket, and answers 200") != std::string::npos);
}
