// Tree construction, section 13.2.6: the insertion modes, fed with tokens, writing into a Document.
//
// Where the standard's own algorithms cost more than linear time on hostile input (the adoption agency, reconstructing
// formatting elements), a budget that grows with the input bounds them: see spend(). No page of real life comes near
// it.
#pragma once

#include <weft/crawler/html/document.hpp>
#include <weft/crawler/html/internal/machine.hpp>
#include <weft/crawler/html/internal/open_elements.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace weft::html::internal {

class TreeConstruction {
 public:
  explicit TreeConstruction(Document& document, ParseOptions options);

  /// Prepares for the fragment case, section 13.4. Before any feed().
  void setContext(std::string_view context);

  /// Appends `html` (UTF-8) to the document's source and takes in what it completes.
  void feed(std::string_view html);
  /// The same for the whole of the source at once, which the document already holds.
  void feedSource(std::size_t from);
  void finish();

  /// How many steps all loops took that run over tokens, open or formatting elements, attributes or moved text: what
  /// tests compare at n and 2n.
  std::size_t work() const noexcept { return work_; }

  // What the tokenizer asks and tells (see TokenizerMachine).
  static constexpr bool kDataText = true;
  static constexpr bool kComments = true;
  bool wantsAttributes(std::string_view) const noexcept { return true; }
  State startTag(const TagToken& tag);
  void endTag(const TagToken& tag);
  void text(std::string_view text, std::uint64_t offset);
  void comment(std::string_view text, std::uint64_t offset);
  void doctype(const DoctypeToken& doctype);
  bool allowsCdata() const noexcept { return !open_.empty() && adjustedCurrent().ns != Namespace::kHtml; }

 private:
  enum class Mode : std::uint8_t {
    kInitial,
    kBeforeHtml,
    kBeforeHead,
    kInHead,
    kInHeadNoscript,
    kAfterHead,
    kInBody,
    kText,
    kInTable,
    kInTableText,
    kInCaption,
    kInColumnGroup,
    kInTableBody,
    kInRow,
    kInCell,
    kInTemplate,
    kAfterBody,
    kInFrameset,
    kAfterFrameset,
    kAfterAfterBody,
    kAfterAfterFrameset
  };
  enum class Kind : std::uint8_t {
    kStart,
    kEnd,
    kText,
    kSpace,
    kNull,
    kComment,
    kEof
  };  // text comes in runs of one of the three kinds

  struct Token {
    Kind kind;
    Atom name = 0;                  // tags
    const TagToken* tag = nullptr;  // tags
    std::string_view text;          // text and comments
    bool is(Kind k, Atom n) const noexcept { return kind == k && name == n; }
    bool start(Atom n) const noexcept { return is(Kind::kStart, n); }
    bool end(Atom n) const noexcept { return is(Kind::kEnd, n); }
  };
  struct Formatting {  // an active formatting element, or a marker
    NodeId node = kNoNode;
    Atom name = 0;
    std::uint32_t signature = 0;
  };
  struct Place {  // where a node is to be put: as the last child of parent, or before a child of it
    NodeId parent;
    NodeId before;
  };
  /// What the algorithms that the standard sets no bound to may spend, besides a step for each byte up to the tag in
  /// hand. In the source, not in what was fed: so that a tree is the same however its page was cut.
  static constexpr std::size_t kBudget = 16384;
  static constexpr std::size_t kClone = 4;  // what a copy costs of it, where a look at an element costs 1
  enum Flag : std::uint16_t { kOpenFlag = 1, kHtmlIntegration = 2, kMathTextIntegration = 4, kTemplateFlag = 8, kListedFlag = 16 };  // kListedFlag: perhaps in formatting_

  // tree_construction.cpp
  void process(const Token& token);
  bool inMode(Mode mode, const Token& token);  // false: process it again, in the mode that is current then
  bool isForeign(const Token& token) const noexcept;
  NodeId newNode(NodeType type);
  NodeId newElement(const TagToken& tag, Atom name, Namespace ns);
  NodeId cloneElement(NodeId original);
  void storeText(std::string_view text, std::uint32_t& data, std::uint32_t& size);
  void appendText(NodeId node, std::string_view text);
  void storeAttributes(Node& node, const TagToken& tag, Namespace ns);
  void addMissingAttributes(NodeId id, const TagToken& tag);
  void link(NodeId node, Place place);
  void unlink(NodeId node);
  Place appropriatePlace(NodeId target = kNoNode) const;
  NodeId insertElement(const Token& token, Namespace ns = Namespace::kHtml);
  NodeId insertNamed(Atom name);  // as for a start tag token with no attributes
  void insertVoid(const Token& token);
  void insertText(std::string_view text);
  void insertComment(std::string_view text, NodeId parent = kNoNode);
  void parseAs(const Token& token, State state);  // the generic raw text and RCDATA algorithms
  void pushOpen(NodeId node, Atom tagName);
  void popOpen();
  void popTo(int index);     // so that `index` is gone too
  void popUntil(Atom name);  // so that the topmost HTML element of that name is gone too
  void generateImpliedEndTags(Atom except = 0);
  void generateAllImpliedEndTags();
  void resetInsertionMode();
  NodeId current() const noexcept { return open_.top().node; }
  const OpenElements::Entry& adjustedCurrent() const noexcept {
    return fragment_ && open_.size() == 1 ? context_ : open_.top();
  }
  bool currentIs(Atom name) const noexcept { return open_.top().name == name && open_.top().ns == Namespace::kHtml; }
  bool inScope(Atom name, ElementSet scope = kScope) const noexcept { return open_.inScope(name, scope); }
  void count(std::size_t work) noexcept { work_ += work; }
  bool spend(std::size_t work) noexcept {
    spent_ += work;
    if (spent_ > kBudget + consumed_) return false;
    count(work);
    return true;
  }

  // tree_formatting.cpp: the list of active formatting elements and the adoption agency
  void pushFormatting(NodeId node);
  void pushMarker() { formatting_.emplace_back(); }
  void clearFormattingToMarker();
  void reconstructFormatting();
  std::uint32_t signatureOf(NodeId id) const noexcept;
  bool sameAttributes(NodeId one, NodeId other) const;
  void relist(Formatting& entry, NodeId clone) noexcept;
  int formattingIndex(Atom name) noexcept;  // the last of that name behind the last marker, or -1
  int formattingPlace(NodeId node) noexcept;
  void removeFormatting(NodeId node);
  void adopt(const Token& token);

  // tree_modes_head.cpp
  bool initial(const Token&);
  bool beforeHtml(const Token&);
  bool beforeHead(const Token&);
  bool inHead(const Token&);
  bool inHeadNoscript(const Token&);
  bool afterHead(const Token&);
  bool inText(const Token&);
  bool afterBody(const Token&);
  bool inFrameset(const Token&);
  bool afterFrameset(const Token&);
  bool afterAfterBody(const Token&);
  bool afterAfterFrameset(const Token&);

  // tree_modes_body.cpp
  bool inBody(const Token&);
  bool bodyStart(const Token&);
  bool bodyEnd(const Token&);
  void anyOtherEndTag(const Token&);
  void closeP();

  // tree_foreign.cpp
  bool inForeign(const Token&);
  void insertForeign(const Token&, Namespace ns);

  // tree_modes_table.cpp
  bool inTable(const Token&);
  bool inTableElse(const Token&);
  bool inTableText(const Token&);
  bool inCaption(const Token&);
  bool inColumnGroup(const Token&);
  bool inTableBody(const Token&);
  bool inRow(const Token&);
  bool inCell(const Token&);
  bool inTemplate(const Token&);
  void clearStackTo(Atom a, Atom b = 0, Atom c = 0);
  void closeCell();

  Document& document_;
  PlainArray<Node>& nodes_;
  ParseOptions options_;
  TokenizerMachine<TreeConstruction> machine_;
  OpenElements open_;
  std::vector<Formatting> formatting_;
  std::vector<Mode> templateModes_;
  Mode mode_ = Mode::kInitial, originalMode_ = Mode::kInitial;
  State nextState_ = State::kData;  // where the tokenizer goes on after the start tag in hand
  NodeId head_ = kNoNode, form_ = kNoNode;
  bool fragment_ = false, framesetOk_ = true, fosterParenting_ = false, skipLineFeed_ = false;
  OpenElements::Entry context_{};
  bool contextIntegration_ = false, contextMathText_ = false;
  std::string tableText_;       // pending table character tokens
  bool tableTextSpace_ = true;  // all of them are white space
  std::string unfinished_;      // the bytes of a character that a piece ended within
  bool begun_ = false;          // a byte order mark can no longer come
  std::size_t consumed_ = 0;  // bytes up to the end of the last tag
  std::size_t spent_ = 0, work_ = 0;

  friend class weft::html::Document;
};

/// The element name that SVG means by a lower-case one ("foreignobject" is foreignObject), or the name itself; the
/// attribute name likewise.
std::string_view svgElementName(std::string_view lower) noexcept;
std::string_view svgAttributeName(std::string_view lower) noexcept;

}  // namespace weft::html::internal
