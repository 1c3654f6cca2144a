// What a policy is made into. For the .cpp files of net/tls: includes OpenSSL.
#pragma once

#include <weft/net/tls/internal/openssl.hpp>
#include <weft/net/tls/internal/session_cache.hpp>
#include <weft/net/tls/options.hpp>

#include <cstdio>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace weft::net::detail {

/// Appends lines to a file. Any thread.
class KeyLogFile {
 public:
  explicit KeyLogFile(const std::string& path);
  void write(std::string_view line);

 private:
  struct Close {
    void operator()(std::FILE* file) const noexcept { std::fclose(file); }
  };
  std::mutex mutex_;
  std::unique_ptr<std::FILE, Close> file_;
};

/// What both sides' contexts have. Not changed after it was made, so that any thread may use it. The connections hold it.
struct PolicyContext {
  template <class Options> explicit PolicyContext(const Options& options);
  virtual ~PolicyContext() = default;

  /// An SSL_CTX with everything but certificates and trust.
  template <class Options> ContextPointer newContext(const SSL_METHOD* method, const Options& options);
  std::string acceptedVersions() const;

  ContextPointer context;
  Delay handshakeTimeout;
  std::function<std::chrono::system_clock::time_point()> verificationTime;
  std::function<void(std::string_view)> keyLog;
  std::unique_ptr<KeyLogFile> keyLogFile;
  TlsVersion minimumVersion, maximumVersion;
};

struct ClientContext final : PolicyContext {
  explicit ClientContext(const TlsClientOptions& options);
  SessionCache sessions;
  bool verify;
  bool resumption;
};

struct ServerContext final : PolicyContext {
  explicit ServerContext(const CertificateOptions& options);
  /// The context with the certificate for that name; null for an unknown one.
  SSL_CTX* contextFor(std::string_view name) const;

  std::vector<ContextPointer> others;                  // of the certificates after the first
  std::vector<std::pair<std::string, SSL_CTX*>> exact, wildcards;     // names in lower case; wildcards without their "*"
  std::string protocols;                               // as they are sent: each with its length before it
  bool refuseUnknownNames;
};

}  // namespace weft::net::detail
