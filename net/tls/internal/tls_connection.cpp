#include <weft/net/tls/internal/tls_connection.hpp>

#include <weft/net/address.hpp>
#include <weft/net/error.hpp>
#include <weft/net/tls/internal/buffers.hpp>
#include <weft/net/tls/internal/failures.hpp>

#include <algorithm>
#include <cstring>
#include <utility>

namespace weft::net::detail {

struct TlsConnection::Handshake {
  Trigger<std::shared_ptr<Transport>> trigger;
  DelayedCall timeout;
  Failure certificate{nullptr};                        // why the peer's is refused
  std::string head;                                    // the first bytes that came
};

/// Where OpenSSL's writes go during a call of it; afterwards flush() gives them to the carrier in one piece.
struct TlsConnection::Output {
  explicit Output(TlsConnection& owner) noexcept : owner(owner), before(std::exchange(owner.output_, this)) {}
  Output(const Output&) = delete;
  Output& operator=(const Output&) = delete;
  ~Output() {
    flush();
    owner.output_ = before;
    if (buffer) LargeBuffers::give(buffer);
  }
  void add(const char* data, std::size_t count) {
    if (!buffer) buffer = LargeBuffers::take();
    if (size + count > LargeBuffers::kSize) flush();
    if (count > LargeBuffers::kSize) return owner.send({data, count});
    std::memcpy(buffer + size, data, count);
    size += count;
  }
  void flush() {
    if (size > 0) owner.send({buffer, std::exchange(size, 0)});
  }
  TlsConnection& owner;
  Output* const before;
  char* buffer = nullptr;
  std::size_t size = 0;
};

/// OpenSSL's side of a connection.
struct TlsConnection::BioMethod {
  static TlsConnection& of(BIO* bio) noexcept { return *static_cast<TlsConnection*>(BIO_get_data(bio)); }

  static int write(BIO* bio, const char* data, std::size_t size, std::size_t* written) {
    TlsConnection& self = of(bio);
    self.output_->add(data, size);
    *written = size;
    return 1;
  }
  static int read(BIO* bio, char* data, std::size_t size, std::size_t* got) {
    TlsConnection& self = of(bio);
    BIO_clear_retry_flags(bio);
    if (self.input_.empty()) {
      BIO_set_retry_read(bio);
      *got = 0;
      return 0;
    }
    *got = std::min(size, self.input_.size());
    std::memcpy(data, self.input_.data(), *got);
    self.input_.remove_prefix(*got);
    return 1;
  }
  static long control(BIO*, int command, long, void*) { return command == BIO_CTRL_FLUSH ? 1 : 0; }

  static BIO* make(TlsConnection& connection) {
    static const BIO_METHOD* const method = [] {
      BIO_METHOD* const made = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "weft");
      if (!made) throw std::bad_alloc();
      BIO_meth_set_write_ex(made, write);
      BIO_meth_set_read_ex(made, read);
      BIO_meth_set_ctrl(made, control);
      return made;
    }();
    BIO* const bio = BIO_new(method);
    if (!bio) throw std::bad_alloc();
    BIO_set_data(bio, &connection);
    BIO_set_init(bio, 1);
    return bio;
  }
};

// ---- the carrier's protocol

void TlsCarrier::dataReceived(std::string_view data) {
  if (connection_) connection_->carrierReceived(data);
}
void TlsCarrier::readConnectionLost() {
  if (connection_) connection_->carrierEnded();
}
void TlsCarrier::connectionLost(const Failure& reason) {
  if (connection_) connection_->carrierLost(reason);
}
void TlsCarrier::drained() noexcept {
  if (connection_) connection_->carrierDrained();
}

// ---- life

TlsConnection::TlsConnection(std::shared_ptr<Transport> carrier, std::shared_ptr<PolicyContext> context, std::shared_ptr<TlsCarrier> link)
    : carrier_(std::move(carrier)), link_(std::move(link)), context_(std::move(context)), handshake_(std::make_unique<Handshake>()),
      ssl_(SSL_new(context_->context.get())) {
  if (!ssl_) throw std::bad_alloc();
  link_->connection_ = this;
  SSL_set_app_data(ssl_.get(), this);
  BIO* const bio = BioMethod::make(*this);
  SSL_set_bio(ssl_.get(), bio, bio);
  if (context_->verificationTime)
    X509_VERIFY_PARAM_set_time(SSL_get0_param(ssl_.get()), std::chrono::system_clock::to_time_t(context_->verificationTime()));
}

TlsConnection::~TlsConnection() {
  link_->connection_ = nullptr;
  for (DelayedCall* const call : {&flushCall_, &readCall_})
    if (call->active()) call->cancel();
  if (handshake_ && handshake_->timeout.active()) handshake_->timeout.cancel();
  if (gathered_) RecordBuffers::give(gathered_);
  if (state() != State::Ended && !carrierGone_) carrier_->abortConnection();
  // OpenSSL would not resume the session of a connection that did not end with close_notify both ways. Since TLS 1.1 it may be (RFC 4346, section 7.2.1).
  if (!broken_) SSL_set_shutdown(ssl_.get(), SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
}

TlsConnection::Result TlsConnection::startClient(std::shared_ptr<Transport> carrier, const TlsClientConnectionOptions& options) {
  const std::shared_ptr<ClientContext>& context = options.context().shared();
  const auto connection = std::make_shared<TlsConnection>(std::move(carrier), context, std::make_shared<TlsCarrier>());
  SSL* const ssl = connection->ssl_.get();
  SSL_set_connect_state(ssl);
  const std::string& host = options.hostname();
  bool good = true;
  if (Address::parse(host, 0)) {
    if (context->verify) good = X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl), host.c_str()) == 1;
  } else {
    good = SSL_set_tlsext_host_name(ssl, host.c_str()) == 1;
    SSL_set_hostflags(ssl, X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS | X509_CHECK_FLAG_NEVER_CHECK_SUBJECT);
    if (context->verify) good = good && SSL_set1_host(ssl, host.c_str()) == 1;
  }
  check(good, "the host name \"" + host + '"');
  connection->host_ = host;
  if (context->resumption)
    if (const SessionPointer session = context->sessions.take(connection->sessionKey())) SSL_set_session(ssl, session.get());
  return connection->begin();
}

TlsConnection::Result TlsConnection::startServer(std::shared_ptr<Transport> carrier, std::shared_ptr<ServerContext> context, std::shared_ptr<TlsCarrier> link) {
  const auto connection = std::make_shared<TlsConnection>(std::move(carrier), std::move(context), std::move(link));
  SSL_set_accept_state(connection->ssl_.get());
  return connection->begin();
}

// ---- the handshake

TlsConnection::Result TlsConnection::begin() {
  Result result([this] { end(ConnectionAborted(), true); });
  handshake_->trigger = result.takeTrigger();
  holdSelf();
  const bool connected = carrier_->connected();        // else connectionLost comes, and the clock may be gone
  if (connected)
    handshake_->timeout = clock().callLater(context_->handshakeTimeout,
                                            [this] { fail(HandshakeTimeout(peerName(), context_->handshakeTimeout.seconds())); });
  const auto keep = shared_from_this();
  if (!link_->hasTransport()) carrier_->setProtocol(link_);
  if (connected && handshake_) {
    carrier_->resumeReading();
    if (!SSL_is_server(ssl_.get())) shakeHands();
  }
  return result;
}

void TlsConnection::shakeHands() {
  Failure failure{nullptr};
  bool done = false;
  {
    const Output output(*this);
    ERR_clear_error();
    const int result = SSL_do_handshake(ssl_.get());
    done = result == 1;
    if (!done && SSL_get_error(ssl_.get(), result) != SSL_ERROR_WANT_READ) failure = failureOfQueue();
  }
  if (done) handshakeDone();
  else if (failure.exception()) fail(std::move(failure));
}

void TlsConnection::handshakeDone() {
  const std::unique_ptr<Handshake> handshake = std::move(handshake_);
  if (handshake->timeout.active()) handshake->timeout.cancel();
  const std::shared_ptr<Transport> self = shared_from_this();
  releaseSelf();
  handshake->trigger.callback(self);
}

void TlsConnection::fail(Failure reason) noexcept {
  broken_ = true;
  const std::unique_ptr<Handshake> handshake = std::move(handshake_);
  if (handshake && handshake->timeout.active()) handshake->timeout.cancel();
  end(reason, false);
  if (handshake && handshake->trigger.active()) handshake->trigger.errback(std::move(reason));
}

int TlsConnection::onVerify(int good, X509_STORE_CTX* store) noexcept {
  if (good) return 1;
  const int error = X509_STORE_CTX_get_error(store);
  if (error == X509_V_ERR_UNABLE_TO_GET_CRL) {         // there is no list of that authority
    X509_STORE_CTX_set_error(store, X509_V_OK);
    return 1;
  }
  const auto* const ssl = static_cast<SSL*>(X509_STORE_CTX_get_ex_data(store, SSL_get_ex_data_X509_STORE_CTX_idx()));
  TlsConnection& self = of(ssl);
  if (self.handshake_) self.handshake_->certificate = certificateFailure(self.host_, error, X509_STORE_CTX_get_current_cert(store), X509_STORE_CTX_get_error_depth(store));
  return 0;
}

Failure TlsConnection::failureOfQueue() const {
  if (handshake_ && handshake_->certificate.exception()) {
    ERR_clear_error();
    return handshake_->certificate;
  }
  return tlsFailure(peerName(), host_, handshake_ ? std::string_view(handshake_->head) : std::string_view(), context_->acceptedVersions());
}

std::string TlsConnection::peerName() const {
  const std::string address = getPeer() ? getPeer().toString() : std::string();
  if (host_.empty()) return address.empty() ? "the client" : address;
  return address.empty() ? host_ : host_ + " (" + address + ')';
}

// ---- reading

void TlsConnection::carrierReceived(std::string_view data) {
  if (state() != State::Open) return;                  // nobody is going to read it
  const std::shared_ptr<Transport> keep = handshake_ ? shared_from_this() : nullptr;
  input_ = data;
  working_ = true;
  if (handshake_) {
    constexpr std::size_t kHead = 16;
    std::string& head = handshake_->head;
    if (head.size() < kHead) head += data.substr(0, kHead - head.size());
    shakeHands();
  }
  readOn();
}

void TlsConnection::readOn() {
  working_ = true;
  if (!handshake_ && !carrierGone_) readRecords();
  working_ = false;
  if (state() == State::Open && !handshake_ && !wantsData() && !closeNotified_) {
    carrier_->pauseReading();
    if (!input_.empty()) carrier_->unread(std::string(input_));
  }
  input_ = {};
  flushGathered();
  wroteSome();
  // Answers to the peer's updates of keys are not the protocol's, so write() has not counted them.
  if (state() == State::Open && carrier_->buffered() > writeLimit() + LargeBuffers::kSize) end(WriteBufferFull(writeLimit()), true);
}

void TlsConnection::readRecords() {
  int why = SSL_ERROR_NONE;
  while (wantsData() && (why == SSL_ERROR_NONE)) {
    const RecordBuffers::Lease buffer;
    std::size_t size = 0;
    Failure failure{nullptr};
    {
      const Output output(*this);
      while (why == SSL_ERROR_NONE && size < RecordBuffers::kSize) {
        std::size_t count = 0;
        ERR_clear_error();
        const int result = SSL_read_ex(ssl_.get(), buffer.data + size, RecordBuffers::kSize - size, &count);
        if (result == 1) size += count;
        else if ((why = SSL_get_error(ssl_.get(), result)) == SSL_ERROR_SSL || why == SSL_ERROR_SYSCALL) failure = failureOfQueue();
      }
    }
    if (size > 0) received({buffer.data, size});
    if (failure.exception() && state() == State::Open) return fail(std::move(failure));
  }
  if (why != SSL_ERROR_ZERO_RETURN || !wantsData()) return;      // a pause holds the end back too
  closeNotified_ = true;
  receivedEnd();
}

void TlsConnection::startReading() {
  if (handshake_ || carrierGone_) return;
  if (!readCall_.active() && (SSL_has_pending(ssl_.get()) || (SSL_get_shutdown(ssl_.get()) & SSL_RECEIVED_SHUTDOWN)))
    readCall_ = clock().callLater(0, [this] {
      const auto keep = shared_from_this();
      readOn();
    });
  carrier_->resumeReading();
}

void TlsConnection::carrierEnded() noexcept {
  if (handshake_) return fail(HandshakeAborted(peerName()));
  if (closeNotified_ || state() != State::Open) return;
  broken_ = true;
  end(TlsTruncated(), false);
}

void TlsConnection::introduce(Protocol& protocol) {
  if (auto* const listener = dynamic_cast<HandshakeListener*>(&protocol)) listener->handshakeCompleted(*this, *this);
}

void TlsConnection::newSession(SessionPointer session) noexcept {
  static_cast<ClientContext&>(*context_).sessions.put(sessionKey(), std::move(session));
}

std::string TlsConnection::sessionKey() const { return hostAndPort(host_, getPeer().port()); }

// ---- writing

std::size_t TlsConnection::buffered() const noexcept { return carrierGone_ || state() == State::Ended ? 0 : gatheredSize_ + carrier_->buffered(); }

void TlsConnection::write(std::string_view data) {
  if (!takesWrites() || carrierGone_ || data.empty()) return;
  if (buffered() > 0 && buffered() + data.size() > writeLimit()) {
    flushGathered();
    if (!takesWrites()) return;
    if (buffered() > 0 && buffered() + data.size() > writeLimit()) return end(WriteBufferFull(writeLimit()), true);
  }
  gather(data);
  if (gatheredSize_ > 0 && !working_) planFlush();
  queued();
}

void TlsConnection::writeSequence(std::span<const std::string_view> parts) {
  for (const std::string_view part : parts) write(part);
}

void TlsConnection::gather(std::string_view data) {
  if (gatheredSize_ + data.size() >= kRecord) {
    const Output output(*this);
    if (gatheredSize_ > 0) {
      const std::string_view filling = data.substr(0, kRecord - gatheredSize_);
      std::memcpy(gathered_ + gatheredSize_, filling.data(), filling.size());
      data.remove_prefix(filling.size());
      char* const record = std::exchange(gathered_, nullptr);
      gatheredSize_ = 0;
      encrypt({record, kRecord});
      RecordBuffers::give(record);
    }
    encrypt(data);
    return;
  }
  if (!gathered_) gathered_ = RecordBuffers::take();
  std::memcpy(gathered_ + gatheredSize_, data.data(), data.size());
  gatheredSize_ += data.size();
}

// Never waits for reading, as renegotiation is off; and the way out always takes what there is.
void TlsConnection::encrypt(std::string_view data) {
  if (data.empty() || state() == State::Ended) return;
  std::size_t written = 0;
  ERR_clear_error();
  if (SSL_write_ex(ssl_.get(), data.data(), data.size(), &written) == 1) return;
  fail(failureOfQueue());
}

void TlsConnection::flushGathered() {
  char* const record = std::exchange(gathered_, nullptr);
  if (!record) return;
  {
    const Output output(*this);
    encrypt({record, std::exchange(gatheredSize_, 0)});
  }
  RecordBuffers::give(record);
}

void TlsConnection::send(std::string_view data) {
  if (carrierGone_) return;
  carrier_->write(data);
  if (state() == State::Open && carrier_->buffered() > lowMark()) watchCarrier();
}

void TlsConnection::planFlush() {
  if (flushCall_.active()) return;
  flushCall_ = clock().callLater(0, [this] {
    const auto keep = shared_from_this();
    flushGathered();
    wroteSome();
    if (awaitsAllSent()) goOnWhenSent();
  });
}

void TlsConnection::flush() {
  holdSelf();
  planFlush();
}

void TlsConnection::goOnWhenSent() noexcept {
  if (buffered() == 0) wroteAll();
  else watchCarrier();
}

void TlsConnection::watchCarrier() {
  if (std::exchange(watching_, true)) return;
  const std::size_t low = awaitsAllSent() ? 0 : lowMark();
  carrier_->setWriteLimits(low, low, SIZE_MAX / 2);    // write() keeps to the limit, for both
  // Where it fails connectionLost follows: what the carrier has dropped must not look like what it has sent.
  carrier_->drained().addCallbacks([link = link_] { link->drained(); }, [](const Failure&) {}).detach();
}

void TlsConnection::carrierDrained() noexcept {
  watching_ = false;
  if (carrierGone_ || state() == State::Ended) return;
  const auto keep = shared_from_this();
  wroteSome();
  if (carrierGone_ || state() == State::Ended) return;
  if (awaitsAllSent()) {
    if (!flushCall_.active()) goOnWhenSent();
  } else if (carrier_->buffered() > lowMark()) {
    watchCarrier();
  }
}

// ---- the end

void TlsConnection::endWriting() noexcept {
  const Output output(*this);
  ERR_clear_error();
  SSL_shutdown(ssl_.get());
}

void TlsConnection::endCarrier(bool abort) noexcept {
  for (DelayedCall* const call : {&flushCall_, &readCall_})
    if (call->active()) call->cancel();
  if (handshake_ && handshake_->timeout.active()) handshake_->timeout.cancel();
  const bool dropped = gatheredSize_ > 0 || carrier_->buffered() > 0;
  if (gathered_) RecordBuffers::give(std::exchange(gathered_, nullptr));
  gatheredSize_ = 0;
  if (carrierGone_) return;
  holdSelf();
  const bool clean = reason().check<ConnectionDone>();
  if (abort || (dropped && !clean && !broken_)) return carrier_->abortConnection();
  if (clean && !broken_ && !handshake_) endWriting();
  carrier_->loseConnection();
  // What the peer does not take of the last bytes must not hold the connection for ever.
  if (carrier_->buffered() > 0)
    clock().callLater(kCloseSeconds, [carrier = std::weak_ptr(carrier_)] {
      if (const auto left = carrier.lock()) left->abortConnection();
    });
}

void TlsConnection::carrierLost(const Failure& why) noexcept {
  const auto keep = shared_from_this();
  carrierGone_ = true;
  Failure reason = why;
  const std::unique_ptr<Handshake> handshake = std::move(handshake_);
  if (handshake && handshake->timeout.active()) handshake->timeout.cancel();
  if (why.check<ConnectionDone>()) {
    if (handshake) reason = HandshakeAborted(peerName());
    else if (!closeNotified_) reason = TlsTruncated();
  }
  end(reason, false);
  if (handshake && handshake->trigger.active()) handshake->trigger.errback(std::move(reason));
  finish();
  releaseSelf();
}

// ---- facts

TlsVersion TlsConnection::version() const {
  switch (SSL_version(ssl_.get())) {
    case TLS1_VERSION: return TlsVersion::Tls10;
    case TLS1_1_VERSION: return TlsVersion::Tls11;
    case TLS1_2_VERSION: return TlsVersion::Tls12;
    default: return TlsVersion::Tls13;
  }
}

std::string TlsConnection::cipher() const { return SSL_get_cipher_name(ssl_.get()); }
bool TlsConnection::resumed() const { return SSL_session_reused(ssl_.get()) == 1; }

std::string TlsConnection::negotiatedProtocol() const {
  const unsigned char* name = nullptr;
  unsigned size = 0;
  SSL_get0_alpn_selected(ssl_.get(), &name, &size);
  return size == 0 ? std::string() : std::string(reinterpret_cast<const char*>(name), size);
}

std::optional<Certificate> TlsConnection::peerCertificate() const {
  X509* const certificate = SSL_get0_peer_certificate(ssl_.get());
  if (!certificate) return std::nullopt;
  return Certificate(sharedCopy(certificate));
}

std::vector<Certificate> TlsConnection::peerCertificateChain() const {
  std::vector<Certificate> chain;
  const STACK_OF(X509)* const sent = SSL_get_peer_cert_chain(ssl_.get());
  if (SSL_is_server(ssl_.get()))                       // there the peer's own is not among them
    if (const auto own = peerCertificate()) chain.push_back(*own);
  for (int i = 0; i < sk_X509_num(sent); ++i) chain.emplace_back(sharedCopy(sk_X509_value(sent, i)));
  return chain;
}

std::string TlsConnection::serverName() const {
  const char* const name = SSL_get_servername(ssl_.get(), TLSEXT_NAMETYPE_host_name);
  return name ? name : "";
}

}  // namespace weft::net::detail
