#include <weft/crawler/html/link_scanner.hpp>

#include <weft/crawler/html/internal/machine.hpp>
#include <weft/crawler/html/tokenizer.hpp>

#include <array>
#include <optional>
#include <vector>

namespace weft::html {
namespace {

std::string_view trimmed(std::string_view text) noexcept {
  while (!text.empty() && internal::isSpace(text.front())) text.remove_prefix(1);
  while (!text.empty() && internal::isSpace(text.back())) text.remove_suffix(1);
  return text;
}

/// Whether `text` is `lower`, letters of either case.
bool same(std::string_view text, std::string_view lower) noexcept {
  if (text.size() != lower.size()) return false;
  for (std::size_t i = 0; i < text.size(); ++i)
    if (internal::toLower(text[i]) != lower[i]) return false;
  return true;
}

/// Where within SVG or MathML the scanner is: what was opened and not closed. Within kSvg and kMath tags are foreign,
/// within the others (the integration points) they are HTML again.
enum Foreign : std::uint8_t {
  kNone,
  kSvg,
  kMath,
  kForeignObject,
  kDesc,
  kSvgTitle,
  kMathText,
  kAnnotation,
  kForeignCount
};

Foreign foreignNamed(std::string_view name) noexcept {
  switch (name.size()) {
    case 2: return name == "mi" || name == "mo" || name == "mn" || name == "ms" ? kMathText : kNone;
    case 3: return name == "svg" ? kSvg : kNone;
    case 4: return name == "math" ? kMath : name == "desc" ? kDesc : kNone;
    case 5: return name == "title" ? kSvgTitle : name == "mtext" ? kMathText : kNone;
    case 13: return name == "foreignobject" ? kForeignObject : kNone;
    case 14: return name == "annotation-xml" ? kAnnotation : kNone;
    default: return kNone;
  }
}

/// The HTML elements whose start tag ends foreign content (section 13.2.6.5).
bool breaksOut(std::string_view name) noexcept {
  static constexpr std::array<std::string_view, 44> kNames = {
      "b",     "big",   "blockquote", "body",   "br",   "center", "code",  "dd", "div",  "dl",   "dt",
      "em",    "embed", "h1",         "h2",     "h3",   "h4",     "h5",    "h6", "head", "hr",   "i",
      "img",   "li",    "listing",    "menu",   "meta", "nobr",   "ol",    "p",  "pre",  "ruby", "s",
      "small", "span",  "strong",     "strike", "sub",  "sup",    "table", "tt", "u",    "ul",   "var"};
  for (std::string_view candidate : kNames)
    if (candidate == name) return true;
  return false;
}

}  // namespace

bool hasWord(std::string_view list, std::string_view word, bool commas) noexcept {
  const auto separates = [&](char c) { return internal::isSpace(c) || (commas && c == ','); };
  for (std::size_t i = 0; i < list.size();) {
    while (i < list.size() && separates(list[i])) ++i;
    const std::size_t begin = i;
    while (i < list.size() && !separates(list[i])) ++i;
    if (same(list.substr(begin, i - begin), word)) return true;
  }
  return false;
}

struct LinkScanner::Impl {
  struct Sink {
    static constexpr bool kDataText = false;
    static constexpr bool kComments = false;
    enum class Tag : std::uint8_t {
      kOther,
      kA,
      kArea,
      kBase,
      kLink,
      kMeta,
      kFrame,
      kTitle,
      kForeignRoot,
      kFont,
      kImg,  // from here on in LinkScope::kEverything only
      kSource,
      kScript,
      kForm
    };

    LinkVisitor* visitor;
    bool everything = false;
    std::string base, title;
    std::size_t anchors = 0;
    bool hasBase = false, hasTitle = false, inTitle = false, nofollow = false, noindex = false;
    std::vector<Foreign> foreign;                     // innermost last
    std::array<std::uint32_t, kForeignCount> open{};  // how many of each there are in it

    static Tag kindOf(std::string_view name) noexcept {
      switch (name.size()) {
        case 1: return name[0] == 'a' ? Tag::kA : Tag::kOther;
        case 3: return name == "svg" ? Tag::kForeignRoot : name == "img" ? Tag::kImg : Tag::kOther;
        case 4:
          switch (name[0]) {
            case 'a': return name == "area" ? Tag::kArea : Tag::kOther;
            case 'b': return name == "base" ? Tag::kBase : Tag::kOther;
            case 'f': return name == "font" ? Tag::kFont : name == "form" ? Tag::kForm : Tag::kOther;
            case 'l': return name == "link" ? Tag::kLink : Tag::kOther;
            case 'm': return name == "meta" ? Tag::kMeta : name == "math" ? Tag::kForeignRoot : Tag::kOther;
            default: return Tag::kOther;
          }
        case 5: return name == "title" ? Tag::kTitle : name == "frame" ? Tag::kFrame : Tag::kOther;
        case 6:
          return name == "iframe"   ? Tag::kFrame
                 : name == "script" ? Tag::kScript
                 : name == "source" ? Tag::kSource
                                    : Tag::kOther;
        default: return Tag::kOther;
      }
    }

    bool wantsAttributes(std::string_view name) const noexcept {
      switch (kindOf(name)) {
        case Tag::kA:
        case Tag::kArea:
        case Tag::kBase:
        case Tag::kLink:
        case Tag::kMeta:
        case Tag::kFrame: return true;
        case Tag::kImg:
        case Tag::kSource:
        case Tag::kScript:
        case Tag::kForm: return everything;
        case Tag::kFont: return !foreign.empty();
        default: return name.size() == 14 && !foreign.empty();  // annotation-xml
      }
    }

    bool allowsCdata() const noexcept { return isForeign(); }
    bool isForeign() const noexcept { return !foreign.empty() && (foreign.back() == kSvg || foreign.back() == kMath); }

    void push(Foreign what) {
      foreign.push_back(what);
      ++open[what];
    }
    void pop() {
      --open[foreign.back()];
      foreign.pop_back();
    }

    /// A start tag within SVG or MathML: true if it remains there, false if it is HTML's.
    bool startForeign(const TagToken& tag, Tag kind) {
      const bool breaking =
          kind == Tag::kFont ? tag.find("color") || tag.find("face") || tag.find("size") : breaksOut(tag.name);
      if (breaking) {
        while (isForeign()) pop();
        return false;
      }
      if (tag.selfClosing) return true;
      const Foreign what = foreignNamed(tag.name);
      const bool svg = foreign.back() == kSvg;
      if (what == kSvg || what == kMath) {
        push(what);
      } else if (svg ? (what == kForeignObject || what == kDesc || what == kSvgTitle) : what == kMathText) {
        push(what);
      } else if (!svg && what == kAnnotation) {
        const std::string_view* encoding = tag.find("encoding");
        if (encoding && (same(*encoding, "text/html") || same(*encoding, "application/xhtml+xml"))) push(what);
      }
      return true;
    }

    void endForeign(std::string_view name) {
      const Foreign what = foreignNamed(name);
      if (what == kNone || !open[what]) return;
      while (foreign.back() != what) pop();
      pop();
    }

    State startTag(const TagToken& tag) {
      const Tag kind = kindOf(tag.name);
      const bool inForeign = isForeign() && startForeign(tag, kind);
      switch (kind) {
        case Tag::kA:
        case Tag::kArea: {
          const std::string_view* href = tag.find("href");
          if (!href) break;
          anchors += kind == Tag::kA;
          tell(kind == Tag::kA ? ScannedLink::Kind::kAnchor : ScannedLink::Kind::kArea, tag, *href);
          break;
        }
        case Tag::kBase:
          if (const std::string_view* href = tag.find("href"); href && !hasBase) {
            hasBase = true;
            base = trimmed(*href);
            visitor->base(base);
          }
          break;
        case Tag::kLink: readLink(tag); break;
        case Tag::kMeta: readMeta(tag); break;
        case Tag::kTitle:
          if (inForeign) break;
          inTitle = !hasTitle;
          hasTitle = true;
          break;
        case Tag::kForeignRoot:
          if (!inForeign && !tag.selfClosing) push(tag.name.size() == 3 ? kSvg : kMath);
          break;
        case Tag::kFrame:
          if (!inForeign) tellIf(ScannedLink::Kind::kFrame, tag, "src");
          break;
        case Tag::kImg:
        case Tag::kSource:
          if (everything && !inForeign) readImages(tag, kind);
          break;
        case Tag::kScript:
          if (everything && !inForeign) tellIf(ScannedLink::Kind::kScript, tag, "src");
          break;
        case Tag::kForm:
          if (everything && !inForeign) tellIf(ScannedLink::Kind::kForm, tag, "action");
          break;
        default: break;
      }
      return inForeign ? State::kData : contentState(tag.name);
    }

    void endTag(const TagToken& tag) {
      inTitle = false;
      if (!foreign.empty()) endForeign(tag.name);
    }

    void text(std::string_view text, std::uint64_t) {
      if (inTitle) title += text;
    }
    void comment(std::string_view, std::uint64_t) {}
    void doctype(const DoctypeToken&) {}

    static std::string_view valueOf(const TagToken& tag, std::string_view name) noexcept {
      const std::string_view* value = tag.find(name);
      return value ? *value : std::string_view();
    }

    void tell(ScannedLink::Kind kind, const TagToken& tag, std::string_view href, std::string_view descriptor = {}) {
      ScannedLink link;
      link.kind = kind;
      link.href = trimmed(href);
      link.begin = tag.begin;
      link.descriptor = descriptor;
      if (tag.attributes.size() > 1) {
        link.rel = valueOf(tag, "rel");
        link.hreflang = valueOf(tag, "hreflang");
        link.nofollow = !link.rel.empty() && hasWord(link.rel, "nofollow");
      }
      visitor->link(link);
    }
    void tellIf(ScannedLink::Kind kind, const TagToken& tag, std::string_view attribute) {
      if (const std::string_view* href = tag.find(attribute)) tell(kind, tag, *href);
    }

    void readLink(const TagToken& tag) {
      const std::string_view* rel = tag.find("rel");
      const std::string_view* href = tag.find("href");
      if (!rel || !href) return;
      if (hasWord(*rel, "canonical"))
        tell(ScannedLink::Kind::kCanonical, tag, *href);
      else if (hasWord(*rel, "alternate") && !hasWord(*rel, "stylesheet"))
        tell(ScannedLink::Kind::kAlternate, tag, *href);
      else if (everything)
        tell(ScannedLink::Kind::kResource, tag, *href);
    }

    void readImages(const TagToken& tag, Tag kind) {
      tellIf(kind == Tag::kImg ? ScannedLink::Kind::kImage : ScannedLink::Kind::kMedia, tag, "src");
      std::string_view rest = valueOf(tag, "srcset"), url, descriptor;
      while (nextCandidate(rest, url, descriptor)) tell(ScannedLink::Kind::kCandidate, tag, url, descriptor);
    }

    void readMeta(const TagToken& tag) {
      const std::string_view* content = tag.find("content");
      if (!content) return;
      if (const std::string_view* name = tag.find("name"); name && same(trimmed(*name), "robots")) {
        const bool none = hasWord(*content, "none", true);
        nofollow |= none || hasWord(*content, "nofollow", true);
        noindex |= none || hasWord(*content, "noindex", true);
      }
      const std::string_view* equiv = tag.find("http-equiv");
      ScannedLink link;
      if (!equiv || !same(trimmed(*equiv), "refresh") || !parseRefresh(*content, link.delay, link.href)) return;
      link.kind = ScannedLink::Kind::kRefresh;
      link.href = trimmed(link.href);
      link.begin = tag.begin;
      visitor->link(link);
    }
  };

  /// Who wants the text of links as well. Its calls hide the other's: nothing here is virtual.
  struct TextSink : Sink {
    static constexpr bool kDataText = true;
    std::string linkText;
    bool inLink = false;

    State startTag(const TagToken& tag) {
      if (tag.name != "a") return Sink::startTag(tag);
      endLink();
      const std::size_t before = anchors;
      const State next = Sink::startTag(tag);
      inLink = anchors > before;
      return next;
    }
    void endTag(const TagToken& tag) {
      if (tag.name == "a") endLink();
      Sink::endTag(tag);
    }
    void text(std::string_view text, std::uint64_t offset) {
      if (inLink && linkText.size() < kMaxText) linkText += text.substr(0, wholeCharacters(text, kMaxText - linkText.size()));
      Sink::text(text, offset);
    }
    void endLink() {
      if (!inLink) return;
      inLink = false;
      visitor->linkText(linkText);
      linkText.clear();
    }
    static std::size_t wholeCharacters(std::string_view text, std::size_t most) noexcept {
      if (text.size() <= most) return text.size();
      while (most && (static_cast<unsigned char>(text[most]) & 0xC0) == 0x80) --most;
      return most;
    }
  };

  Impl(LinkVisitor& visitor, LinkScope scope, LinkText text) : sink{}, machine(sink) {
    sink.visitor = &visitor;
    sink.everything = scope == LinkScope::kEverything;
    if (text == LinkText::kWanted) textMachine.emplace(sink);
  }

  TextSink sink;
  internal::TokenizerMachine<Sink> machine;
  std::optional<internal::TokenizerMachine<TextSink>> textMachine;    // in its place
};

LinkScanner::LinkScanner(LinkVisitor& visitor, LinkScope scope, LinkText text) : impl_(std::make_unique<Impl>(visitor, scope, text)) {}
LinkScanner::~LinkScanner() = default;
LinkScanner::LinkScanner(LinkScanner&&) noexcept = default;
LinkScanner& LinkScanner::operator=(LinkScanner&&) noexcept = default;

void LinkScanner::feed(std::string_view chunk) {
  if (impl_->textMachine) return impl_->textMachine->feed(chunk);
  impl_->machine.feed(chunk);
}

void LinkScanner::finish() {
  if (!impl_->textMachine) return impl_->machine.finish();
  impl_->textMachine->finish();
  impl_->sink.endLink();
}

void LinkScanner::reset() {
  impl_->machine.reset();
  if (impl_->textMachine) impl_->textMachine->reset();
  Impl::TextSink& s = impl_->sink;
  s.linkText.clear();
  s.inLink = false;
  s.base.clear(), s.title.clear(), s.foreign.clear(), s.open.fill(0);
  s.anchors = 0;
  s.hasBase = s.hasTitle = s.inTitle = s.nofollow = s.noindex = false;
}

std::string LinkScanner::title() const {
  const std::string& raw = impl_->sink.title;
  if (isUtf8(raw)) return squeezed(raw);
  std::string mended;
  appendMended(mended, raw);
  return squeezed(mended);
}
const std::string& LinkScanner::base() const noexcept { return impl_->sink.base; }
std::size_t LinkScanner::anchors() const noexcept { return impl_->sink.anchors; }
bool LinkScanner::robotsNofollow() const noexcept { return impl_->sink.nofollow; }
bool LinkScanner::robotsNoindex() const noexcept { return impl_->sink.noindex; }

bool parseRefresh(std::string_view content, double& delay, std::string_view& url) noexcept {
  std::size_t i = 0;
  const auto at = [&](std::size_t k) { return k < content.size() ? content[k] : '\0'; };
  const auto skipSpace = [&] {
    while (i < content.size() && internal::isSpace(content[i])) ++i;
  };
  skipSpace();
  const std::size_t digits = i;
  double seconds = 0;
  for (; internal::isDigit(at(i)); ++i) seconds = seconds * 10 + (content[i] - '0');
  if (i == digits && at(i) != '.') return false;
  double scale = 0.1;
  for (bool fraction = false; internal::isDigit(at(i)) || at(i) == '.'; ++i) {
    if (content[i] == '.') {
      fraction = true;
    } else if (fraction) {
      seconds += (content[i] - '0') * scale;
      scale /= 10;
    }
  }
  delay = seconds;
  if (i >= content.size() || (at(i) != ';' && at(i) != ',' && !internal::isSpace(at(i)))) return false;
  skipSpace();
  if (at(i) == ';' || at(i) == ',') ++i;
  skipSpace();
  if (i >= content.size()) return false;
  std::string_view rest = content.substr(i);
  if (rest.size() >= 3 && same(rest.substr(0, 3), "url")) {
    std::size_t k = 3;
    while (k < rest.size() && internal::isSpace(rest[k])) ++k;
    if (k < rest.size() && rest[k] == '=') {
      ++k;
      while (k < rest.size() && internal::isSpace(rest[k])) ++k;
      rest.remove_prefix(k);
    }
  }
  if (!rest.empty() && (rest[0] == '"' || rest[0] == '\'')) {
    const char quote = rest[0];
    rest.remove_prefix(1);
    rest = rest.substr(0, rest.find(quote));
  }
  url = rest;
  return !rest.empty();
}

bool nextCandidate(std::string_view& srcset, std::string_view& url, std::string_view& descriptor) noexcept {
  std::size_t i = 0;
  while (i < srcset.size() && (internal::isSpace(srcset[i]) || srcset[i] == ',')) ++i;
  srcset.remove_prefix(i);
  if (srcset.empty()) return false;
  i = 0;
  while (i < srcset.size() && !internal::isSpace(srcset[i])) ++i;
  url = srcset.substr(0, i);
  srcset.remove_prefix(i);
  descriptor = {};
  if (url.back() == ',') {  // nothing but commas was skipped above: something stands before it
    while (url.back() == ',') url.remove_suffix(1);
    return true;
  }
  // Descriptors go on to the next comma that is not in parentheses.
  bool inParentheses = false;
  for (i = 0; i < srcset.size() && (inParentheses || srcset[i] != ','); ++i) {
    if (srcset[i] == '(') inParentheses = true;
    if (srcset[i] == ')') inParentheses = false;
  }
  descriptor = trimmed(srcset.substr(0, i));
  srcset.remove_prefix(i);
  return true;
}

}  // namespace weft::html
