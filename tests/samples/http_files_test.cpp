// The samples that serve HTTP: started on a free port, talked to over loopback, stopped by a signal.
#include "support/run_program.hpp"
#include "support/running_program.hpp"
#include "support/temporary_folder.hpp"

#include <doctest/doctest.h>

#include <csignal>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

namespace {

const std::string kFolder = std::string(SAMPLES_FOLDER) + '/';

std::vector<std::string> server(const std::string& name, const std::string& folder) { return {kFolder + name, folder, "--listen", "tcp:0:interface=127.0.0.1"}; }

std::string ask(std::uint16_t port, const std::string& head, const std::string& body = {}) {
  PlainClient client(port);
  client.send(head + "\r\nHost: a\r\nConnection: close\r\n\r\n" + body);
  return client.rest();
}

std::string contentOf(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

bool has(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

}  // namespace

TEST_CASE("the samples that serve files explain themselves, and say what is wrong") {
  for (const char* name : {"http_static_files", "http_upload"}) {
    const ProgramRun help = runProgram(kFolder + name + " --help");
    CHECK(help.status == 0);
    CHECK(help.output.starts_with(name));
    CHECK(runProgram(kFolder + name).status == 2);
    CHECK(runProgram(kFolder + name + " /tmp --listen tpc:7").status == 1);
  }
  const ProgramRun missing = runProgram(kFolder + "http_static_files /nowhere/at/all");
  CHECK(missing.status == 1);
  CHECK(missing.output == "opening the file /nowhere/at/all: No such file or directory\n");
}

TEST_CASE("http_static_files: files, a listing, and what is compressed") {
  weft::test::TemporaryFolder folder;
  std::ofstream(folder / "note.txt") << std::string(5000, 'n');
  std::ofstream(folder / "capsule.gmi") << "# hello\n";
  RunningProgram program(server("http_static_files", folder / "."));
  const std::string plain = ask(program.port(), "GET /files/note.txt HTTP/1.1");
  CHECK(plain.starts_with("HTTP/1.1 200 OK\r\n"));
  CHECK(has(plain, "Cache-Control: max-age=60\r\n"));
  CHECK(plain.ends_with("\r\n\r\n" + std::string(5000, 'n')));
  CHECK(has(ask(program.port(), "GET /files/note.txt HTTP/1.1\r\nAccept-Encoding: gzip"), "Content-Encoding: gzip\r\n"));
  CHECK(has(ask(program.port(), "GET /files/capsule.gmi HTTP/1.1"), "Content-Type: text/gemini; charset=utf-8\r\n"));
  CHECK(has(ask(program.port(), "GET / HTTP/1.1"), "Location: /files/\r\n"));
  CHECK(has(ask(program.port(), "GET /files/ HTTP/1.1"), "<a href=\"note.txt\">note.txt</a>"));
  CHECK(ask(program.port(), "GET /files/%2e%2e/x HTTP/1.1").starts_with("HTTP/1.1 404"));
  CHECK(program.stop() == 128 + SIGTERM);
}

TEST_CASE("http_upload: its page, an upload with its progress, and forms that are wrong") {
  weft::test::TemporaryFolder folder;
  RunningProgram program(server("http_upload", folder / "."));
  const std::string page = ask(program.port(), "GET / HTTP/1.1");
  CHECK(has(page, "enctype=\"multipart/form-data\""));
  const std::string content(500'000, 'u');
  const std::string body = "--b\r\nContent-Disposition: form-data; name=\"note\"\r\n\r\na word\r\n--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"../up.bin\"\r\n\r\n" + content + "\r\n--b--\r\n";
  const auto post = [&](const std::string& type, const std::string& bytes) {
    return ask(program.port(), "POST / HTTP/1.1\r\nContent-Type: " + type + "\r\nContent-Length: " + std::to_string(bytes.size()), bytes);
  };
  const std::string answer = post("multipart/form-data; boundary=b", body);
  CHECK(answer.ends_with("\r\n\r\nKept up.bin, 500000 bytes. Noted: a word\n"));
  CHECK(contentOf(folder / "up.bin") == content);
  std::string line;
  do line = program.line();
  while (!line.starts_with("100 %"));
  CHECK(line == "100 % of " + std::to_string(body.size()) + " bytes");
  CHECK(post("text/plain", "x").starts_with("HTTP/1.1 415"));
  CHECK(post("multipart/form-data; boundary=b", "--b\r\nnonsense").starts_with("HTTP/1.1 400"));
  CHECK(program.stop() == 128 + SIGTERM);
}
