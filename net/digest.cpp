#include <weft/net/digest.hpp>

#include <weft/net/error.hpp>

#include <openssl/evp.h>
#include <openssl/rand.h>

#include <array>
#include <cstddef>
#include <new>

namespace weft::net {
namespace {

struct Function {
  explicit Function(const char* name) noexcept : name(name), md(EVP_MD_fetch(nullptr, name, nullptr)) {}
  const char* name;
  EVP_MD* md;                // fetched once: EVP_md5() and its like search for it with every use
};

const Function& functionOf(DigestKind kind) {
  static const std::array<Function, 3> kFunctions{Function("MD5"), Function("SHA1"), Function("SHA256")};
  return kFunctions[static_cast<std::size_t>(kind)];
}

[[noreturn]] void refuse(const Function& function) { throw Error(std::string("computing a digest: this system's OpenSSL does not offer ") + function.name); }

}  // namespace

std::string digest(DigestKind kind, std::string_view bytes) {
  const Function& function = functionOf(kind);
  std::array<unsigned char, EVP_MAX_MD_SIZE> result;
  unsigned size = 0;
  if (!function.md || EVP_Digest(bytes.data(), bytes.size(), result.data(), &size, function.md, nullptr) != 1)
    refuse(function);
  return {reinterpret_cast<const char*>(result.data()), size};
}

std::string hexDigest(DigestKind kind, std::string_view bytes) { return toHex(digest(kind, bytes)); }

struct RunningDigest::State {
  State() : context(EVP_MD_CTX_new()) {
    if (!context) throw std::bad_alloc();
  }
  State(const State&) = delete;
  ~State() { EVP_MD_CTX_free(context); }
  EVP_MD_CTX* const context;
};

RunningDigest::RunningDigest(DigestKind kind) : state_(std::make_unique<State>()) {
  const Function& function = functionOf(kind);
  if (!function.md || EVP_DigestInit_ex(state_->context, function.md, nullptr) != 1) refuse(function);
}
RunningDigest::RunningDigest(RunningDigest&&) noexcept = default;
RunningDigest& RunningDigest::operator=(RunningDigest&&) noexcept = default;
RunningDigest::~RunningDigest() = default;

void RunningDigest::update(std::string_view bytes) {
  if (EVP_DigestUpdate(state_->context, bytes.data(), bytes.size()) != 1) throw Error("computing a digest: OpenSSL fails");
}

std::string RunningDigest::hex() {
  std::array<unsigned char, EVP_MAX_MD_SIZE> result;
  unsigned size = 0;
  if (EVP_DigestFinal_ex(state_->context, result.data(), &size) != 1) throw Error("computing a digest: OpenSSL fails");
  return toHex({reinterpret_cast<const char*>(result.data()), size});
}

std::string randomBytes(std::size_t count) {
  std::string bytes(count, '\0');
  if (count > 0 && RAND_bytes(reinterpret_cast<unsigned char*>(bytes.data()), static_cast<int>(count)) != 1) throw Error("making random bytes: OpenSSL's generator has no entropy");
  return bytes;
}

std::string toHex(std::string_view bytes) {
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  text.reserve(bytes.size() * 2);
  for (char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    text += kDigits[byte >> 4];
    text += kDigits[byte & 15];
  }
  return text;
}

}  // namespace weft::net
