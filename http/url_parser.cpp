// The basic URL parser: WHATWG URL section 4.4. A state is a function that reads one run of the input and names the next state.
#include <weft/http/url.hpp>

#include <weft/http/internal/url_bytes.hpp>
#include <weft/http/internal/url_host.hpp>
#include <weft/http/percent_encoding.hpp>

#include <cstddef>
#include <cstdint>

namespace weft::http {
namespace {

using namespace detail;

// Without the C0 controls and spaces around it. (Tabs and newlines inside are ignored too.)
std::string_view withoutControls(std::string_view text) noexcept {
  while (!text.empty() && static_cast<unsigned char>(text.front()) <= 0x20) text.remove_prefix(1);
  while (!text.empty() && static_cast<unsigned char>(text.back()) <= 0x20) text.remove_suffix(1);
  return text;
}

}  // namespace

class UrlParser {
 public:
  UrlParser(Url& url, const Url* base) : url_(url), out_(url.text_), base_(base) {}

  bool parse(std::string_view input) {
    if (input.size() > Url::kMaxLength) {
      problem = UrlProblem::TooLong;
      return false;
    }
    input = withoutControls(input);
    const unsigned flags = oddBytes(input);
    const bool ownText = input.data() >= out_.data() && input.data() <= out_.data() + out_.size();
    if (flags == 0 && !ownText) [[likely]]
      return run(input);
    std::string clean;
    clean.reserve(input.size());
    for (char c : input)
      if (!(flagsOf(c) & kTabOrNewline)) clean.push_back(c);
    if (flags & kNonAscii)
      if (auto repaired = detail::repairedUtf8(clean)) clean = std::move(*repaired);
    return run(clean);
  }

  UrlProblem problem = UrlProblem::MissingScheme;
  std::size_t offset = 0;

 private:
  enum class State : std::uint8_t {
    SchemeStart,
    NoScheme,
    SpecialRelativeOrAuthority,
    PathOrAuthority,
    Relative,
    RelativeSlash,
    SpecialAuthoritySlashes,
    SpecialAuthorityIgnoreSlashes,
    Authority,
    Host,
    File,
    FileSlash,
    FileHost,
    PathStart,
    Path,
    OpaquePath,
    Query,
    Fragment,
    Done,
    Failed
  };

  bool run(std::string_view input) {
    begin_ = at_ = input.data();
    end_ = input.data() + input.size();
    out_.clear();
    // Most results need no more: one allocation, or none in a Url that is used again.
    out_.reserve((base_ ? base_->pathStart_ + base_->path().size() : 0) + input.size() + 8);
    for (State state = State::SchemeStart;;) {
      switch (state) {
        case State::SchemeStart: state = schemeStart(); break;
        case State::NoScheme: state = noScheme(); break;
        case State::SpecialRelativeOrAuthority: state = specialRelativeOrAuthority(); break;
        case State::PathOrAuthority: state = pathOrAuthority(); break;
        case State::Relative: state = relative(); break;
        case State::RelativeSlash: state = relativeSlash(); break;
        case State::SpecialAuthoritySlashes: state = specialAuthoritySlashes(); break;
        case State::SpecialAuthorityIgnoreSlashes: state = specialAuthorityIgnoreSlashes(); break;
        case State::Authority: state = authority(); break;
        case State::Host: state = host(); break;
        case State::File: state = file(); break;
        case State::FileSlash: state = fileSlash(); break;
        case State::FileHost: state = fileHost(); break;
        case State::PathStart: state = pathStart(); break;
        case State::Path: state = path(); break;
        case State::OpaquePath: state = opaquePath(); break;
        case State::Query: state = query(); break;
        case State::Fragment: state = fragment(); break;
        case State::Done: return true;
        case State::Failed: return false;
      }
    }
  }

  bool more() const noexcept { return at_ != end_; }
  std::string_view remaining() const noexcept { return {at_, static_cast<std::size_t>(end_ - at_)}; }
  std::uint32_t here() const noexcept { return static_cast<std::uint32_t>(out_.size()); }
  // '/' or, where the scheme is special, '\'
  bool atSlash() const noexcept { return more() && (*at_ == '/' || (*at_ == '\\' && url_.special_)); }

  State fail(UrlProblem why, const char* where) noexcept {
    problem = why;
    offset = static_cast<std::size_t>(where - begin_);
    return State::Failed;
  }

  // Scheme start state and scheme state.
  State schemeStart() {
    const char* c = at_;
    if (c == end_ || !isLetter(*c)) return State::NoScheme;
    while (c != end_ && (flagsOf(*c) & kScheme)) ++c;
    if (c == end_ || *c != ':') return State::NoScheme;
    out_.assign(at_, c);
    for (char& letter : out_) letter = lower(letter);
    at_ = c + 1;
    schemeIsSet();
    if (url_.special_) {
      if (out_ == "file:") return State::File;
      return base_ && base_->scheme() == url_.scheme() ? State::SpecialRelativeOrAuthority
                                                       : State::SpecialAuthoritySlashes;
    }
    return more() && *at_ == '/' ? State::PathOrAuthority : State::OpaquePath;
  }

  void schemeIsSet() {
    url_.schemeEnd_ = here();
    url_.special_ = false;
    for (const SpecialScheme& special : kSpecialSchemes) {
      if (out_ == special.name) {
        url_.special_ = true;
        defaultPort_ = special.port;
        break;
      }
    }
    out_ += ':';
    noAuthority();
  }

  void noAuthority() noexcept {
    url_.usernameStart_ = url_.usernameEnd_ = url_.passwordStart_ = url_.hostStart_ = url_.hostEnd_ = url_.portEnd_ =
        url_.pathStart_ = here();
    url_.queryStart_ = url_.fragmentStart_ = here();
    url_.hasAuthority_ = url_.hasPort_ = url_.opaquePath_ = false;
    url_.port_ = 0;
  }

  void beginAuthority() {
    out_ += "//";
    noAuthority();
    url_.hasAuthority_ = true;
  }

  // Scheme, credentials, host and port of the base. What its path needs to be told from a host ("/.") is not copied.
  void copyAuthority() { copyBase(base_->portEnd_); }

  // The same, and what follows it up to `end`.
  void copyBase(std::size_t end) {
    out_.assign(base_->text_, 0, end);
    url_.schemeEnd_ = base_->schemeEnd_;
    url_.usernameStart_ = base_->usernameStart_;
    url_.usernameEnd_ = base_->usernameEnd_;
    url_.passwordStart_ = base_->passwordStart_;
    url_.hostStart_ = base_->hostStart_;
    url_.hostEnd_ = base_->hostEnd_;
    url_.portEnd_ = url_.pathStart_ = url_.queryStart_ = url_.fragmentStart_ = base_->portEnd_;
    url_.port_ = base_->port_;
    url_.hasPort_ = base_->hasPort_;
    url_.hasAuthority_ = base_->hasAuthority_;
    url_.special_ = base_->special_;
    url_.opaquePath_ = false;
  }

  void pathIsDone() {
    if (!url_.hasAuthority_ && !url_.opaquePath_ && out_.compare(url_.pathStart_, 2, "//") == 0) {
      out_.insert(url_.pathStart_, "/.");  // section 4.5, step 3
      url_.pathStart_ += 2;
    }
    url_.queryStart_ = url_.fragmentStart_ = here();
  }

  State afterPath() {
    pathIsDone();
    if (!more()) return State::Done;
    return *at_++ == '?' ? State::Query : State::Fragment;
  }

  State noScheme() {
    if (!base_ || (base_->opaquePath_ && !(more() && *at_ == '#'))) return fail(UrlProblem::MissingScheme, at_);
    if (base_->opaquePath_) {
      copyAuthority();
      out_.assign(base_->withoutFragment());
      url_.pathStart_ = base_->pathStart_;
      url_.opaquePath_ = true;
      url_.queryStart_ = base_->queryStart_;
      ++at_;
      return State::Fragment;
    }
    if (base_->scheme() == "file") return State::File;
    return State::Relative;
  }

  State specialRelativeOrAuthority() {
    if (!remaining().starts_with("//")) return State::Relative;
    at_ += 2;
    return State::SpecialAuthorityIgnoreSlashes;
  }

  State pathOrAuthority() {
    ++at_;
    if (more() && *at_ == '/') {
      ++at_;
      return State::Authority;
    }
    return State::Path;
  }

  State relative() {
    url_.special_ = base_->special_;
    if (atSlash()) {
      ++at_;
      return State::RelativeSlash;
    }
    if (more() && *at_ != '?' && *at_ != '#' && base_->hasAuthority_) [[likely]] {
      const std::size_t slash = base_->path().rfind('/');                         // as shortenPath() would have it
      copyBase(base_->pathStart_ + (slash == std::string_view::npos ? 0 : slash));
      return State::Path;
    }
    copyAuthority();
    out_.append(base_->path());
    return afterBasePath();
  }

  // The base's path is in; what does the reference change?
  State afterBasePath() {
    if (more() && *at_ != '?' && *at_ != '#') {
      if (!(url_.scheme() == "file")) {
        shortenPath();
      } else if (!startsWithWindowsDriveLetter(remaining())) {
        shortenPath();
      } else {
        out_.resize(url_.pathStart_);
      }
      return State::Path;
    }
    pathIsDone();
    if (more() && *at_ == '?') {
      ++at_;
      return State::Query;
    }
    if (base_->hasQuery()) out_.append("?").append(base_->query());
    url_.fragmentStart_ = here();
    if (!more()) return State::Done;
    ++at_;
    return State::Fragment;
  }

  State relativeSlash() {
    if (atSlash() && url_.special_) {
      ++at_;
      keepBaseScheme();
      return State::SpecialAuthorityIgnoreSlashes;
    }
    if (more() && *at_ == '/') {
      ++at_;
      keepBaseScheme();
      return State::Authority;
    }
    copyAuthority();
    return State::Path;
  }

  void keepBaseScheme() {
    out_.assign(base_->scheme());
    schemeIsSet();
  }

  State specialAuthoritySlashes() {
    if (remaining().starts_with("//")) at_ += 2;
    return State::SpecialAuthorityIgnoreSlashes;
  }

  State specialAuthorityIgnoreSlashes() {
    while (more() && (*at_ == '/' || *at_ == '\\')) ++at_;
    return State::Authority;
  }

  // Authority state: user name and password, up to the last '@'.
  State authority() {
    beginAuthority();
    const char* end = at_;
    const char* lastAt = nullptr;
    for (; end != end_ && *end != '/' && *end != '?' && *end != '#' && !(*end == '\\' && url_.special_); ++end)
      if (*end == '@') lastAt = end;
    authorityEnd_ = end;
    if (lastAt) {
      const std::string_view credentials(at_, static_cast<std::size_t>(lastAt - at_));
      if (lastAt + 1 == end) return fail(UrlProblem::HostMissing, end);
      const std::size_t colon = credentials.find(':');
      appendPercentEncoded(out_, credentials.substr(0, colon), PercentEncodeSet::UserInfo);
      url_.usernameEnd_ = url_.passwordStart_ = here();
      if (colon != std::string_view::npos && colon + 1 < credentials.size()) {
        out_ += ':';
        url_.passwordStart_ = here();
        appendPercentEncoded(out_, credentials.substr(colon + 1), PercentEncodeSet::UserInfo);
      }
      if (here() > url_.usernameStart_) out_ += '@';
      url_.hostStart_ = here();
      at_ = lastAt + 1;
    }
    return State::Host;
  }

  // Host state and port state.
  State host() {
    const char* colon = at_;
    for (bool inBrackets = false; colon != authorityEnd_; ++colon) {
      if (*colon == '[')
        inBrackets = true;
      else if (*colon == ']')
        inBrackets = false;
      else if (*colon == ':' && !inBrackets)
        break;
    }
    const std::string_view name(at_, static_cast<std::size_t>(colon - at_));
    if (name.empty() && (url_.special_ || colon != authorityEnd_)) return fail(UrlProblem::HostMissing, at_);
    if (!name.empty())
      if (const auto why = detail::appendHost(out_, name, url_.special_)) return fail(*why, at_);
    url_.hostEnd_ = url_.portEnd_ = here();
    if (colon != authorityEnd_) {
      unsigned port = 0;
      const char* digit = colon + 1;
      for (; digit != authorityEnd_; ++digit) {
        if (!isDigit(*digit)) return fail(UrlProblem::PortInvalid, digit);
        port = port * 10 + static_cast<unsigned>(*digit - '0');
        if (port > 65535) return fail(UrlProblem::PortOutOfRange, colon + 1);
      }
      if (digit != colon + 1 && !(url_.special_ && port == defaultPort_)) {
        out_.append(":").append(std::to_string(port));
        url_.port_ = static_cast<std::uint16_t>(port);
        url_.hasPort_ = true;
        url_.portEnd_ = here();
      }
    }
    at_ = authorityEnd_;
    return State::PathStart;
  }

  State file() {
    if (out_.empty()) {  // from no scheme state
      out_.assign("file");
      schemeIsSet();
    }
    beginAuthority();
    url_.special_ = true;
    if (more() && (*at_ == '/' || *at_ == '\\')) {
      ++at_;
      return State::FileSlash;
    }
    if (base_ && base_->scheme() == "file") {
      copyAuthority();
      out_.append(base_->path());
      return afterBasePath();
    }
    url_.pathStart_ = here();
    return State::Path;
  }

  State fileSlash() {
    if (more() && (*at_ == '/' || *at_ == '\\')) {
      ++at_;
      return State::FileHost;
    }
    if (base_ && base_->scheme() == "file") {
      copyAuthority();
      if (!startsWithWindowsDriveLetter(remaining()) && startsWithNormalizedDrive(base_->path()))
        out_.append(base_->path().substr(0, 3));
    }
    return State::Path;
  }

  State fileHost() {
    const char* end = at_;
    while (end != end_ && !(flagsOf(*end) & kPathStop)) ++end;
    const std::string_view name(at_, static_cast<std::size_t>(end - at_));
    if (isWindowsDriveLetter(name)) return State::Path;
    if (!name.empty()) {
      if (const auto why = detail::appendHost(out_, name, true)) return fail(*why, at_);
      if (std::string_view(out_).substr(url_.hostStart_) == "localhost") out_.resize(url_.hostStart_);
    }
    url_.hostEnd_ = url_.portEnd_ = url_.pathStart_ = here();
    at_ = end;
    return State::PathStart;
  }

  State pathStart() {
    url_.pathStart_ = here();
    if (url_.special_) {
      if (atSlash()) ++at_;
      return State::Path;
    }
    if (!more() || *at_ == '?' || *at_ == '#') return afterPath();
    if (*at_ == '/') ++at_;
    return State::Path;
  }

  void shortenPath() {
    const std::string_view path = std::string_view(out_).substr(url_.pathStart_);
    if (path.empty() || (path.size() == 3 && startsWithNormalizedDrive(path) && url_.scheme() == "file")) return;
    out_.resize(url_.pathStart_ + path.rfind('/'));
  }

  // Path state. Segments that stand as they are, which is nearly all, are copied together.
  State path() {
    const bool isFile = url_.special_ && url_.scheme() == "file";                // whose first segment may be a drive letter
    const char* kept = nullptr;
    const auto copyKept = [&](const char* end) {
      if (!kept) return;
      if (kept != begin_ && kept[-1] == '/') {
        out_.append(kept - 1, end);
      } else {
        out_ += '/';
        out_.append(kept, end);
      }
      kept = nullptr;
    };
    for (;;) {
      const char* start = at_;
      unsigned seen = 0;
      for (; more(); ++at_) {
        const unsigned flags = flagsOf(*at_);
        if ((flags & (kPathStop | kPathEncode)) == 0) [[likely]]
          continue;
        if ((flags & kPathStop) && (*at_ != '\\' || url_.special_)) break;
        seen |= flags;
      }
      const std::string_view segment(start, static_cast<std::size_t>(at_ - start));
      const bool slash = atSlash();
      const bool mayBeDots = !segment.empty() && segment.size() <= 6 && (segment[0] == '.' || segment[0] == '%');
      if (!mayBeDots && !(seen & kPathEncode) && !isFile) [[likely]] {
        if (!kept) kept = start;
        if (!slash || *at_ == '\\') copyKept(at_);
      } else {
        if (kept) copyKept(start - 1);
        segmentWithWork(segment, slash, seen, isFile);
      }
      if (!slash) return afterPath();
      ++at_;
    }
  }

  void segmentWithWork(std::string_view segment, bool slash, unsigned seen, bool isFile) {
    if (isDoubleDot(segment)) {
      shortenPath();
      if (!slash) out_ += '/';
    } else if (isSingleDot(segment)) {
      if (!slash) out_ += '/';
    } else {
      const bool drive = isFile && here() == url_.pathStart_ && isWindowsDriveLetter(segment);
      out_ += '/';
      if (seen & kPathEncode)
        appendPercentEncoded(out_, segment, PercentEncodeSet::Path);
      else
        out_ += segment;
      if (drive) out_.back() = ':';
    }
  }

  State opaquePath() {
    url_.opaquePath_ = true;
    const std::size_t end = remaining().find_first_of("?#");
    std::string_view text = remaining().substr(0, end);
    // A space right before the query or fragment is encoded, so that removing these never leaves a URL ending in a space.
    const bool endsInSpace = end != std::string_view::npos && text.ends_with(' ');
    if (endsInSpace) text.remove_suffix(1);
    appendPercentEncoded(out_, text, PercentEncodeSet::C0Control);
    if (endsInSpace) out_ += "%20";
    at_ += end == std::string_view::npos ? remaining().size() : end;
    return afterPath();
  }

  State query() {
    url_.queryStart_ = here();
    out_ += '?';
    const std::string_view text = remaining().substr(0, remaining().find('#'));
    appendPercentEncoded(out_, text, url_.special_ ? PercentEncodeSet::SpecialQuery : PercentEncodeSet::Query);
    url_.fragmentStart_ = here();
    at_ += text.size();
    if (!more()) return State::Done;
    ++at_;
    return State::Fragment;
  }

  State fragment() {
    url_.fragmentStart_ = here();
    out_ += '#';
    appendPercentEncoded(out_, remaining(), PercentEncodeSet::Fragment);
    return State::Done;
  }

  Url& url_;
  std::string& out_;
  const Url* base_;
  const char* begin_ = nullptr;
  const char* at_ = nullptr;
  const char* end_ = nullptr;
  const char* authorityEnd_ = nullptr;
  std::uint16_t defaultPort_ = 0;
};

bool Url::assign(std::string_view input, const Url* base, UrlProblem* problem) {
  UrlParser parser(*this, base);
  if (parser.parse(input)) return true;
  if (problem) *problem = parser.problem;
  clear();
  return false;
}

static Url parseOrThrow(std::string_view input, const Url* base) {
  Url url;
  UrlParser parser(url, base);
  if (!parser.parse(input)) throw UrlError(input, parser.offset, parser.problem);
  return url;
}

Url Url::parse(std::string_view input) { return parseOrThrow(input, nullptr); }
Url Url::parse(std::string_view input, const Url& base) { return parseOrThrow(input, &base); }

}  // namespace weft::http
