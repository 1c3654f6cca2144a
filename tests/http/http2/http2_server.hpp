// Http2Server: a server of HTTP/2 that a test plays, frame by frame where it must be.
#pragma once

#include <weft/http/http2/internal/session.hpp>
#include <weft/http/http2/internal/session_writer.hpp>
#include <weft/net/network.hpp>
#include <weft/net/tls/endpoint.hpp>
#include <weft/net/transport.hpp>

#include <algorithm>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace weft::test {

class Http2Server {
 public:
  class Peer;

  class Stream final : public http::detail::Http2Stream {
   public:
    explicit Stream(Peer& peer) : peer(peer) {}
    void respond(int status, std::initializer_list<http::HeaderField> fields = {}, bool last = false) {
      const std::string number = std::to_string(status);
      std::vector<http::HeaderField> all{{":status", number}};
      all.insert(all.end(), fields.begin(), fields.end());
      if (status < 200)
        peer.session->submitInterim(*this, all);
      else
        peer.session->submitResponse(*this, all, last);
      peer.writer->soon();
    }
    void send(std::string bytes) {
      peer.session->send(*this, std::move(bytes));
      peer.writer->soon();
    }
    void end(std::initializer_list<http::HeaderField> trailers = {}) {
      peer.session->end(*this, trailers);
      peer.writer->soon();
    }
    void reply(std::string body, int status = 200, std::initializer_list<http::HeaderField> fields = {}) {
      respond(status, fields);
      send(std::move(body));
      end();
    }
    void reset(http::Http2Code code) {
      peer.session->reset(*this, code);
      peer.writer->soon();
    }
    /// Lets the client send more.
    void read() {
      peer.session->consumed(*this);
      peer.writer->soon();
    }

    Peer& peer;
    std::string method, path, authority, scheme, body;
    http::Headers fields, trailers;
    bool ended = false;
    bool closed = false;
    http::Http2Code code = http::Http2Code::NoError;

   private:
    friend Peer;
  };

  class Peer final : public net::Protocol, public http::detail::Session::Handler {
   public:
    explicit Peer(Http2Server& server) : server_(&server) {
      using http::detail::Session;
      session = std::make_unique<Session>(Session::Kind::Server, *this, server.options);
      writer = std::make_unique<http::detail::SessionWriter>(*session, *this, [] {});
    }
    std::size_t openStreams() const {
      return static_cast<std::size_t>(std::count_if(streams.begin(), streams.end(), [](const auto& stream) { return !stream->closed; }));
    }

    std::unique_ptr<http::detail::Session> session;
    std::unique_ptr<http::detail::SessionWriter> writer;
    std::vector<std::unique_ptr<Stream>> streams;
    std::size_t reads = 0;               // how often something came
    bool lost = false;
    bool clientWentAway = false;

   private:
    friend Http2Server;
    void connectionMade() override { writer->soon(); }
    void dataReceived(std::string_view data) override {
      ++reads;
      session->feed(data, transport().clock().now());
      writer->now();
      if (session->finished()) transport().loseConnection();
    }
    void connectionLost(const Failure&) override {
      lost = true;
      writer->stop();
    }

    http::detail::Http2Stream* streamBegun() override { return streams.emplace_back(std::make_unique<Stream>(*this)).get(); }
    void headReceived(http::detail::Http2Stream& any, http::detail::Session::Part part, bool) override {
      auto& stream = static_cast<Stream&>(any);
      if (part == http::detail::Session::Part::Trailers) {
        stream.trailers = std::move(stream.head().fields);
        return;
      }
      stream.method = stream.head().method;
      stream.path = stream.head().path;
      stream.authority = stream.head().authority;
      stream.scheme = stream.head().scheme;
      stream.fields = std::move(stream.head().fields);
      ++server_->requests;
      if (server_->onHead) server_->onHead(stream);
    }
    void dataReceived(http::detail::Http2Stream& any, std::string_view data) override {
      static_cast<Stream&>(any).body.append(data);
      if (server_->readsBodies) session->consumed(any);
    }
    void messageEnded(http::detail::Http2Stream& any) override {
      auto& stream = static_cast<Stream&>(any);
      stream.ended = true;
      if (server_->answer) server_->answer(stream);
    }
    void closed(http::detail::Http2Stream& any, http::Http2Code code, bool) override {
      auto& stream = static_cast<Stream&>(any);
      stream.closed = true;
      stream.code = code;
    }
    void bodyEmptied(http::detail::Http2Stream&) override {}
    void wentAway(http::Http2Code, std::string_view) override { clientWentAway = true; }

    Http2Server* server_;
  };

  using Answer = std::function<void(Stream&)>;

  Http2Server(net::Network& network, std::uint16_t port, Answer answer = {}, std::optional<net::TlsServerContext> tls = {}, http::Http2Options options = {})
      : answer(std::move(answer)), options(options) {
    std::shared_ptr<net::Factory> factory = net::factory([this]() -> std::shared_ptr<net::Protocol> { return peers.emplace_back(std::make_shared<Peer>(*this)); });
    if (tls) factory = std::make_shared<net::TlsFactory>(*tls, std::move(factory));
    port_ = network.listen(port, std::move(factory));
  }
  ~Http2Server() {
    for (const auto& peer : peers) {
      peer->writer->stop();
      if (peer->hasTransport()) peer->transport().abortConnection();
    }
  }
  Http2Server(const Http2Server&) = delete;

  std::size_t openConnections() const {
    return static_cast<std::size_t>(std::count_if(peers.begin(), peers.end(), [](const auto& peer) { return !peer->lost; }));
  }
  Stream& stream(std::size_t number, std::size_t peer = 0) { return *peers.at(peer)->streams.at(number); }

  Answer answer;                         // once a request is complete
  Answer onHead;                         // when its head has come
  http::Http2Options options;
  bool readsBodies = true;
  int requests = 0;
  std::vector<std::shared_ptr<Peer>> peers;

 private:
  std::unique_ptr<net::Port> port_;
};

}  // namespace weft::test
