#include <weft/net/tls/internal/openssl.hpp>

#include <array>
#include <cerrno>
#include <cstdio>

namespace weft::net::detail {

std::string takeErrors() {
  std::string text;
  while (const unsigned long error = ERR_get_error()) {
    const char* const reason = ERR_reason_error_string(error);
    std::string one = reason ? reason : std::string();
    if (!reason) {
      std::array<char, 256> buffer;
      ERR_error_string_n(error, buffer.data(), buffer.size());
      one = buffer.data();
    }
    if (text.find(one) != std::string::npos) continue;
    if (!text.empty()) text += ", ";
    text += one;
  }
  return text.empty() ? "unknown error" : text;
}

void check(bool good, std::string_view what) {
  if (!good) throw TlsConfigurationError(std::string(what) + ": " + takeErrors());
}

std::string textOf(BIO* bio) {
  const char* data = nullptr;
  const long size = BIO_get_mem_data(bio, &data);
  return size > 0 ? std::string(data, static_cast<std::size_t>(size)) : std::string();
}

BioPointer memoryBio() {
  BioPointer bio(BIO_new(BIO_s_mem()));
  if (!bio) throw std::bad_alloc();
  return bio;
}

BioPointer memoryBio(std::string_view text) {
  BioPointer bio(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
  if (!bio) throw std::bad_alloc();
  return bio;
}

std::string nameText(const X509_NAME* name) {
  const BioPointer bio = memoryBio();
  constexpr unsigned long kFlags = (ASN1_STRFLGS_RFC2253 & ~static_cast<unsigned long>(ASN1_STRFLGS_ESC_MSB)) | XN_FLAG_SEP_COMMA_PLUS | XN_FLAG_FN_SN;
  X509_NAME_print_ex(bio.get(), name, 0, kFlags);
  return textOf(bio.get());
}

std::string readFile(const std::string& path) {
  struct Close {
    void operator()(std::FILE* file) const noexcept { std::fclose(file); }
  };
  const std::unique_ptr<std::FILE, Close> file(std::fopen(path.c_str(), "rbe"));
  if (!file) throw TlsConfigurationError("reading " + path + ": " + systemErrorText(errno));
  std::string text;
  std::array<char, 16 * 1024> buffer;
  while (const std::size_t count = std::fread(buffer.data(), 1, buffer.size(), file.get())) {
    text.append(buffer.data(), count);
    if (text.size() > 64 * 1024 * 1024) throw TlsConfigurationError("reading " + path + ": longer than 64 MiB, this is no file of certificates or keys");
  }
  if (std::ferror(file.get())) throw TlsConfigurationError("reading " + path + ": " + systemErrorText(errno));
  return text;
}

std::shared_ptr<X509> shared(X509* certificate) {
  if (!certificate) throw std::bad_alloc();
  return {certificate, [](X509* old) { X509_free(old); }};
}

std::shared_ptr<X509> sharedCopy(const X509* certificate) {
  auto* const counted = const_cast<X509*>(certificate);
  X509_up_ref(counted);
  return shared(counted);
}

}  // namespace weft::net::detail
