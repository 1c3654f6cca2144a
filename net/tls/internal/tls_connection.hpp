// One TLS connection. For the .cpp files of net/tls: includes OpenSSL.
#pragma once

#include <weft/net/internal/connection.hpp>
#include <weft/net/tls/facts.hpp>
#include <weft/net/tls/internal/context.hpp>
#include <weft/net/tls/internal/openssl.hpp>

#include <memory>
#include <string>
#include <string_view>

namespace weft::net::detail {

class TlsConnection;

/// The protocol of the transport below: passes on what comes, while there is somebody to pass it to.
class TlsCarrier : public Protocol {
 public:
  void dataReceived(std::string_view data) override;
  void readConnectionLost() override;
  void connectionLost(const Failure& reason) override;
  void drained() noexcept;

 private:
  friend TlsConnection;
  TlsConnection* connection_ = nullptr;
};

/// TLS between a protocol and another transport, its carrier. OpenSSL reads and writes through a BIO of ours: it reads straight from the carrier's read buffer, and what it
/// writes is gathered in a buffer of the thread and given to the carrier in one piece.
///
/// Held by itself in the handshake and while it has a protocol, until the carrier has said connectionLost: that comes once and always, also at the end of a reactor.
class TlsConnection final : public Connection, public TlsFacts {
 public:
  using Result = Deferred<std::shared_ptr<Transport>>;
  static constexpr std::size_t kRecord = 16 * 1024;
  static constexpr double kCloseSeconds = 30;

  /// Begins the handshake. `link` becomes the carrier's protocol, unless it is that already.
  static Result startClient(std::shared_ptr<Transport> carrier, const TlsClientConnectionOptions& options);
  static Result startServer(std::shared_ptr<Transport> carrier, std::shared_ptr<ServerContext> context, std::shared_ptr<TlsCarrier> link);

  TlsConnection(std::shared_ptr<Transport> carrier, std::shared_ptr<PolicyContext> context, std::shared_ptr<TlsCarrier> link);
  ~TlsConnection() override;

  // Transport
  void write(std::string_view data) override;
  void writeOwned(std::string data) override { write(data); }
  using Transport::writeSequence;
  void writeSequence(std::span<const std::string_view> parts) override;
  std::size_t buffered() const noexcept override;
  Address getHost() const override { return carrier_->getHost(); }
  Address getPeer() const override { return carrier_->getPeer(); }
  Clock& clock() const noexcept override { return carrier_->clock(); }
  void setTcpNoDelay(bool on) override { carrier_->setTcpNoDelay(on); }
  bool getTcpNoDelay() const override { return carrier_->getTcpNoDelay(); }
  void setTcpKeepAlive(bool on) override { carrier_->setTcpKeepAlive(on); }
  bool getTcpKeepAlive() const override { return carrier_->getTcpKeepAlive(); }
  const TlsFacts* tlsFacts() const noexcept override { return this; }

  // TlsFacts
  TlsVersion version() const override;
  std::string cipher() const override;
  std::string negotiatedProtocol() const override;
  std::optional<Certificate> peerCertificate() const override;
  std::vector<Certificate> peerCertificateChain() const override;
  bool resumed() const override;
  std::string serverName() const override;

  // ---- for OpenSSL's callbacks
  static TlsConnection& of(const SSL* ssl) noexcept { return *static_cast<TlsConnection*>(SSL_get_app_data(ssl)); }
  static int onVerify(int good, X509_STORE_CTX* store) noexcept;
  PolicyContext& context() const noexcept { return *context_; }
  void newSession(SessionPointer session) noexcept;

 private:
  friend TlsCarrier;
  struct Handshake;
  struct Output;
  struct BioMethod;

  // Connection
  void introduce(Protocol& protocol) override;
  void startReading() override;
  void flush() override;
  void endWriting() noexcept override;
  void endCarrier(bool abort) noexcept override;
  void finishAgain() override { carrier_->setProtocol(link_); }

  // from the carrier
  void carrierReceived(std::string_view data);
  void carrierEnded() noexcept;
  void carrierLost(const Failure& reason) noexcept;
  void carrierDrained() noexcept;

  Result begin();
  void shakeHands();
  void handshakeDone();
  /// Gives the protocol what came, as long as it wants it; the carrier keeps the rest.
  void readOn();
  void readRecords();

  /// Keeps a small write until the turn's end, or until a record is full.
  void gather(std::string_view data);
  void encrypt(std::string_view data);
  void flushGathered();
  void planFlush();
  void send(std::string_view data);
  /// Lets carrierDrained() be called once the carrier has sent enough.
  void watchCarrier();
  /// wroteAll(), once the carrier has sent everything.
  void goOnWhenSent() noexcept;

  /// Why OpenSSL said no: empties its queue of errors.
  Failure failureOfQueue() const;
  void fail(Failure reason) noexcept;
  std::string peerName() const;
  std::string sessionKey() const;

  std::shared_ptr<Transport> carrier_;
  std::shared_ptr<TlsCarrier> link_;
  std::shared_ptr<PolicyContext> context_;
  std::unique_ptr<Handshake> handshake_;               // until it is done
  SslPointer ssl_;
  std::string host_;                                   // of a client: who the server must be
  std::string_view input_;                             // what the carrier has given and OpenSSL has not read yet
  Output* output_ = nullptr;                           // where OpenSSL's writes go, during a call of it
  char* gathered_ = nullptr;                           // a record in the making: a block of the thread's
  std::size_t gatheredSize_ = 0;
  DelayedCall flushCall_;
  DelayedCall readCall_;
  bool carrierGone_ = false;
  bool working_ = false;                               // in carrierReceived(): what is gathered leaves at its end
  bool watching_ = false;                              // carrier_->drained() is waited for
  bool closeNotified_ = false;                         // by the peer
  bool broken_ = false;                                // OpenSSL must not be used any more (its fatal alert has been sent)
};

}  // namespace weft::net::detail
