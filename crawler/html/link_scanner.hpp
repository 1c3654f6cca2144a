// What a crawl wants of a page, without building a tree: its title, its base and its links.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace weft::html {

/// Which links a scan tells of.
enum class LinkScope : std::uint8_t {
  kPages,      ///< those that lead to other pages: what a crawl follows
  kEverything  ///< also what the page is made of and where its forms go; costs reading these tags' attributes
};

/// Whether a scan tells of the text of links, which costs reading all text of the page.
enum class LinkText : std::uint8_t { kNone, kWanted };

/// A link, as it stands in the page.
struct ScannedLink {
  enum class Kind : std::uint8_t {
    kAnchor,     ///< <a href>
    kArea,       ///< <area href>
    kFrame,      ///< <iframe src>, <frame src>
    kCanonical,  ///< <link rel=canonical href>
    kAlternate,  ///< <link rel=alternate href>: the page in another language (hreflang) or form; feeds, too
    kRefresh,    ///< <meta http-equiv=refresh content="3; url=...">
    kResource,   ///< any other <link href>: what it is, rel says. From here on in kEverything only
    kImage,      ///< <img src>
    kCandidate,  ///< one of the images of a srcset, of <img> or <source>: which, descriptor says
    kMedia,      ///< <source src>
    kScript,     ///< <script src>
    kForm        ///< <form action>
  };
  Kind kind = Kind::kAnchor;
  bool nofollow = false;        ///< rel has the word nofollow
  double delay = 0;             ///< kRefresh: seconds until a browser would go there
  std::uint64_t begin = 0;      ///< offset of the tag in the page
  std::string_view href;        ///< references decoded, white space at both ends removed
  std::string_view rel;         ///< <a>, <area>, <link>, <form>: the attribute; empty where there is none
  std::string_view hreflang;    ///< <a>, <link>: the attribute
  std::string_view descriptor;  ///< kCandidate: "2x", "640w"; may be empty
};                              // all views die when link() returns

/// Who is told of the links, in page order, from within feed() and finish().
class LinkVisitor {
 public:
  virtual ~LinkVisitor() = default;
  virtual void link(const ScannedLink& link) = 0;
  /// With LinkText::kWanted: the text of the last <a> that link() told of, at its </a>, the next <a> or the end of the
  /// page: all text within, as it stands, of it the first LinkScanner::kMaxText bytes.
  virtual void linkText([[maybe_unused]] std::string_view text) {}
  /// The first <base href>: what the links of the page, those before it too, are relative to.
  virtual void base([[maybe_unused]] std::string_view href) {}
};

/// Reads a page as it arrives, in pieces cut anywhere, and tells a visitor of its links. It sees what a browser without
/// scripts would see: no tags in comments, scripts, styles and titles, and no page title in an SVG drawing.
///
///     struct Links : html::LinkVisitor {
///       void link(const html::ScannedLink& link) override { std::cout << link.href << '\n'; }
///     } links;
///     html::LinkScanner scanner(links);
///     while (auto chunk = nextChunk()) scanner.feed(*chunk);
///     scanner.finish();
///     std::cout << scanner.title() << ", " << scanner.anchors() << " links\n";
///
/// Input is UTF-8; in the title, bytes that are not become U+FFFD; in links they stay, for the URL parser to
/// percent-encode. The visitor is referred to and must outlive the scanner. One thread at a time. Memory stays bounded
/// by the longest tag and the title.
class LinkScanner {
 public:
  static constexpr std::size_t kMaxText = 4096;

  explicit LinkScanner(LinkVisitor& visitor, LinkScope scope = LinkScope::kPages, LinkText text = LinkText::kNone);
  ~LinkScanner();
  LinkScanner(LinkScanner&&) noexcept;
  LinkScanner& operator=(LinkScanner&&) noexcept;

  void feed(std::string_view chunk);
  /// The page ends here. Then only the questions below and reset() make sense.
  void finish();
  /// Ready for another page.
  void reset();

  /// The text of the first <title>, runs of white space as one blank, none at the ends; empty if there is none.
  std::string title() const;
  /// The href of the first <base> that has one; empty if none has.
  const std::string& base() const noexcept;
  /// How many <a> have an href.
  std::size_t anchors() const noexcept;
  /// Whether <meta name=robots> says nofollow (or none), and noindex (or none).
  bool robotsNofollow() const noexcept;
  bool robotsNoindex() const noexcept;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

/// Takes apart the content of a <meta http-equiv=refresh>, as the HTML standard says ("shared declarative refresh
/// steps"). False if it is none, or names no URL. `url` is a view into `content`.
bool parseRefresh(std::string_view content, double& delay, std::string_view& url) noexcept;

/// Whether `word`, in lower case, is one of the words of `list` (an attribute such as rel), letters of either case.
/// White space stands between words, and commas if asked.
bool hasWord(std::string_view list, std::string_view word, bool commas = false) noexcept;

/// Takes the first image candidate off `srcset`; false if there is none left. `url` is never empty, `descriptor` may
/// be. HTML standard, "parse a srcset attribute"; what a descriptor means, or whether it means anything, is the caller's
/// to ask.
bool nextCandidate(std::string_view& srcset, std::string_view& url, std::string_view& descriptor) noexcept;

}  // namespace weft::html
