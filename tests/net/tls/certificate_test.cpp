#include <weft/net/tls/certificate.hpp>

#include <weft/net/tls/certificate_authority.hpp>
#include <weft/net/tls/options.hpp>

#include <doctest/doctest.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <string>

#include <unistd.h>

using namespace weft::net;

namespace {

using std::chrono::hours;
using std::chrono::system_clock;

/// A file that lives as long as the test.
struct TemporaryFile {
  explicit TemporaryFile(const std::string& text) : path((std::filesystem::temp_directory_path() / ("weft-tls-" + std::to_string(::getpid()) + ".pem")).string()) {
    std::ofstream(path, std::ios::binary) << text;
  }
  ~TemporaryFile() { std::filesystem::remove(path); }
  std::string path;
};

template <class F> std::string errorText(F f) {
  try {
    f();
  } catch (const TlsConfigurationError& error) {
    return error.what();
  }
  return "no error";
}

bool contains(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

}  // namespace

TEST_CASE("an issued certificate says whom it is for, who signed it, and from when to when") {
  const auto from = system_clock::from_time_t(1'700'000'000), until = system_clock::from_time_t(1'900'000'000);
  const CertificateAuthority authority("Our tests");
  const PrivateCertificate issued =
      authority.issue(CertificateDetails("example.com").name("*.example.org").name("10.0.0.7").name("::1").validFrom(from).validUntil(until));
  const Certificate& certificate = issued.certificate();
  CHECK(certificate.subject() == "CN=example.com");
  CHECK(certificate.commonName() == "example.com");
  CHECK(certificate.issuer() == "CN=Our tests");
  CHECK(certificate.dnsNames() == std::vector<std::string>{"example.com", "*.example.org"});
  CHECK(certificate.ipAddresses() == std::vector<std::string>{"10.0.0.7", "::1"});
  CHECK(certificate.notBefore() == from);
  CHECK(certificate.notAfter() == until);
  CHECK(!certificate.isAuthority());
  CHECK(!certificate.isSelfSigned());
  CHECK(certificate.fingerprint().size() == 95);
  CHECK(certificate.serialNumber().size() == 32);
  CHECK(authority.certificate().isAuthority());
  CHECK(authority.certificate().isSelfSigned());
  CHECK(issued.chain().empty());
}

TEST_CASE("matches() knows wildcards and addresses, and takes no notice of the common name") {
  const Certificate certificate =
      selfSigned(CertificateDetails("www.example.com").name("*.example.org").name("10.0.0.7").commonName("other.example")).certificate();
  CHECK(certificate.matches("www.example.com"));
  CHECK(certificate.matches("WWW.example.COM"));
  CHECK(certificate.matches("a.example.org"));
  CHECK(!certificate.matches("example.org"));
  CHECK(!certificate.matches("a.b.example.org"));
  CHECK(!certificate.matches("other.example"));
  CHECK(certificate.matches("10.0.0.7"));
  CHECK(!certificate.matches("10.0.0.8"));
}

TEST_CASE("an authority below another: the chain leads up to the root, which is not part of it") {
  const CertificateAuthority root("root");
  const CertificateAuthority middle = root.intermediate(CertificateDetails().commonName("middle"));
  const PrivateCertificate leaf = middle.issue(CertificateDetails("leaf.example"));
  REQUIRE(leaf.chain().size() == 1);
  CHECK(leaf.chain()[0] == middle.certificate());
  CHECK(leaf.chain()[0].issuer() == "CN=root");
}

TEST_CASE("certificates, keys and lists survive being written and read") {
  const CertificateAuthority authority("root");
  const PrivateCertificate leaf = authority.intermediate(CertificateDetails().commonName("middle")).issue(CertificateDetails("leaf.example"));
  const std::string chain = "a comment\n" + leaf.certificate().toPEM() + "between\r\n" + leaf.chain()[0].toPEM();
  const TemporaryFile file(chain + leaf.key().toPEM());
  const PrivateCertificate read = PrivateCertificate::fromFile(file.path);
  CHECK(read.certificate() == leaf.certificate());
  CHECK(read.chain().size() == 1);
  CHECK(Certificate::fromDER(leaf.certificate().toDER()) == leaf.certificate());
  CHECK(Certificate::allFromPEM(chain).size() == 2);
  const RevocationList list = authority.revoke(std::vector{leaf.certificate()});
  CHECK(RevocationList::fromPEM(list.toPEM()).issuer() == "CN=root");
}

TEST_CASE("what cannot be read is named with its file, its line and the reason") {
  const PrivateCertificate good = selfSigned(CertificateDetails("a.example"));
  std::string damaged = good.certificate().toPEM();
  damaged[100] = '!';
  {
    const TemporaryFile file("one\ntwo\n" + damaged);
    const std::string error = errorText([&] { Certificate::fromFile(file.path); });
    CHECK(contains(error, file.path + ", line 3: this certificate cannot be read: "));
  }
  {
    const TemporaryFile file(good.certificate().toPEM());
    CHECK(contains(errorText([&] { PrivateKey::fromFile(file.path); }), file.path + ": there is no private key in it"));
  }
  CHECK(contains(errorText([] { Certificate::fromFile("/nowhere/a.pem"); }), "reading /nowhere/a.pem: no such file"));
  CHECK(contains(errorText([] { Certificate::fromPEM(""); }), "there is no certificate in it"));
  CHECK(contains(errorText([] { Certificate::fromPEM("-----BEGIN CERTIFICATE-----\nMII"); }), "line 1: what begins here has no end"));
  CHECK(contains(errorText([] { Certificate::fromDER("junk"); }), "cannot be read"));
  const PrivateCertificate other = selfSigned(CertificateDetails("b.example"));
  CHECK(contains(errorText([&] { PrivateCertificate(good.certificate(), other.key()); }), "not the one of the certificate of CN=a.example"));
  CHECK(contains(errorText([] { selfSigned(CertificateDetails("a,DNS:b")); }), "neither a host name nor"));
}

TEST_CASE("an encrypted key asks for its passphrase by an error, not on the terminal") {
  static const char* const kEncrypted = "-----BEGIN ENCRYPTED PRIVATE KEY-----\nMIH0MF8GCSqGSIb3DQEFDTBSMDEGCSqGSIb3DQEFDDAkBBBtaW5lc2FsdDEyMzQ1\n-----END ENCRYPTED PRIVATE KEY-----\n";
  CHECK(contains(errorText([] { PrivateKey::fromPEM(kEncrypted); }), "line 1: this private key is encrypted: give its passphrase"));
  CHECK(contains(errorText([] { PrivateKey::fromPEM(kEncrypted, "wrong"); }), "cannot be decrypted, the passphrase may be wrong"));
}

TEST_CASE("what a context cannot use is refused when it is made, by name") {
  CHECK(contains(errorText([] { TlsClientContext{TlsClientOptions().ciphers("NO-SUCH-CIPHER")}; }), "\"NO-SUCH-CIPHER\""));
  CHECK(contains(errorText([] { TlsClientContext{TlsClientOptions().cipherSuites("TLS_NONE")}; }), "\"TLS_NONE\""));
  CHECK(contains(errorText([] { TlsClientContext{TlsClientOptions().acceptableProtocols({""})}; }), "1 to 255 bytes"));
  CHECK(contains(errorText([] { TlsClientContext{TlsClientOptions().minimumVersion(TlsVersion::Tls13).maximumVersion(TlsVersion::Tls12)}; }),
                 "the minimum version, TLS 1.3, is above the maximum, TLS 1.2"));
  CHECK(contains(errorText([] { TlsClientContext{TlsClientOptions().keyLogFile("/nowhere/keys")}; }), "/nowhere/keys"));
  const TlsClientContext any{TlsClientOptions().verify(false)};
  CHECK(contains(errorText([&] { optionsForClientTLS("", any); }), "no host name"));
  CHECK(contains(errorText([&] { optionsForClientTLS("b\xc3\xbc" "cher.example", any); }), "xn--"));
  CHECK(optionsForClientTLS("Example.COM.", any).hostname() == "example.com");
  CHECK(optionsForClientTLS("[::1]", any).hostname() == "::1");
}
