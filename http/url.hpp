// Url: a parsed address, as browsers understand it.
#pragma once

#include <weft/http/error.hpp>

#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace weft::http {

/// Why a URL could not be parsed; the WHATWG standard's validation errors that end in failure (section 1.1).
enum class UrlProblem : std::uint8_t {
  MissingScheme,             ///< a relative reference, and no base to resolve it against
  HostMissing,               ///< no host where the scheme or what follows needs one
  HostInvalidCodePoint,      ///< a byte that no host of that scheme may contain
  DomainInvalidCodePoint,    ///< a byte that no domain may contain, perhaps percent-encoded
  DomainToAscii,             ///< not a valid international domain name (UTS 46)
  Ipv4Invalid,               ///< ends in a number but is no IPv4 address: too many parts, a part out of range or not a number
  Ipv6Unclosed,              ///< '[' without ']'
  Ipv6Invalid,
  PortInvalid,               ///< not a number
  PortOutOfRange,            ///< over 65535
  TooLong,                   ///< over Url::kMaxLength bytes
};

/// The problem in words: "the port is over 65535".
std::string_view describe(UrlProblem problem) noexcept;

/// A text is no URL. Says where in the text, and why.
class UrlError : public Error {
 public:
  UrlError(std::string_view input, std::size_t offset, UrlProblem reason);

  std::string input;         ///< at most the first 200 bytes of it
  std::size_t offset;        ///< in bytes; where the part begins that is wrong (after removing what the standard ignores: spaces around, tabs, newlines)
  UrlProblem reason;
};

namespace detail {

// Where the parts of a Url end in its text, and what is known of it beside: copied as one.
struct UrlOffsets {
  std::uint32_t schemeEnd_ = 0;       // the ':'
  std::uint32_t usernameStart_ = 0;   // after "//"; without an authority all of these are the ':' plus one
  std::uint32_t usernameEnd_ = 0;
  std::uint32_t passwordStart_ = 0;   // after the second ':', or usernameEnd_
  std::uint32_t hostStart_ = 0;       // after the '@'
  std::uint32_t hostEnd_ = 0;
  std::uint32_t portEnd_ = 0;
  std::uint32_t pathStart_ = 0;       // after the port, or after the "/." that keeps a path of "//x" from reading as a host
  std::uint32_t queryStart_ = 0;      // the '?', or fragmentStart_
  std::uint32_t fragmentStart_ = 0;   // the '#', or the end
  std::uint16_t port_ = 0;
  bool hasPort_ = false;
  bool hasAuthority_ = false;
  bool special_ = false;
  bool opaquePath_ = false;
};

}  // namespace detail

/// A URL as the WHATWG standard parses it: what a browser would fetch for this text.
///
/// A value type: one string and ten offsets. Any thread may use its own; copies share nothing. Every `std::string_view` that a Url returns
/// points into it and dies with it or with its next assignment.
///
///     https://user:pass@example.com:8080/a/b?q=1#top
///          |  |   ||    |          |    |   |   |
///          |  |   ||    hostStart  |    |   |   fragmentStart
///          |  |   |passwordStart   |    |   queryStart
///          |  |   usernameEnd      |    portEnd, pathStart
///          |  usernameStart        hostEnd
///          schemeEnd
///
///     Url page("https://example.com/a/index.html");
///     Url link = Url::parse("../b?q=1", page);        // https://example.com/b?q=1
///     link.host();                                     // example.com
class Url : private detail::UrlOffsets {
 public:
  /// Longer texts are refused (UrlProblem::TooLong).
  static constexpr std::size_t kMaxLength = std::size_t{1} << 28;

  /// No URL: href() is empty, empty() is true.
  Url() noexcept = default;
  /// As parse(input). Throws UrlError.
  explicit Url(std::string_view input);
  Url(const Url&) = default;
  Url& operator=(const Url&) = default;
  Url(Url&& other) noexcept : UrlOffsets(other), text_(std::move(other.text_)) { other.clear(); }
  Url& operator=(Url&& other) noexcept {
    if (this == &other) return *this;
    UrlOffsets::operator=(other);
    text_ = std::move(other.text_);
    other.clear();
    return *this;
  }
  ~Url() = default;

  /// Parses an absolute URL, or resolves a reference against `base`. The text is UTF-8; invalid bytes count as U+FFFD. Throws UrlError.
  /// WHATWG URL section 4.4 (basic URL parser).
  static Url parse(std::string_view input);
  static Url parse(std::string_view input, const Url& base);
  /// The same, with nullopt instead of an error.
  static std::optional<Url> tryParse(std::string_view input);
  static std::optional<Url> tryParse(std::string_view input, const Url& base);
  /// The same into this Url, whose memory is used again: what a loop over many links wants. On failure this becomes empty, and `problem`
  /// (if given) says why. `base` must be another Url than this one; it may be null.
  bool assign(std::string_view input, const Url* base = nullptr, UrlProblem* problem = nullptr);

  /// Becomes what the text of `origin`, up to its path, and `target` behind it are parsed as: what a server does for each of its requests. A target that is a path and a query as they are written is
  /// only appended. `target` begins with '/'; `origin` must be another Url than this one.
  bool assignTarget(const Url& origin, std::string_view target);

  bool empty() const noexcept { return text_.empty(); }

  /// The whole URL, serialised. Section 4.5.
  const std::string& href() const noexcept { return text_; }
  /// The same without its fragment: what is sent, and what makes two pages one.
  std::string_view withoutFragment() const noexcept { return slice(0, fragmentStart_); }

  std::string_view scheme() const noexcept { return slice(0, schemeEnd_); }                             ///< "https", in lower case
  std::string_view username() const noexcept { return slice(usernameStart_, usernameEnd_); }            ///< percent-encoded
  std::string_view password() const noexcept { return slice(passwordStart_, passwordEnd()); }           ///< percent-encoded
  bool hasCredentials() const noexcept { return hostStart_ > usernameStart_; }
  bool hasHost() const noexcept { return hasAuthority_; }                                               ///< also when the host is empty, as in file:///
  std::string_view host() const noexcept { return slice(hostStart_, hostEnd_); }                        ///< ASCII; IPv6 in brackets
  /// Host and port as the Host header wants them: the port only when it is not the scheme's default.
  std::string_view hostAndPort() const noexcept { return slice(hostStart_, portEnd_); }
  /// The port, when it was given and is not the scheme's default.
  std::optional<std::uint16_t> port() const noexcept {
    return hasPort_ ? std::optional<std::uint16_t>(port_) : std::nullopt;
  }
  /// The port to connect to: port(), else the scheme's default, else 0.
  std::uint16_t effectivePort() const noexcept;
  std::string_view path() const noexcept { return slice(pathStart_, queryStart_); }                     ///< begins with '/' unless hasOpaquePath()
  bool hasQuery() const noexcept { return queryStart_ < fragmentStart_; }
  std::string_view query() const noexcept { return hasQuery() ? slice(queryStart_ + 1, fragmentStart_) : std::string_view(); }  ///< without '?'
  bool hasFragment() const noexcept { return fragmentStart_ < text_.size(); }
  std::string_view fragment() const noexcept { return hasFragment() ? slice(fragmentStart_ + 1, size()) : std::string_view(); } ///< without '#'
  /// Path and query: the request target of HTTP/1.1 (origin form, RFC 9112 section 3.2.1).
  std::string_view target() const noexcept { return slice(pathStart_, fragmentStart_); }

  /// http, https, ws, wss, ftp or file.
  bool isSpecial() const noexcept { return special_; }
  bool isHttp() const noexcept { return scheme() == "http" || scheme() == "https"; }
  /// mailto:x, javascript:…, data:…: a path that is not made of segments. Section 4.1.
  bool hasOpaquePath() const noexcept { return opaquePath_; }
  /// Is the host an IPv4 or IPv6 address?
  bool hasIpHost() const noexcept;

  /// scheme://host:port of the special schemes but file (and of what a blob: URL wraps), else "null". Section 4.7.
  std::string origin() const;
  /// Same scheme, host and port, and not opaque. No allocation.
  bool sameOrigin(const Url& other) const noexcept;

  /// The public suffix and one label more, "example.co.uk" of "www.example.co.uk": who owns the host. Empty for an IP address, for a public suffix itself and
  /// without a host. A view into this URL; see registrableDomain() in public_suffix.hpp.
  std::string_view registrableDomain() const noexcept;
  /// Scheme and registrable domain, or the host where there is none: "https://example.co.uk"; "null" where origin() is. HTML section 7.1.1, "obtain a site".
  std::string site() const;
  /// Same scheme and registrable domain (or the same host)? No allocation.
  bool sameSite(const Url& other) const noexcept;

  /// The setters of the standard's URL class (section 6.1), taking what a script would assign: a value that does not fit changes nothing and gives false. Of
  /// a host with a port, a good host stays also when its port is bad. A setter may be given a view of this very URL.
  ///
  ///     Url url("http://example.com/a?b");
  ///     url.setProtocol("https"), url.setPort("8080"), url.setPathname("/c d"), url.setSearch("");   // https://example.com:8080/c%20d
  bool setHref(std::string_view value);
  bool setProtocol(std::string_view value);             ///< "https" or "https:"; not from a special scheme to another kind, nor back
  bool setUsername(std::string_view value);
  bool setPassword(std::string_view value);
  bool setHost(std::string_view value);                 ///< with or without a port
  bool setHostname(std::string_view value);             ///< without a port
  bool setPort(std::string_view value);                 ///< leading digits count; empty: the scheme's default
  bool setPathname(std::string_view value);
  bool setSearch(std::string_view value);               ///< with or without '?'; empty removes the query
  bool setHash(std::string_view value);                 ///< with or without '#'; empty removes the fragment

  /// A copy without the fragment / without user name and password.
  Url withFragmentRemoved() const;
  Url withCredentialsRemoved() const;

  /// By href().
  friend bool operator==(const Url& a, const Url& b) noexcept { return a.text_ == b.text_; }
  friend std::strong_ordering operator<=>(const Url& a, const Url& b) noexcept { return a.text_ <=> b.text_; }

 private:
  friend class UrlParser;
  friend class UrlParts;

  std::uint32_t size() const noexcept { return static_cast<std::uint32_t>(text_.size()); }
  std::string_view slice(std::uint32_t from, std::uint32_t to) const noexcept { return {text_.data() + from, to - from}; }
  std::uint32_t passwordEnd() const noexcept { return hasCredentials() ? hostStart_ - 1 : hostStart_; }
  void clear() noexcept {
    UrlOffsets::operator=(UrlOffsets());
    text_.clear();
  }

  std::string text_;
};

}  // namespace weft::http
/// Of what the URL is written as; equal URLs have equal ones.
template <> struct std::hash<weft::http::Url> {
  std::size_t operator()(const weft::http::Url& url) const noexcept { return std::hash<std::string>()(url.href()); }
};
