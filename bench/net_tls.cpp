// What TLS costs beside OpenSSL alone: handshakes, bulk, and the memory of an idle connection. Client and server are in this process, and both count.
#include "harness.hpp"

#include <weft/core/manual_clock.hpp>
#include <weft/net.hpp>
#include <weft/net/testing/memory_network.hpp>
#include <weft/net/testing/string_transport.hpp>

#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <vector>

#include <malloc.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

using namespace weft;
using namespace weft::net;

namespace {

constexpr int kHandshakes = 100;
constexpr std::size_t kBulk = 32 * 1024 * 1024;
constexpr std::size_t kChunk = 64 * 1024;
constexpr int kIdle = 500;

const CertificateAuthority& authority() {
  static const CertificateAuthority made("bench");
  return made;
}
const PrivateCertificate& certificate() {
  static const PrivateCertificate made = authority().issue(CertificateDetails("localhost"));
  return made;
}

// ---- the floor: OpenSSL over its own memory BIOs, with the settings that ours has

class Plain {
 public:
  Plain() : server_(SSL_CTX_new(TLS_server_method())), client_(SSL_CTX_new(TLS_client_method())) {
    SSL_CTX_use_certificate(server_, certificate().certificate().native());
    SSL_CTX_use_PrivateKey(server_, certificate().key().native());
    SSL_CTX_set_session_id_context(server_, reinterpret_cast<const unsigned char*>("x"), 1);
    X509_STORE_add_cert(SSL_CTX_get_cert_store(client_), authority().certificate().native());
    SSL_CTX_set_verify(client_, SSL_VERIFY_PEER, nullptr);
    for (SSL_CTX* const context : {server_, client_}) SSL_CTX_set_mode(context, SSL_MODE_RELEASE_BUFFERS);
    SSL_CTX_set_session_cache_mode(client_, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
    SSL_CTX_set_app_data(client_, this);
    SSL_CTX_sess_set_new_cb(client_, [](SSL* ssl, SSL_SESSION* session) {
      auto& self = *static_cast<Plain*>(SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl)));
      if (self.session_) SSL_SESSION_free(self.session_);
      self.session_ = session;
      return 1;
    });
  }
  ~Plain() {
    if (session_) SSL_SESSION_free(session_);
    SSL_CTX_free(server_);
    SSL_CTX_free(client_);
  }

  struct Pair {
    SSL* client;
    SSL* server;
    void close() {
      for (SSL* const ssl : {client, server}) {
        SSL_shutdown(ssl);
        SSL_set_shutdown(ssl, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
        SSL_free(ssl);
      }
    }
  };
  Pair shake(bool resume) {
    const Pair pair{SSL_new(client_), SSL_new(server_)};
    SSL_set_connect_state(pair.client);
    SSL_set_tlsext_host_name(pair.client, "localhost");
    SSL_set1_host(pair.client, "localhost");
    if (resume && session_) SSL_set_session(pair.client, session_);
    SSL_set_accept_state(pair.server);
    BIO* const toServer = BIO_new(BIO_s_mem());
    BIO* const toClient = BIO_new(BIO_s_mem());
    for (BIO* const bio : {toServer, toClient}) BIO_up_ref(bio);
    SSL_set_bio(pair.client, toClient, toServer);
    SSL_set_bio(pair.server, toServer, toClient);
    while (!SSL_is_init_finished(pair.client) || !SSL_is_init_finished(pair.server)) {
      SSL_do_handshake(pair.client);
      SSL_do_handshake(pair.server);
    }
    char byte;
    SSL_read(pair.client, &byte, 1);                   // takes the tickets in
    if (resume != (SSL_session_reused(pair.client) == 1)) ++otherwise_;
    return pair;
  }
  int otherwise() const { return otherwise_; }

 private:
  SSL_CTX* server_;
  SSL_CTX* client_;
  SSL_SESSION* session_ = nullptr;
  int otherwise_ = 0;
};

// ---- ours

class Sink : public Protocol {
 public:
  void dataReceived(std::string_view data) override { bytes += data.size(); }
  std::size_t bytes = 0;
};

class Ours {
 public:
  explicit Ours(bool resume)
      : client_(TlsClientOptions().trustRoot(trustRootFromCertificates({authority().certificate()})).sessionResumption(resume)),
        port_(network_.listen(443, std::make_shared<TlsFactory>(TlsServerContext(CertificateOptions(certificate())), factory([this] { return server_ = std::make_shared<Sink>(); })))) {}

  std::shared_ptr<Transport> shake() {
    std::shared_ptr<Transport> made;
    network_.connect("127.0.0.1", 443)
        .addCallback([this](std::shared_ptr<Transport> transport) { return startTLS(std::move(transport), optionsForClientTLS("localhost", client_)); })
        .addCallback([&](std::shared_ptr<Transport> transport) {
          made = std::move(transport);
          made->setProtocol(std::make_shared<Sink>());
        })
        .detach();
    clock_.advance(0);
    if (!made) std::abort();
    return made;
  }
  void close(Transport& transport) {
    transport.loseConnection();
    clock_.advance(0);
  }
  ManualClock& clock() { return clock_; }
  Sink& server() { return *server_; }

 private:
  ManualClock clock_;
  MemoryNetwork network_{clock_};
  TlsClientContext client_;
  std::shared_ptr<Sink> server_;
  std::unique_ptr<Port> port_;
};

/// A connection whose carriers do nothing but keep the bytes, as OpenSSL's memory BIOs do.
class Direct {
 public:
  Direct() {
    const TlsClientContext client(TlsClientOptions().trustRoot(trustRootFromCertificates({authority().certificate()})));
    const TlsServerContext server{CertificateOptions(certificate())};
    auto accepting = startTLS(below_[1], server);
    auto connecting = startTLS(below_[0], optionsForClientTLS("localhost", client));
    while (!accepting.called() || !connecting.called())
      for (int end : {0, 1}) carry(end);
    server_ = std::move(*accepting.result());
    client_ = std::move(*connecting.result());
    server_->setProtocol(sink_);
    client_->setProtocol(std::make_shared<Sink>());
    for (int end : {0, 1}) carry(end);
  }
  /// Sends and receives `data`.
  void send(std::string_view data) {
    client_->write(data);
    carry(0);
  }
  std::size_t received() const { return sink_->bytes; }

 private:
  void carry(int from) {
    if (below_[from]->value().empty()) return;
    below_[1 - from]->receive(below_[from]->value());
    below_[from]->clear();
  }
  std::shared_ptr<StringTransport> below_[2] = {std::make_shared<StringTransport>(), std::make_shared<StringTransport>()};
  std::shared_ptr<Sink> sink_ = std::make_shared<Sink>();
  std::shared_ptr<Transport> client_, server_;
};

double heap() { return static_cast<double>(mallinfo2().uordblks); }

}  // namespace

int main(int argc, char** argv) {
  bench::Suite suite("net_tls", "TLS over connections in memory, beside OpenSSL alone over its memory BIOs");

  suite.section("TLS 1.3, P-256: client and server together");
  Plain plain;
  Ours full(false), resuming(true);
  Direct direct;
  suite.time(
      "a full handshake and close_notify", kHandshakes,
      [&] {
        for (int i = 0; i < kHandshakes; ++i) full.close(*full.shake());
      },
      {[&] {
         for (int i = 0; i < kHandshakes; ++i) plain.shake(false).close();
       },
       1.05});
  suite.time(
      "a resumed handshake and close_notify", kHandshakes,
      [&] {
        for (int i = 0; i < kHandshakes; ++i) resuming.close(*resuming.shake());
      },
      {[&] {
         for (int i = 0; i < kHandshakes; ++i) plain.shake(true).close();
       },
       1.05});

  const Plain::Pair pair = plain.shake(false);
  const std::string chunk(kChunk, 'x');
  suite.time(
      "64 KB sent and received, encrypted and decrypted", kBulk / kChunk,
      [&] {
        const std::size_t before = direct.received();
        while (direct.received() - before < kBulk) direct.send(chunk);
      },
      {[&] {
         char buffer[16 * 1024];
         for (std::size_t sent = 0; sent < kBulk; sent += kChunk) {
           if (SSL_write(pair.client, chunk.data(), static_cast<int>(kChunk)) <= 0) std::abort();
           for (std::size_t got = 0; got < kChunk;) {
             const int count = SSL_read(pair.server, buffer, sizeof buffer);
             if (count <= 0) std::abort();
             got += static_cast<std::size_t>(count);
           }
         }
       },
       1.11});

  suite.section("memory of an idle connection, client and server, buffers released");
  suite.bytes(
      "both ends, with their carriers in memory", 2 * kIdle,
      [] {
        Ours ours(false);
        std::vector<std::shared_ptr<Transport>> held{ours.shake()};
        const double before = heap();
        for (int i = 0; i < kIdle; ++i) held.push_back(ours.shake());
        return heap() - before;
      },
      [] {
        Plain alone;
        alone.shake(false);
        const double before = heap();
        for (int i = 0; i < kIdle; ++i) alone.shake(false);
        return heap() - before;
      });
  return suite.run(argc, argv);
}
