// Names of elements and attributes as numbers.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace weft::html {

/// A name as a number: 0 is none, the lowest are `known`, the others are given out by a document's NameTable as they
/// are met.
using Atom = std::uint32_t;

// clang-format off
#define WEFT_HTML_NAMES(X) \
    X(kA, "a") X(kAbbr, "abbr") X(kAcronym, "acronym") X(kAddress, "address") X(kApplet, "applet") X(kArea, "area") \
    X(kArticle, "article") X(kAside, "aside") X(kAudio, "audio") X(kB, "b") X(kBase, "base") \
    X(kBasefont, "basefont") X(kBdi, "bdi") X(kBdo, "bdo") X(kBgsound, "bgsound") X(kBig, "big") X(kBlink, "blink") \
    X(kBlockquote, "blockquote") X(kBody, "body") X(kBr, "br") X(kButton, "button") X(kCanvas, "canvas") \
    X(kCaption, "caption") X(kCenter, "center") X(kCite, "cite") X(kCode, "code") X(kCol, "col") \
    X(kColgroup, "colgroup") X(kData, "data") X(kDatalist, "datalist") X(kDd, "dd") X(kDel, "del") \
    X(kDetails, "details") X(kDfn, "dfn") X(kDialog, "dialog") X(kDir, "dir") X(kDiv, "div") X(kDl, "dl") \
    X(kDt, "dt") X(kEm, "em") X(kEmbed, "embed") X(kFieldset, "fieldset") X(kFigcaption, "figcaption") \
    X(kFigure, "figure") X(kFont, "font") X(kFooter, "footer") X(kForm, "form") X(kFrame, "frame") \
    X(kFrameset, "frameset") X(kH1, "h1") X(kH2, "h2") X(kH3, "h3") X(kH4, "h4") X(kH5, "h5") X(kH6, "h6") \
    X(kHead, "head") X(kHeader, "header") X(kHgroup, "hgroup") X(kHr, "hr") X(kHtml, "html") X(kI, "i") \
    X(kIframe, "iframe") X(kImage, "image") X(kImg, "img") X(kInput, "input") X(kIns, "ins") X(kIsindex, "isindex") \
    X(kKbd, "kbd") X(kKeygen, "keygen") X(kLabel, "label") X(kLegend, "legend") X(kLi, "li") X(kLink, "link") \
    X(kListing, "listing") X(kMain, "main") X(kMap, "map") X(kMark, "mark") X(kMarquee, "marquee") X(kMenu, "menu") \
    X(kMenuitem, "menuitem") X(kMeta, "meta") X(kMeter, "meter") X(kMulticol, "multicol") X(kNav, "nav") \
    X(kNextid, "nextid") X(kNobr, "nobr") X(kNoembed, "noembed") X(kNoframes, "noframes") X(kNoscript, "noscript") \
    X(kObject, "object") X(kOl, "ol") X(kOptgroup, "optgroup") X(kOption, "option") X(kOutput, "output") X(kP, "p") \
    X(kParam, "param") X(kPicture, "picture") X(kPlaintext, "plaintext") X(kPre, "pre") X(kProgress, "progress") \
    X(kQ, "q") X(kRb, "rb") X(kRbc, "rbc") X(kRp, "rp") X(kRt, "rt") X(kRtc, "rtc") X(kRuby, "ruby") X(kS, "s") \
    X(kSamp, "samp") X(kScript, "script") X(kSearch, "search") X(kSection, "section") X(kSelect, "select") \
    X(kSlot, "slot") X(kSmall, "small") X(kSource, "source") X(kSpacer, "spacer") X(kSpan, "span") \
    X(kStrike, "strike") X(kStrong, "strong") X(kStyle, "style") X(kSub, "sub") X(kSummary, "summary") \
    X(kSup, "sup") X(kSvg, "svg") X(kTable, "table") X(kTbody, "tbody") X(kTd, "td") X(kTemplate, "template") \
    X(kTextarea, "textarea") X(kTfoot, "tfoot") X(kTh, "th") X(kThead, "thead") X(kTime, "time") X(kTitle, "title") \
    X(kTr, "tr") X(kTrack, "track") X(kTt, "tt") X(kU, "u") X(kUl, "ul") X(kVar, "var") X(kVideo, "video") \
    X(kWbr, "wbr") X(kXmp, "xmp") X(kMath, "math") X(kMi, "mi") X(kMo, "mo") X(kMn, "mn") X(kMs, "ms") \
    X(kMtext, "mtext") X(kMglyph, "mglyph") X(kMalignmark, "malignmark") X(kAnnotationXml, "annotation-xml") \
    X(kMrow, "mrow") X(kMsup, "msup") X(kForeignObject, "foreignObject") X(kDesc, "desc") X(kPath, "path") \
    X(kG, "g") X(kCircle, "circle") X(kRect, "rect") X(kAction, "action") X(kAlign, "align") X(kAlt, "alt") \
    X(kBorder, "border") X(kCharset, "charset") X(kChecked, "checked") X(kClass, "class") X(kColor, "color") \
    X(kColspan, "colspan") X(kContent, "content") X(kDataId, "data-id") X(kDatetime, "datetime") \
    X(kDisabled, "disabled") X(kEncoding, "encoding") X(kFace, "face") X(kFor, "for") X(kHeight, "height") \
    X(kHidden, "hidden") X(kHref, "href") X(kHreflang, "hreflang") X(kHttpEquiv, "http-equiv") X(kId, "id") \
    X(kItemprop, "itemprop") X(kLang, "lang") X(kMedia, "media") X(kMethod, "method") X(kName, "name") \
    X(kOnclick, "onclick") X(kPlaceholder, "placeholder") X(kPrompt, "prompt") X(kProperty, "property") \
    X(kReadonly, "readonly") X(kRel, "rel") X(kRole, "role") X(kRowspan, "rowspan") X(kSelected, "selected") \
    X(kSize, "size") X(kSrc, "src") X(kSrcset, "srcset") X(kTabindex, "tabindex") X(kTarget, "target") \
    X(kType, "type") X(kValue, "value") X(kWidth, "width")
// clang-format on

/// The names that the standard's rules mention, and frequent others: known::kDiv is "div".
namespace known {
#define WEFT_HTML_NAME(identifier, text) identifier,
enum Name : Atom { kNone, WEFT_HTML_NAMES(WEFT_HTML_NAME) kCount };
#undef WEFT_HTML_NAME
}  // namespace known

/// The known name that `text` is, or known::kNone. Case matters.
Atom knownName(std::string_view text) noexcept;

/// The names of one document. Atoms stay valid as long as the table; equal names have equal atoms.
class NameTable {
 public:
  /// The atom of `text`, a new one if it was not met before.
  Atom intern(std::string_view text);
  /// The atom of `text`, or 0 if it was never met.
  Atom find(std::string_view text) const noexcept;
  /// The name of an atom. The view lives until the next intern().
  std::string_view text(Atom atom) const noexcept;
  /// One more than the greatest atom.
  std::size_t size() const noexcept { return known::kCount + names_.size(); }

 private:
  struct Name {
    std::uint32_t offset, size;
  };
  std::size_t slotOf(std::string_view text) const noexcept;
  void grow();

  std::string characters_;
  std::vector<Name> names_;
  std::vector<std::uint32_t> slots_;  // open addressing: index into names_ plus one
};

}  // namespace weft::html
