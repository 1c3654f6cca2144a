// What every server among the samples does.
#pragma once

#include <weft/defer.hpp>
#include <weft/net.hpp>

#include <cstdio>
#include <memory>
#include <string>

/// Listens on an endpoint such as "tcp:7007" until the program is told to stop, and says where.
inline weft::Deferred<> serve(weft::net::Network& network, std::string endpoint, std::shared_ptr<weft::net::Factory> factory) {
  const auto server = weft::net::serverFromString(network, endpoint);
  const auto port = co_await server->listen(std::move(factory));
  std::printf("listening on %s\n", port->getHost().toString().c_str());
  std::fflush(stdout);
  weft::Deferred<> stopped;                            // nobody fires it: SIGINT and SIGTERM cancel it
  co_await stopped;
}

/// An error of the network ends the program with its text alone.
inline weft::Deferred<> orSay(weft::Deferred<> program) {
  return program.addErrback([](const weft::net::Error& error) {
    std::fprintf(stderr, "%s\n", error.what());
    throw weft::SystemExit(1);
  });
}
