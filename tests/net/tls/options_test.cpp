#include <weft/net/tls/options.hpp>

#include "tls_pair.hpp"

#include <filesystem>
#include <fstream>
#include <optional>

#include <unistd.h>

using namespace weft;
using namespace weft::net;

namespace {

using Reason = CertificateError::Reason;
using std::chrono::hours;
using std::chrono::system_clock;

const TlsClientContext& trusting() {
  static const TlsClientContext context(trustingOptions().sessionResumption(false));
  return context;
}

bool contains(std::string_view text, std::string_view part) { return text.find(part) != std::string_view::npos; }

/// The refusal of a server that shows this certificate.
Reason refusalOf(PrivateCertificate certificate, std::string host = "localhost", const TlsClientContext& client = trusting()) {
  LogCapture quiet;
  TlsServer server{CertificateOptions(std::move(certificate))};
  return server.refusal(client, std::move(host));
}
Reason refusalOf(const CertificateDetails& details, std::string host = "localhost") { return refusalOf(testAuthority().issue(details), std::move(host)); }

}  // namespace

// K1, fault 17: verified by default; the error names the cause

TEST_CASE("a good certificate is accepted, and its facts can be read from the transport") {
  TlsServer server;
  auto transport = server.connected(trusting());
  const TlsFacts* facts = transport->tlsFacts();
  REQUIRE(facts);
  CHECK(facts->version() == TlsVersion::Tls13);
  CHECK(contains(facts->cipher(), "TLS_"));
  CHECK(facts->negotiatedProtocol().empty());
  CHECK(facts->serverName() == "localhost");
  CHECK(!facts->resumed());
  REQUIRE(facts->peerCertificate());
  CHECK(*facts->peerCertificate() == localhostCertificate().certificate());
  CHECK(facts->peerCertificateChain().size() == 1);
}

TEST_CASE("an expired certificate is refused, with the day and who to turn to") {
  LogCapture quiet;
  TlsServer server{CertificateOptions(
      testAuthority().issue(CertificateDetails("localhost").validFrom(system_clock::from_time_t(1'500'000'000)).validUntil(system_clock::from_time_t(1'600'000'000))))};
  const auto error = server.error<CertificateError>(trusting());
  CHECK(error.reason == Reason::Expired);
  CHECK(error.host == "localhost");
  CHECK(error.subject == "CN=localhost");
  CHECK(error.issuer == "CN=weft's tests");
  CHECK(error.depth == 0);
  CHECK(std::string(error.what()) ==
        "the certificate of localhost (CN=localhost, issued by CN=weft's tests) is refused: it expired on 2020-09-13 12:26:40 UTC; its owner has to renew it (or this machine's "
        "clock is wrong)");
  server.world.settle();
  CHECK(server.protocols.empty());
  CHECK(quiet.contains("expired"));                    // the server's log: the client's alert
}

TEST_CASE("a certificate that is not valid yet is refused") {
  CHECK(refusalOf(CertificateDetails("localhost").validFrom(system_clock::now() + hours(24))) == Reason::NotYetValid);
}

TEST_CASE("certificates are judged at the time that the options say") {
  LogCapture quiet;
  TlsServer server;
  CHECK(server.refusal(TlsClientContext(trustingOptions().verificationTime(system_clock::now() + hours(24 * 400)))) == Reason::Expired);
  CHECK(server.refusal(TlsClientContext(trustingOptions().verificationTime(system_clock::now() - hours(24 * 400)))) == Reason::NotYetValid);
  CHECK(server.connected(TlsClientContext(trustingOptions().verificationTime(system_clock::now() + hours(24 * 300)))));
}

TEST_CASE("a certificate for another host is refused, and the error says for which it is") {
  LogCapture quiet;
  TlsServer server;
  const auto error = server.error<CertificateError>(trusting(), "other.example");
  CHECK(error.reason == Reason::WrongHost);
  CHECK(contains(error.what(), "the certificate of other.example"));
  CHECK(contains(error.what(), "it is for localhost, 127.0.0.1, ::1"));
}

TEST_CASE("a certificate that names its host only in its common name is refused") {
  CHECK(refusalOf(CertificateDetails().commonName("localhost")) == Reason::WrongHost);
}

TEST_CASE("numeric addresses are looked for among the certificate's addresses, and not sent as SNI") {
  LogCapture quiet;
  TlsServer server;
  auto transport = server.connected(trusting(), "127.0.0.1");
  CHECK(transport->tlsFacts()->serverName().empty());
  CHECK(server.connected(trusting(), "::1"));
  CHECK(server.refusal(trusting(), "127.0.0.2") == Reason::WrongHost);
  CHECK(refusalOf(CertificateDetails("localhost"), "127.0.0.1") == Reason::WrongHost);
}

TEST_CASE("a self-signed certificate is refused unless it is trusted itself") {
  LogCapture quiet;
  const PrivateCertificate own = selfSigned(CertificateDetails("localhost"));
  CHECK(refusalOf(own) == Reason::SelfSigned);
  TlsServer server{CertificateOptions(own)};
  CHECK(server.connected(TlsClientContext(TlsClientOptions().trustRoot(trustRootFromCertificates({own.certificate()})))));
}

TEST_CASE("an authority that nobody knows is refused, one more that is trusted accepted") {
  const CertificateAuthority unknown("somebody else");
  CHECK(refusalOf(unknown.issue(CertificateDetails("localhost"))) == Reason::UnknownAuthority);
  TlsServer server{CertificateOptions(unknown.issue(CertificateDetails("localhost")))};
  CHECK(server.connected(TlsClientContext(TlsClientOptions().trustRoot(testTrust().with({unknown.certificate()})))));
}

TEST_CASE("a chain through another authority is accepted when the server sends it, and refused when it does not") {
  const PrivateCertificate leaf = testAuthority().intermediate(CertificateDetails().commonName("between")).issue(CertificateDetails("localhost"));
  TlsServer server{CertificateOptions(leaf)};
  CHECK(server.connected(trusting())->tlsFacts()->peerCertificateChain().size() == 2);
  CHECK(refusalOf(PrivateCertificate(leaf.certificate(), leaf.key())) == Reason::UnknownAuthority);
}

TEST_CASE("a revoked certificate is refused where the authority's list is given, and so is a list out of date") {
  LogCapture quiet;
  TlsServer server;
  const std::vector<RevocationList> revoked{testAuthority().revoke(std::vector{localhostCertificate().certificate()})};
  CHECK(server.refusal(TlsClientContext(trustingOptions().revocationLists(revoked))) == Reason::Revoked);
  const std::vector<RevocationList> others{testAuthority().revoke({})};
  CHECK(server.connected(TlsClientContext(trustingOptions().revocationLists(others))));
  const std::vector<RevocationList> old{testAuthority().revoke({}, system_clock::now() - hours(1))};
  CHECK(server.refusal(TlsClientContext(trustingOptions().revocationLists(old))) == Reason::RevocationListUnusable);
  const std::vector<RevocationList> strangers{CertificateAuthority("elsewhere").revoke({})};
  CHECK(server.connected(TlsClientContext(trustingOptions().revocationLists(strangers))));
}

TEST_CASE("a certificate for clients only, a weak key, and a broken digest are refused") {
  CHECK(refusalOf(CertificateDetails("localhost").purpose(CertificateDetails::Purpose::Client)) == Reason::BadPurpose);
  LogCapture quiet;
  const auto lax = [](PrivateCertificate certificate) { return CertificateOptions(std::move(certificate)).ciphers("DEFAULT:@SECLEVEL=0"); };
  {
    TlsServer server{lax(testAuthority().issue(CertificateDetails("localhost").key(PrivateKey::generateRSA(1024))))};
    CHECK(server.refusal(trusting()) == Reason::WeakKey);
  }
  {
    TlsServer server{lax(testAuthority().issue(CertificateDetails("localhost").digest("SHA1")))};
    CHECK(server.refusal(trusting()) == Reason::WeakKey);
  }
}

TEST_CASE("verification can be turned off, and only on purpose") {
  TlsServer server{CertificateOptions(selfSigned(CertificateDetails("elsewhere.example")))};
  CHECK(server.connected(TlsClientContext(TlsClientOptions().verify(false))));
}

TEST_CASE("the system's authorities are trusted by default, and do not know ours") {
  LogCapture quiet;
  std::optional<TlsClientContext> standard;
  try {
    standard.emplace(TlsClientOptions());
  } catch (const TlsConfigurationError& error) {
    CHECK(contains(error.what(), "ca-certificates"));
    return;                                            // a machine without any
  }
  TlsServer server;
  CHECK(server.refusal(*standard) == Reason::UnknownAuthority);
}

// K2: versions, ciphers

TEST_CASE("a server that speaks TLS 1.0 only is refused, and the error says so") {
  LogCapture quiet;
  TlsServer server{localhostOptions().minimumVersion(TlsVersion::Tls10).maximumVersion(TlsVersion::Tls10).ciphers("DEFAULT:@SECLEVEL=0")};
  const auto error = server.error<ProtocolVersionError>(trusting());
  CHECK(error.accepted == "TLS 1.2 to TLS 1.3");
  CHECK(std::string(error.what()) ==
        "no version of TLS in common with localhost (127.0.0.1:443): this side takes TLS 1.2 to TLS 1.3, which the other does not; the older versions are broken, the peer should "
        "be updated");
}

TEST_CASE("an old server that answers with TLS 1.0, as if nothing had been asked, is refused by that version") {
  MemoryWorld world;
  auto old = std::make_shared<Keeper>();
  old->onData = [](Keeper& self) {
    std::string hello("\x03\x01", 2);                 // RFC 2246, section 7.4.1.3
    hello += std::string(32, 'r') + '\0' + "\xc0\x09" + '\0';
    const std::string message = std::string("\x02\0\0", 3) + static_cast<char>(hello.size()) + hello;
    self.transport().write(std::string("\x16\x03\x01\0", 4) + static_cast<char>(message.size()) + message);
  };
  auto port = world.network.listen(443, factory([&] { return old; }));
  auto plain = resultOf(world, world.network.connect("127.0.0.1", 443));
  const auto error = errorOf<ProtocolVersionError>(world, startTLS(plain, optionsForClientTLS("localhost", trusting())));
  CHECK(error.offered == "TLS 1.0");
  CHECK(contains(error.what(), "the other speaks TLS 1.0 at most"));
}

TEST_CASE("a client that speaks TLS 1.0 only is refused with an alert that says so") {
  LogCapture log;
  TlsServer server;
  const TlsClientContext old(trustingOptions().minimumVersion(TlsVersion::Tls10).maximumVersion(TlsVersion::Tls10).ciphers("DEFAULT:@SECLEVEL=0"));
  server.error<ProtocolVersionError>(old);
  server.world.settle();
  CHECK(log.contains("no version of TLS in common"));
  CHECK(log.contains("the other speaks TLS 1.0 at most"));
}

TEST_CASE("TLS 1.0 is spoken where both sides insist, and TLS 1.2 where one does") {
  TlsServer old{localhostOptions().minimumVersion(TlsVersion::Tls10).ciphers("DEFAULT:@SECLEVEL=0")};
  const TlsClientContext insisting(trustingOptions().minimumVersion(TlsVersion::Tls10).maximumVersion(TlsVersion::Tls10).ciphers("DEFAULT:@SECLEVEL=0"));
  CHECK(old.connected(insisting)->tlsFacts()->version() == TlsVersion::Tls10);
  const TlsClientContext middle(trustingOptions().maximumVersion(TlsVersion::Tls12).ciphers("ECDHE-ECDSA-CHACHA20-POLY1305"));
  auto transport = old.connected(middle);
  CHECK(transport->tlsFacts()->version() == TlsVersion::Tls12);
  CHECK(transport->tlsFacts()->cipher() == "ECDHE-ECDSA-CHACHA20-POLY1305");
}

TEST_CASE("without a cipher in common there is an alert, and a hint") {
  LogCapture quiet;
  TlsServer server{localhostOptions().maximumVersion(TlsVersion::Tls12).ciphers("ECDHE-ECDSA-AES128-GCM-SHA256")};
  const TlsClientContext other(trustingOptions().maximumVersion(TlsVersion::Tls12).ciphers("ECDHE-ECDSA-AES256-GCM-SHA384"));
  const auto error = server.error<TlsAlert>(other);
  CHECK(error.code == 40);
  CHECK(contains(error.what(), "share no cipher"));
}

// K7: a certificate per name

TEST_CASE("a server shows the certificate of the name that the client asks for: exact before wildcard, the first one else") {
  LogCapture quiet;
  const auto issue = [](const char* name) { return testAuthority().issue(CertificateDetails(name)); };
  const auto options = localhostOptions().addCertificate(issue("*.example.com")).addCertificate(issue("www.example.com")).addCertificate(issue("Other.example"));
  TlsServer server{options};
  const auto shown = [&](const char* host) { return server.connected(trusting(), host)->tlsFacts()->peerCertificate()->commonName(); };
  CHECK(shown("localhost") == "localhost");
  CHECK(shown("www.example.com") == "www.example.com");
  CHECK(shown("WWW.Example.Com") == "www.example.com");
  CHECK(shown("mail.example.com") == "*.example.com");
  CHECK(shown("other.example") == "Other.example");
  CHECK(server.refusal(trusting(), "unknown.example") == Reason::WrongHost);
  CHECK(server.refusal(trusting(), "a.b.example.com") == Reason::WrongHost);

  TlsServer strict{CertificateOptions(options).refuseUnknownNames(true)};
  const auto error = strict.error<TlsAlert>(trusting(), "unknown.example");
  CHECK(error.code == 112);
  CHECK(strict.connected(trusting(), "mail.example.com"));
}

// K6: ALPN

TEST_CASE("the protocol is agreed upon by ALPN: the server's preference counts") {
  LogCapture quiet;
  TlsServer server{localhostOptions().acceptableProtocols({"h2", "http/1.1"})};
  const auto agreed = [&](std::vector<std::string> offered) {
    return server.connected(TlsClientContext(trustingOptions().acceptableProtocols(std::move(offered))))->tlsFacts()->negotiatedProtocol();
  };
  CHECK(agreed({"http/1.1", "h2"}) == "h2");
  CHECK(agreed({"http/1.1"}) == "http/1.1");
  CHECK(agreed({}).empty());
  const auto error = server.error<TlsAlert>(TlsClientContext(trustingOptions().acceptableProtocols({"imap"})));
  CHECK(error.code == 120);
  TlsServer plain;
  CHECK(plain.connected(TlsClientContext(trustingOptions().acceptableProtocols({"h2"})))->tlsFacts()->negotiatedProtocol().empty());
  const std::shared_ptr<Keeper> client = server.open(TlsClientContext(trustingOptions().acceptableProtocols({"h2"})));
  CHECK(server.protocols.back()->transport().tlsFacts()->negotiatedProtocol() == "h2");
}

// ---- client certificates

TEST_CASE("a server that requires a client certificate gets it, and knows whose it is") {
  TlsServer server{localhostOptions().clientCertificates(CertificateOptions::ClientCertificate::Required, testTrust())};
  const TlsClientContext client(trustingOptions().clientCertificate(testAuthority().issue(CertificateDetails().commonName("alice"))));
  server.open(client);
  const TlsFacts* facts = server.protocols.back()->transport().tlsFacts();
  REQUIRE(facts->peerCertificate());
  CHECK(facts->peerCertificate()->commonName() == "alice");
  CHECK(facts->peerCertificateChain().size() == 1);
}

TEST_CASE("a server that requires a client certificate refuses a client without one, or with a stranger's") {
  for (const TlsVersion version : {TlsVersion::Tls12, TlsVersion::Tls13}) {
    LogCapture log;
    TlsServer server{localhostOptions().clientCertificates(CertificateOptions::ClientCertificate::Required, testTrust())};
    const auto outcome = [&](TlsClientOptions options) {
      auto keeper = std::make_shared<Keeper>();
      auto connecting = server.connect(TlsClientContext(options.maximumVersion(version))).addCallback([&](std::shared_ptr<Transport> transport) { transport->setProtocol(keeper); });
      Outcome<> done = outcomeOf(server.world, std::move(connecting));
      if (!done) return done.failure();
      REQUIRE(server.world.until([&] { return keeper->lost; }));
      return keeper->reason;
    };
    const Failure missing = outcome(trustingOptions());
    REQUIRE(missing.check<TlsAlert>());
    CHECK(missing.as<TlsAlert>()->code == (version == TlsVersion::Tls13 ? 116 : 40));
    CHECK(log.contains("showed no certificate, though one is required"));
    const Failure strange = outcome(trustingOptions().clientCertificate(CertificateAuthority("elsewhere").issue(CertificateDetails().commonName("mallory"))));
    REQUIRE(strange.check<TlsAlert>());
    CHECK(strange.as<TlsAlert>()->code == 48);
    CHECK(log.contains("the certificate of the client (CN=mallory"));
    server.world.settle();
    CHECK(server.protocols.empty());
  }
}

TEST_CASE("an optional client certificate may be absent, but not bad") {
  LogCapture quiet;
  TlsServer server{localhostOptions().clientCertificates(CertificateOptions::ClientCertificate::Optional, testTrust())};
  server.open(TlsClientContext(trustingOptions()));
  CHECK(!server.protocols.back()->transport().tlsFacts()->peerCertificate());
  auto keeper = std::make_shared<Keeper>();
  server.connected(TlsClientContext(trustingOptions().clientCertificate(selfSigned(CertificateDetails().commonName("mallory")))))->setProtocol(keeper);
  REQUIRE(server.world.until([&] { return keeper->lost; }));
  CHECK(keeper->reason.check<TlsAlert>());
}

// ---- K8: resumption

TEST_CASE("the second connection to a host resumes the session of the first, with the same context only") {
  for (const TlsVersion version : {TlsVersion::Tls12, TlsVersion::Tls13}) {
    TlsServer server;
    const TlsClientContext client(trustingOptions().maximumVersion(version));
    const auto first = server.open(client);
    CHECK(!first->transport().tlsFacts()->resumed());
    CHECK(client.cachedHosts() == 1);
    const auto second = server.open(client);
    CHECK(second->transport().tlsFacts()->resumed());
    CHECK(server.protocols.back()->transport().tlsFacts()->resumed());
    REQUIRE(second->transport().tlsFacts()->peerCertificate());
    CHECK(second->transport().tlsFacts()->peerCertificate()->commonName() == "localhost");
    CHECK(!server.connected(client, "127.0.0.1")->tlsFacts()->resumed());      // another host
    CHECK(!server.open(TlsClientContext(trustingOptions().maximumVersion(version)))->transport().tlsFacts()->resumed());
  }
}

TEST_CASE("sessions survive aborted connections; resumption can be turned off on either side, and sessions forgotten") {
  TlsServer server;
  const TlsClientContext client(trustingOptions());
  auto first = server.open(client);
  first->transport().abortConnection();
  server.world.settle();
  CHECK(server.open(client)->transport().tlsFacts()->resumed());
  client.clearSessions();
  CHECK(client.cachedSessions() == 0);
  CHECK(!server.open(client)->transport().tlsFacts()->resumed());

  const TlsClientContext off(trustingOptions().sessionResumption(false));
  server.open(off);
  CHECK(off.cachedSessions() == 0);
  CHECK(!server.open(off)->transport().tlsFacts()->resumed());

  TlsServer none{localhostOptions().sessionResumption(false)};
  const TlsClientContext wanting(trustingOptions());
  none.open(wanting);
  CHECK(!none.open(wanting)->transport().tlsFacts()->resumed());
}

TEST_CASE("the cache of sessions is bounded: four of a host, and so many hosts") {
  TlsServer server{CertificateOptions(testAuthority().issue(CertificateDetails("*.example.com")))};
  const TlsClientContext client(trustingOptions().sessionCacheHosts(3));
  std::vector<std::shared_ptr<Transport>> held;
  const auto talk = [&](std::string host) {
    auto keeper = std::make_shared<Keeper>();
    held.push_back(server.connected(client, std::move(host)));
    held.back()->setProtocol(keeper);
    server.world.settle();
    return held.back()->tlsFacts()->resumed();
  };
  for (int i = 0; i < 6; ++i) talk("same.example.com");
  CHECK(client.cachedHosts() == 1);
  CHECK(client.cachedSessions() <= 4);
  CHECK(client.cachedSessions() >= 1);
  for (const char* host : {"a.example.com", "b.example.com", "c.example.com", "d.example.com"}) CHECK(!talk(host));
  CHECK(client.cachedHosts() == 3);
  CHECK(talk("b.example.com"));
  CHECK(!talk("a.example.com"));                       // the least recently used had to go
}

TEST_CASE("a server that has been restarted makes a full handshake of a ticket that it does not know") {
  const TlsClientContext client(trustingOptions());
  TlsServer first;
  first.open(client);
  TlsServer second;
  CHECK(!second.open(client)->transport().tlsFacts()->resumed());
}

// ---- K8: key logging

TEST_CASE("secrets are logged only where that was asked for, to a function or a file of its owner") {
  const std::string path = (std::filesystem::temp_directory_path() / ("weft-keys-" + std::to_string(::getpid()))).string();
  std::vector<std::string> lines;
  TlsServer server;
  server.open(TlsClientContext(trustingOptions().keyLog([&](std::string_view line) { lines.emplace_back(line); }).keyLogFile(path)));
  REQUIRE(!lines.empty());
  CHECK(contains(lines.front(), "HANDSHAKE_TRAFFIC_SECRET "));
  std::ifstream file(path);
  std::string first;
  std::getline(file, first);
  CHECK(first == lines.front());
  CHECK((std::filesystem::status(path).permissions() & std::filesystem::perms::mask) == (std::filesystem::perms::owner_read | std::filesystem::perms::owner_write));
  std::filesystem::remove(path);
}

// ---- K5: handshakeCompleted

TEST_CASE("a HandshakeListener hears of the peer before connectionMade, and may refuse before anything is sent") {
  class Listener : public Keeper, public HandshakeListener {
   public:
    void handshakeCompleted(Transport& transport, const TlsFacts& facts) override {
      heard = facts.peerCertificate()->commonName();
      CHECK(!made);
      if (refuse) transport.abortConnection(TlsError("not to my taste"));
    }
    std::string heard;
    bool refuse = false;
  };
  TlsServer server;
  for (const bool refuse : {false, true}) {
    auto listener = std::make_shared<Listener>();
    listener->refuse = refuse;
    listener->onMade = [](Keeper& self) { self.transport().write("secret"); };
    server.connected(trusting())->setProtocol(listener);
    server.world.settle();
    CHECK(listener->heard == "localhost");
    CHECK(listener->made);
    CHECK(listener->lost == refuse);
    CHECK(server.protocols.back()->data == (refuse ? "" : "secret"));
    if (refuse) CHECK(std::string(listener->reason.what()) == "not to my taste");
  }
}
