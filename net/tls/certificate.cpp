#include <weft/net/tls/certificate.hpp>

#include <weft/net/address.hpp>
#include <weft/net/tls/internal/openssl.hpp>

#include <algorithm>
#include <array>
#include <ctime>
#include <optional>
#include <utility>

#include <openssl/pem.h>

namespace weft::net {

using namespace detail;

namespace {

/// A part of a PEM text from BEGIN to END, and where it stands.
struct Block {
  std::string_view label;
  std::string_view text;
  std::size_t line;
};

/// Where a text came from, for the errors: "server.pem", "the PEM text".
class Source {
 public:
  explicit Source(std::string name) : name_(std::move(name)) {}
  [[noreturn]] void fail(const std::string& why) const { throw TlsConfigurationError(name_ + ": " + why); }
  [[noreturn]] void fail(const Block& block, const std::string& why) const {
    throw TlsConfigurationError(name_ + ", line " + std::to_string(block.line) + ": " + why);
  }

 private:
  std::string name_;
};

const Source kText("the PEM text");

std::vector<Block> blocksOf(std::string_view text, const Source& source) {
  constexpr std::string_view kBegin = "-----BEGIN ", kDashes = "-----";
  std::vector<Block> blocks;
  std::size_t line = 1, counted = 0;
  for (std::size_t at = text.find(kBegin); at != std::string_view::npos; at = text.find(kBegin, at)) {
    line += static_cast<std::size_t>(std::count(text.begin() + static_cast<std::ptrdiff_t>(counted), text.begin() + static_cast<std::ptrdiff_t>(at), '\n'));
    counted = at;
    const std::size_t labelEnd = text.find(kDashes, at + kBegin.size());
    Block block{text.substr(at + kBegin.size(), labelEnd == std::string_view::npos ? 0 : labelEnd - at - kBegin.size()), {}, line};
    const std::string ending = "-----END " + std::string(block.label) + "-----";
    const std::size_t end = text.find(ending, at);
    if (block.label.empty() || end == std::string_view::npos) source.fail(block, "what begins here has no end (\"" + ending + "\")");
    block.text = text.substr(at, end + ending.size() - at);
    at = end + ending.size();
    blocks.push_back(block);
  }
  return blocks;
}

bool isCertificate(std::string_view label) { return label == "CERTIFICATE" || label == "X509 CERTIFICATE" || label == "TRUSTED CERTIFICATE"; }

[[noreturn]] void failMissing(const Source& source, std::string_view what, const std::vector<Block>& blocks) {
  std::string why = "there is no " + std::string(what) + " in it (\"-----BEGIN …-----\")";
  if (!blocks.empty()) why += "; there is " + std::string(blocks.front().label);
  source.fail(why);
}

std::vector<Certificate> readCertificates(std::string_view text, const Source& source, std::size_t most) {
  const std::vector<Block> blocks = blocksOf(text, source);
  std::vector<Certificate> certificates;
  for (const Block& block : blocks) {
    if (!isCertificate(block.label)) continue;
    ERR_clear_error();
    X509* const read = PEM_read_bio_X509_AUX(memoryBio(block.text).get(), nullptr, nullptr, nullptr);
    if (!read) source.fail(block, "this certificate cannot be read: " + takeErrors());
    certificates.emplace_back(shared(read));
    if (certificates.size() == most) break;
  }
  if (certificates.empty()) failMissing(source, "certificate", blocks);
  return certificates;
}

int givePassphrase(char* buffer, int size, int, void* passphrase) {
  const auto& text = *static_cast<const std::string*>(passphrase);
  if (text.empty() || std::cmp_greater(text.size(), size)) return -1;
  std::copy(text.begin(), text.end(), buffer);
  return static_cast<int>(text.size());
}

PrivateKey readKey(std::string_view text, const std::string& passphrase, const Source& source) {
  const std::vector<Block> blocks = blocksOf(text, source);
  for (const Block& block : blocks) {
    if (!block.label.ends_with("PRIVATE KEY")) continue;
    ERR_clear_error();
    EVP_PKEY* const key = PEM_read_bio_PrivateKey(memoryBio(block.text).get(), nullptr, givePassphrase, const_cast<std::string*>(&passphrase));
    if (key) return PrivateKey({key, [](EVP_PKEY* old) { EVP_PKEY_free(old); }});
    const bool encrypted = block.label.starts_with("ENCRYPTED") || block.text.find("ENCRYPTED") != std::string_view::npos;
    const std::string why = takeErrors();
    if (encrypted && passphrase.empty()) source.fail(block, "this private key is encrypted: give its passphrase");
    if (encrypted) source.fail(block, "this private key cannot be decrypted, the passphrase may be wrong: " + why);
    source.fail(block, "this private key cannot be read: " + why);
  }
  failMissing(source, "private key", blocks);
}

RevocationList readList(std::string_view text, const Source& source) {
  const std::vector<Block> blocks = blocksOf(text, source);
  for (const Block& block : blocks) {
    if (block.label != "X509 CRL") continue;
    ERR_clear_error();
    X509_CRL* const list = PEM_read_bio_X509_CRL(memoryBio(block.text).get(), nullptr, nullptr, nullptr);
    if (!list) source.fail(block, "this revocation list cannot be read: " + takeErrors());
    return RevocationList({list, [](X509_CRL* old) { X509_CRL_free(old); }});
  }
  failMissing(source, "revocation list", blocks);
}

std::string hexadecimal(const unsigned char* bytes, std::size_t size, bool colons) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  std::string text;
  for (std::size_t i = 0; i < size; ++i) {
    if (colons && i > 0) text += ':';
    text += kDigits[bytes[i] >> 4];
    text += kDigits[bytes[i] & 15];
  }
  return text;
}

Certificate::TimePoint timeOf(const ASN1_TIME* time) {
  std::tm parts{};
  if (!ASN1_TIME_to_tm(time, &parts)) return {};
  return std::chrono::system_clock::from_time_t(::timegm(&parts));
}

PrivateCertificate combine(std::vector<Certificate> certificates, PrivateKey key) {
  Certificate own = std::move(certificates.front());
  certificates.erase(certificates.begin());
  return PrivateCertificate(std::move(own), std::move(key), std::move(certificates));
}

}  // namespace

// ---- Certificate

Certificate Certificate::fromPEM(std::string_view text) { return readCertificates(text, kText, 1).front(); }
Certificate Certificate::fromFile(const std::string& path) { return readCertificates(readFile(path), Source(path), 1).front(); }
std::vector<Certificate> Certificate::allFromPEM(std::string_view text) { return readCertificates(text, kText, SIZE_MAX); }
std::vector<Certificate> Certificate::allFromFile(const std::string& path) { return readCertificates(readFile(path), Source(path), SIZE_MAX); }

Certificate Certificate::fromDER(std::string_view bytes) {
  ERR_clear_error();
  const auto* data = reinterpret_cast<const unsigned char*>(bytes.data());
  X509* const read = d2i_X509(nullptr, &data, static_cast<long>(bytes.size()));
  check(read != nullptr, "this certificate (DER) cannot be read");
  return Certificate(shared(read));
}

std::string Certificate::toPEM() const {
  const BioPointer bio = memoryBio();
  check(PEM_write_bio_X509(bio.get(), native()) == 1, "writing a certificate");
  return textOf(bio.get());
}

std::string Certificate::toDER() const {
  std::string bytes(static_cast<std::size_t>(std::max(0, i2d_X509(native(), nullptr))), '\0');
  auto* data = reinterpret_cast<unsigned char*>(bytes.data());
  i2d_X509(native(), &data);
  return bytes;
}

std::string Certificate::subject() const { return nameText(X509_get_subject_name(native())); }
std::string Certificate::issuer() const { return nameText(X509_get_issuer_name(native())); }

std::string Certificate::commonName() const {
  const X509_NAME* const name = X509_get_subject_name(native());
  const int index = X509_NAME_get_index_by_NID(name, NID_commonName, -1);
  if (index < 0) return {};
  unsigned char* utf8 = nullptr;
  const int size = ASN1_STRING_to_UTF8(&utf8, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, index)));
  if (size < 0) return {};
  std::string text(reinterpret_cast<char*>(utf8), static_cast<std::size_t>(size));
  OPENSSL_free(utf8);
  return text;
}

namespace {

template <class F> void eachAlternativeName(const X509* certificate, F use) {
  auto* const names = static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr));
  for (int i = 0; i < sk_GENERAL_NAME_num(names); ++i) {
    int type = 0;
    const auto* const value = static_cast<const ASN1_STRING*>(GENERAL_NAME_get0_value(sk_GENERAL_NAME_value(names, i), &type));
    if (type == GEN_DNS || type == GEN_IPADD)
      use(type, std::string(reinterpret_cast<const char*>(ASN1_STRING_get0_data(value)), static_cast<std::size_t>(ASN1_STRING_length(value))));
  }
  GENERAL_NAMES_free(names);
}

}  // namespace

std::vector<std::string> Certificate::dnsNames() const {
  std::vector<std::string> names;
  eachAlternativeName(native(), [&](int type, std::string value) {
    if (type == GEN_DNS) names.push_back(std::move(value));
  });
  return names;
}

std::vector<std::string> Certificate::ipAddresses() const {
  std::vector<std::string> addresses;
  eachAlternativeName(native(), [&](int type, std::string value) {
    if (type != GEN_IPADD || (value.size() != 4 && value.size() != 16)) return;
    std::array<std::uint8_t, 16> bytes{};
    std::copy(value.begin(), value.end(), bytes.begin());
    addresses.push_back(Address(value.size() == 4 ? Address::Family::IPv4 : Address::Family::IPv6, bytes, 0).host());
  });
  return addresses;
}

Certificate::TimePoint Certificate::notBefore() const { return timeOf(X509_get0_notBefore(native())); }
Certificate::TimePoint Certificate::notAfter() const { return timeOf(X509_get0_notAfter(native())); }

std::string Certificate::serialNumber() const {
  const ASN1_INTEGER* const number = X509_get0_serialNumber(native());
  return hexadecimal(ASN1_STRING_get0_data(number), static_cast<std::size_t>(ASN1_STRING_length(number)), false);
}

std::string Certificate::fingerprint() const {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest;
  unsigned size = 0;
  check(X509_digest(native(), EVP_sha256(), digest.data(), &size) == 1, "taking a certificate's fingerprint");
  return hexadecimal(digest.data(), size, true);
}

bool Certificate::isAuthority() const { return X509_check_ca(native()) == 1; }
bool Certificate::isSelfSigned() const { return X509_self_signed(native(), 0) == 1; }

bool Certificate::matches(const std::string& host) const {
  if (Address::parse(host, 0)) return X509_check_ip_asc(native(), host.c_str(), 0) == 1;
  constexpr unsigned kFlags = X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS | X509_CHECK_FLAG_NEVER_CHECK_SUBJECT;
  return X509_check_host(native(), host.data(), host.size(), kFlags, nullptr) == 1;
}

bool Certificate::operator==(const Certificate& other) const { return X509_cmp(native(), other.native()) == 0; }

// ---- PrivateKey

PrivateKey PrivateKey::generate() {
  EVP_PKEY* const key = EVP_EC_gen("P-256");
  check(key != nullptr, "making a key");
  return PrivateKey({key, [](EVP_PKEY* old) { EVP_PKEY_free(old); }});
}

PrivateKey PrivateKey::generateRSA(int bits) {
  ERR_clear_error();
  EVP_PKEY* const key = EVP_RSA_gen(static_cast<unsigned>(bits));
  check(key != nullptr, "making an RSA key of " + std::to_string(bits) + " bits");
  return PrivateKey({key, [](EVP_PKEY* old) { EVP_PKEY_free(old); }});
}

PrivateKey PrivateKey::fromPEM(std::string_view text, const std::string& passphrase) { return readKey(text, passphrase, kText); }
PrivateKey PrivateKey::fromFile(const std::string& path, const std::string& passphrase) {
  return readKey(readFile(path), passphrase, Source(path));
}

std::string PrivateKey::toPEM() const {
  const BioPointer bio = memoryBio();
  check(PEM_write_bio_PKCS8PrivateKey(bio.get(), native(), nullptr, nullptr, 0, nullptr, nullptr) == 1, "writing a private key");
  return textOf(bio.get());
}

// ---- RevocationList

RevocationList RevocationList::fromPEM(std::string_view text) { return readList(text, kText); }
RevocationList RevocationList::fromFile(const std::string& path) { return readList(readFile(path), Source(path)); }

std::string RevocationList::toPEM() const {
  const BioPointer bio = memoryBio();
  check(PEM_write_bio_X509_CRL(bio.get(), native()) == 1, "writing a revocation list");
  return textOf(bio.get());
}

std::string RevocationList::issuer() const { return nameText(X509_CRL_get_issuer(native())); }

// ---- PrivateCertificate

PrivateCertificate::PrivateCertificate(Certificate certificate, PrivateKey key, std::vector<Certificate> chain)
    : certificate_(std::move(certificate)), key_(std::move(key)), chain_(std::move(chain)) {
  ERR_clear_error();
  if (X509_check_private_key(certificate_.native(), key_.native()) == 1) return;
  ERR_clear_error();
  throw TlsConfigurationError("this private key is not the one of the certificate of " + certificate_.subject());
}

PrivateCertificate PrivateCertificate::fromPEM(std::string_view certificates, std::string_view key, const std::string& passphrase) {
  return combine(Certificate::allFromPEM(certificates), PrivateKey::fromPEM(key, passphrase));
}

PrivateCertificate PrivateCertificate::fromFiles(const std::string& certificates, const std::string& key, const std::string& passphrase) {
  try {
    return combine(Certificate::allFromFile(certificates), PrivateKey::fromFile(key, passphrase));
  } catch (const TlsConfigurationError& error) {
    if (std::string_view(error.what()).starts_with("this private key")) throw TlsConfigurationError(key + ": " + error.what());
    throw;
  }
}

PrivateCertificate PrivateCertificate::fromFile(const std::string& path, const std::string& passphrase) { return fromFiles(path, path, passphrase); }

}  // namespace weft::net
