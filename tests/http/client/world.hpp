// World: an AgentWorld with an agent and a server that a script plays, for tests of the client's layers.
#pragma once

#include "http/client/agent_world.hpp"

#include <doctest/doctest.h>

#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace weft::test {

/// The value of a field in a request head as it was received; "(none)" where there is no such field.
inline std::string fieldOf(const std::string& request, std::string_view name) {
  const std::string start = "\r\n" + std::string(name) + ": ";
  const auto at = request.find(start);
  if (at == std::string::npos) return "(none)";
  const auto from = at + start.size();
  return request.substr(from, request.find("\r\n", from) - from);
}

/// Answers by path ("/a", or "host/a" where the host matters) and keeps every request head. Ports 80 and 8080.
class World : public AgentWorld {
 public:
  using Answer = std::function<std::string(const std::string& request)>;

  explicit World(http::AgentOptions options = {}) : agent(network, std::move(options)) {}
  World& on(std::string path, std::string bytes) {
    return on(std::move(path), [bytes = std::move(bytes)](const std::string&) { return bytes; });
  }
  World& on(std::string path, Answer answer) {
    answers[std::move(path)] = std::move(answer);
    return *this;
  }

  /// "GET a/path" of each request, in order.
  std::vector<std::string> lines() const {
    std::vector<std::string> all;
    for (const std::string& head : heads) {
      const auto space = head.find(' ');
      all.push_back(head.substr(0, space + 1) + fieldOf(head, "Host") + head.substr(space + 1, head.find(' ', space + 1) - space - 1));
    }
    return all;
  }

  std::map<std::string, Answer> answers;
  std::vector<std::string> heads;
  ScriptedServer server{network, 80, [this](ScriptedServer::Peer& peer, const std::string& request) { answer(peer, request); }};
  ScriptedServer other{network, 8080, [this](ScriptedServer::Peer& peer, const std::string& request) { answer(peer, request); }};
  http::Agent agent;

 private:
  void answer(ScriptedServer::Peer& peer, const std::string& request) {
    heads.push_back(request);
    const auto space = request.find(' ');
    const std::string path = request.substr(space + 1, request.find(' ', space + 1) - space - 1);
    auto found = answers.find(fieldOf(request, "Host") + path);
    if (found == answers.end()) found = answers.find(path);
    peer.send(found == answers.end() ? reply("nothing", {}, 404) : found->second(request));
  }
};

/// A redirect to that place.
inline std::string redirectTo(std::string_view location, int status = 302, std::string_view fields = {}) {
  return reply("elsewhere", "Location: " + std::string(location) + "\r\n" + std::string(fields), status);
}

}  // namespace weft::test
