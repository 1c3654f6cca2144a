// A program that runs beside a test: a server, for instance.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

/// Starts a program without a shell, and reads the first line that it prints. Kills it at the end if it still runs.
class RunningProgram {
 public:
  explicit RunningProgram(std::vector<std::string> words) {
    int ends[2];
    if (pipe(ends) != 0) throw std::runtime_error("no pipe");
    pid_ = fork();
    if (pid_ == 0) {
      dup2(ends[1], 1);
      dup2(ends[1], 2);
      close(ends[0]);
      close(ends[1]);
      std::vector<char*> arguments;
      for (std::string& word : words) arguments.push_back(word.data());
      arguments.push_back(nullptr);
      execv(arguments[0], arguments.data());
      _exit(127);
    }
    close(ends[1]);
    output_ = fdopen(ends[0], "r");
    firstLine = line();
  }
  RunningProgram(const RunningProgram&) = delete;
  RunningProgram& operator=(const RunningProgram&) = delete;
  ~RunningProgram() {
    if (pid_ > 0) {
      kill(pid_, SIGKILL);
      waitpid(pid_, nullptr, 0);
    }
    if (output_) fclose(output_);
  }

  /// The next line that it prints, without its end; empty at the end of its output.
  std::string line() {
    std::string text;
    for (int c; (c = std::fgetc(output_)) != EOF && c != '\n';) text += static_cast<char>(c);
    return text;
  }
  /// The n-th number behind a colon and an address in the first line: "listening on 127.0.0.1:4711".
  std::uint16_t port(int n = 0) const {
    std::size_t at = 0;
    for (int i = 0; i <= n; ++i) {
      at = firstLine.find("127.0.0.1:", at);
      if (at == std::string::npos) throw std::runtime_error("it does not say where it listens: " + firstLine);
      at += 10;
    }
    return static_cast<std::uint16_t>(std::stoi(firstLine.substr(at)));
  }
  /// Sends the signal and waits: the exit code, or 128 and the signal's number if one ended it.
  int stop(int signal = SIGTERM) {
    send(signal);
    return wait();
  }
  void send(int signal) const { kill(pid_, signal); }
  int wait() {
    int status = 0;
    waitpid(pid_, &status, 0);
    pid_ = -1;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  }

  std::string firstLine;

 private:
  pid_t pid_ = -1;
  FILE* output_ = nullptr;
};

/// A plain blocking connection to a port of this machine. Whatever takes longer than 20 seconds has failed.
class PlainClient {
 public:
  explicit PlainClient(std::uint16_t port) : socket_(::socket(AF_INET, SOCK_STREAM, 0)) {
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(port);
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const timeval limit{20, 0};
    setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    setsockopt(socket_, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit);
    if (connect(socket_, reinterpret_cast<sockaddr*>(&to), sizeof to) != 0) throw std::runtime_error("cannot connect");
  }
  PlainClient(const PlainClient&) = delete;
  PlainClient& operator=(const PlainClient&) = delete;
  ~PlainClient() { close(socket_); }

  void send(std::string_view data) {
    while (!data.empty()) {
      const ssize_t sent = ::send(socket_, data.data(), data.size(), MSG_NOSIGNAL);
      if (sent <= 0) throw std::runtime_error("cannot send");
      data.remove_prefix(static_cast<std::size_t>(sent));
    }
  }
  void sendEnd() { shutdown(socket_, SHUT_WR); }
  /// With its end; what had come where the connection ends.
  std::string line() {
    std::string text;
    for (char c; text.find('\n') == std::string::npos && recv(socket_, &c, 1, 0) == 1;) text += c;
    return text;
  }
  /// Until the peer ends.
  std::string rest() {
    std::string text;
    char buffer[65536];
    for (ssize_t got; (got = recv(socket_, buffer, sizeof buffer, 0)) > 0;) text.append(buffer, static_cast<std::size_t>(got));
    return text;
  }

 private:
  int socket_;
};
