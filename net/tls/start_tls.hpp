// startTLS: TLS over any connection.
#pragma once

#include <weft/defer/deferred.hpp>
#include <weft/net/tls/facts.hpp>
#include <weft/net/tls/options.hpp>
#include <weft/net/transport.hpp>

#include <memory>

namespace weft::net {

/// Begins TLS on a connection, as its client or its server: on a new one, or in mid-stream after a STARTTLS or the like. Fires after the handshake, with a transport to be used
/// in place of `transport`; it reads nothing until it is given a protocol, which may be the one from before. Its clock, addresses and options are those of `transport`.
///
/// From the call on what comes belongs to TLS. The old protocol gets nothing more and no connectionLost; bytes that it got in the same read, after what made it upgrade, it puts
/// back first (Transport::unread()). From a Stream: `startTLS(stream.detach(), …)`.
///
///     void dataReceived(std::string_view data) override {              // a protocol that upgrades
///       …
///       transport().unread(std::string(data.substr(lineEnd)));
///       startTLS(transport().shared_from_this(), context).addCallback([self](auto secure) { secure->setProtocol(self); }).detach();
///     }
///
/// `transport` may itself be one of TLS. It must be held by a shared_ptr.
///
/// What the transport does: small writes of one turn leave as one record. loseConnection() sends close_notify after what was written, and closes without waiting for
/// the peer's. loseWriteConnection() sends close_notify, and reading goes on. A peer's close_notify is readConnectionLost(); its end without one is TlsTruncated. Where
/// the connection is closed for an error, the peer gets no close_notify, and so learns that it was cut off. A server learns of a client certificate that
/// it refuses in its handshake; in TLS 1.3 the client then has completed its own, and sees a TlsAlert as its first read's result.
///
/// Errors: CertificateError, ProtocolVersionError, TlsAlert, NotTls, HandshakeTimeout, HandshakeAborted, else TlsError; or why the connection ended. The connection is closed then.
/// cancel: the connection is aborted, CancelledError. Thread: the transport's.
Deferred<std::shared_ptr<Transport>> startTLS(std::shared_ptr<Transport> transport, const TlsClientConnectionOptions& options);
Deferred<std::shared_ptr<Transport>> startTLS(std::shared_ptr<Transport> transport, const TlsServerContext& context);

}  // namespace weft::net
