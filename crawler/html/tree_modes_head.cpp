// The insertion modes before, around and after the body (section 13.2.6.4).
#include <weft/crawler/html/internal/tree_construction.hpp>

#include <algorithm>
#include <array>

namespace weft::html::internal {
namespace {

bool sameNoCase(std::string_view a, std::string_view lower) noexcept {
  return a.size() == lower.size() &&
         std::equal(a.begin(), a.end(), lower.begin(), [](char x, char y) { return toLower(x) == y; });
}
bool startsNoCase(std::string_view a, std::string_view lower) noexcept {
  return a.size() >= lower.size() && sameNoCase(a.substr(0, lower.size()), lower);
}

/// The DOCTYPEs that ask for quirks mode (section 13.2.6.4.1).
bool asksForQuirks(const DoctypeToken& d) noexcept {
  // clang-format off
  static constexpr std::string_view kPrefixes[] = {
      "+//silmaril//dtd html pro v0r11 19970101//", "-//as//dtd html 3.0 aswedit + extensions//", "-//advasoft ltd//dtd html 3.0 aswedit + extensions//",
      "-//ietf//dtd html 2.0 level 1//", "-//ietf//dtd html 2.0 level 2//", "-//ietf//dtd html 2.0 strict level 1//",
      "-//ietf//dtd html 2.0 strict level 2//", "-//ietf//dtd html 2.0 strict//", "-//ietf//dtd html 2.0//", "-//ietf//dtd html 2.1e//",
      "-//ietf//dtd html 3.0//", "-//ietf//dtd html 3.2 final//", "-//ietf//dtd html 3.2//", "-//ietf//dtd html 3//",
      "-//ietf//dtd html level 0//", "-//ietf//dtd html level 1//", "-//ietf//dtd html level 2//", "-//ietf//dtd html level 3//",
      "-//ietf//dtd html strict level 0//", "-//ietf//dtd html strict level 1//", "-//ietf//dtd html strict level 2//",
      "-//ietf//dtd html strict level 3//", "-//ietf//dtd html strict//", "-//ietf//dtd html//", "-//metrius//dtd metrius presentational//",
      "-//microsoft//dtd internet explorer 2.0 html strict//", "-//microsoft//dtd internet explorer 2.0 html//",
      "-//microsoft//dtd internet explorer 2.0 tables//", "-//microsoft//dtd internet explorer 3.0 html strict//",
      "-//microsoft//dtd internet explorer 3.0 html//", "-//microsoft//dtd internet explorer 3.0 tables//",
      "-//netscape comm. corp.//dtd html//", "-//netscape comm. corp.//dtd strict html//", "-//o'reilly and associates//dtd html 2.0//",
      "-//o'reilly and associates//dtd html extended 1.0//", "-//o'reilly and associates//dtd html extended relaxed 1.0//",
      "-//sq//dtd html 2.0 hotmetal + extensions//", "-//softquad software//dtd hotmetal pro 6.0::19990601::extensions to html 4.0//",
      "-//softquad//dtd hotmetal pro 4.0::19971010::extensions to html 4.0//", "-//spyglass//dtd html 2.0 extended//",
      "-//sun microsystems corp.//dtd hotjava html//", "-//sun microsystems corp.//dtd hotjava strict html//", "-//w3c//dtd html 3 1995-03-24//",
      "-//w3c//dtd html 3.2 draft//", "-//w3c//dtd html 3.2 final//", "-//w3c//dtd html 3.2//", "-//w3c//dtd html 3.2s draft//",
      "-//w3c//dtd html 4.0 frameset//", "-//w3c//dtd html 4.0 transitional//", "-//w3c//dtd html experimental 19960712//",
      "-//w3c//dtd html experimental 970421//", "-//w3c//dtd w3 html//", "-//w3o//dtd w3 html 3.0//", "-//webtechs//dtd mozilla html 2.0//",
      "-//webtechs//dtd mozilla html//"};
  // clang-format on
  if (d.forceQuirks || d.name != "html") return true;
  if (d.hasSystemId && sameNoCase(d.systemId, "http://www.ibm.com/data/dtd/v11/ibmxhtml1-transitional.dtd"))
    return true;
  if (!d.hasPublicId) return false;
  for (std::string_view whole : {"-//w3o//dtd w3 html strict 3.0//en//", "-/w3c/dtd html 4.0 transitional/en", "html"})
    if (sameNoCase(d.publicId, whole)) return true;
  for (std::string_view prefix : kPrefixes)
    if (startsNoCase(d.publicId, prefix)) return true;
  return !d.hasSystemId && (startsNoCase(d.publicId, "-//w3c//dtd html 4.01 frameset//") ||
                            startsNoCase(d.publicId, "-//w3c//dtd html 4.01 transitional//"));
}

}  // namespace

void TreeConstruction::doctype(const DoctypeToken& token) {
  skipLineFeed_ = false;
  if (mode_ == Mode::kInTableText)
    inTableText({Kind::kEof, 0, nullptr, {}});  // a DOCTYPE ends pending table text as every token does
  if (mode_ != Mode::kInitial || fragment_) return;
  const NodeId node = newNode(NodeType::kDoctype);
  nodes_[node].name = document_.names_.intern(token.name);
  nodes_[node].size = token.hasPublicId || token.hasSystemId;
  document_.publicId_ = token.publicId;
  document_.systemId_ = token.systemId;
  document_.quirks_ = asksForQuirks(token);
  link(node, {kDocumentNode, kNoNode});
  mode_ = Mode::kBeforeHtml;
}

bool TreeConstruction::initial(const Token& token) {
  if (token.kind == Kind::kSpace) return true;
  if (token.kind == Kind::kComment) {
    insertComment(token.text, kDocumentNode);
    return true;
  }
  document_.quirks_ = true;
  mode_ = Mode::kBeforeHtml;
  return false;
}

bool TreeConstruction::beforeHtml(const Token& token) {
  if (token.kind == Kind::kSpace) return true;
  if (token.kind == Kind::kComment) {
    insertComment(token.text, kDocumentNode);
    return true;
  }
  const bool given = token.start(known::kHtml);
  if (token.kind == Kind::kEnd && token.name != known::kHead && token.name != known::kBody &&
      token.name != known::kHtml && token.name != known::kBr)
    return true;
  const TagToken empty;
  const NodeId root = newElement(given ? *token.tag : empty, known::kHtml, Namespace::kHtml);
  link(root, {kDocumentNode, kNoNode});
  pushOpen(root, known::kHtml);
  mode_ = Mode::kBeforeHead;
  return given;
}

bool TreeConstruction::beforeHead(const Token& token) {
  if (token.kind == Kind::kSpace) return true;
  if (token.kind == Kind::kComment) {
    insertComment(token.text);
    return true;
  }
  if (token.start(known::kHtml)) return inBody(token);
  if (token.start(known::kHead)) {
    head_ = insertElement(token);
    mode_ = Mode::kInHead;
    return true;
  }
  if (token.kind == Kind::kEnd && token.name != known::kHead && token.name != known::kBody &&
      token.name != known::kHtml && token.name != known::kBr)
    return true;
  head_ = insertNamed(known::kHead);
  mode_ = Mode::kInHead;
  return false;
}

bool TreeConstruction::inHead(const Token& token) {
  switch (token.kind) {
    case Kind::kSpace: insertText(token.text); return true;
    case Kind::kComment: insertComment(token.text); return true;
    case Kind::kStart:
      switch (token.name) {
        case known::kHtml: return inBody(token);
        case known::kBase:
        case known::kBasefont:
        case known::kBgsound:
        case known::kLink:
        case known::kMeta: insertVoid(token); return true;
        case known::kTitle: parseAs(token, State::kRcdata); return true;
        case known::kNoframes:
        case known::kStyle: parseAs(token, State::kRawtext); return true;
        case known::kNoscript:
          if (options_.scripting) {
            parseAs(token, State::kRawtext);
          } else {
            insertElement(token);
            mode_ = Mode::kInHeadNoscript;
          }
          return true;
        case known::kScript: parseAs(token, State::kScriptData); return true;
        case known::kTemplate:
          insertElement(token);
          pushMarker();
          framesetOk_ = false;
          mode_ = Mode::kInTemplate;
          templateModes_.push_back(Mode::kInTemplate);
          return true;
        case known::kHead: return true;
        default: break;
      }
      break;
    case Kind::kEnd:
      switch (token.name) {
        case known::kHead:
          popOpen();
          mode_ = Mode::kAfterHead;
          return true;
        case known::kBody:
        case known::kHtml:
        case known::kBr: break;
        case known::kTemplate:
          if (open_.last(known::kTemplate) < 0) return true;
          generateAllImpliedEndTags();
          popUntil(known::kTemplate);
          clearFormattingToMarker();
          templateModes_.pop_back();
          resetInsertionMode();
          return true;
        default: return true;
      }
      break;
    default: break;
  }
  popOpen();
  mode_ = Mode::kAfterHead;
  return false;
}

bool TreeConstruction::inHeadNoscript(const Token& token) {
  if (token.kind == Kind::kSpace || token.kind == Kind::kComment) return inHead(token);
  if (token.kind == Kind::kStart) {
    switch (token.name) {
      case known::kHtml: return inBody(token);
      case known::kBasefont:
      case known::kBgsound:
      case known::kLink:
      case known::kMeta:
      case known::kNoframes:
      case known::kStyle: return inHead(token);
      case known::kHead:
      case known::kNoscript: return true;
      default: break;
    }
  } else if (token.kind == Kind::kEnd) {
    if (token.name == known::kNoscript) {
      popOpen();
      mode_ = Mode::kInHead;
      return true;
    }
    if (token.name != known::kBr) return true;
  }
  popOpen();
  mode_ = Mode::kInHead;
  return false;
}

bool TreeConstruction::afterHead(const Token& token) {
  switch (token.kind) {
    case Kind::kSpace: insertText(token.text); return true;
    case Kind::kComment: insertComment(token.text); return true;
    case Kind::kStart:
      switch (token.name) {
        case known::kHtml: return inBody(token);
        case known::kBody:
          insertElement(token);
          framesetOk_ = false;
          mode_ = Mode::kInBody;
          return true;
        case known::kFrameset:
          insertElement(token);
          mode_ = Mode::kInFrameset;
          return true;
        case known::kBase:
        case known::kBasefont:
        case known::kBgsound:
        case known::kLink:
        case known::kMeta:
        case known::kNoframes:
        case known::kScript:
        case known::kStyle:
        case known::kTemplate:
        case known::kTitle: {
          const NodeId head = head_;
          pushOpen(head, known::kHead);
          inHead(token);
          nodes_[head].flags &= static_cast<std::uint16_t>(~kOpenFlag);
          open_.erase(open_.indexOf(head, known::kHead));
          return true;
        }
        case known::kHead: return true;
        default: break;
      }
      break;
    case Kind::kEnd:
      if (token.name == known::kTemplate) return inHead(token);
      if (token.name != known::kBody && token.name != known::kHtml && token.name != known::kBr) return true;
      break;
    default: break;
  }
  insertNamed(known::kBody);
  mode_ = Mode::kInBody;
  return false;
}

/// Within <script>, <style>, <title> and the like.
bool TreeConstruction::inText(const Token& token) {
  if (token.kind == Kind::kText || token.kind == Kind::kSpace || token.kind == Kind::kNull) {
    insertText(token.text);
    return true;
  }
  popOpen();
  mode_ = originalMode_;
  return token.kind == Kind::kEnd;
}

bool TreeConstruction::afterBody(const Token& token) {
  if (token.kind == Kind::kSpace || token.start(known::kHtml)) return inBody(token);
  if (token.kind == Kind::kComment) {
    insertComment(token.text, open_[0].node);
    return true;
  }
  if (token.end(known::kHtml)) {
    if (!fragment_) mode_ = Mode::kAfterAfterBody;
    return true;
  }
  if (token.kind == Kind::kEof) return true;
  mode_ = Mode::kInBody;
  return false;
}

bool TreeConstruction::inFrameset(const Token& token) {
  switch (token.kind) {
    case Kind::kSpace: insertText(token.text); break;
    case Kind::kComment: insertComment(token.text); break;
    case Kind::kStart:
      if (token.name == known::kHtml) return inBody(token);
      if (token.name == known::kFrameset)
        insertElement(token);
      else if (token.name == known::kFrame)
        insertVoid(token);
      else if (token.name == known::kNoframes)
        return inHead(token);
      break;
    case Kind::kEnd:
      if (token.name == known::kFrameset && open_.size() > 1) {
        popOpen();
        if (!fragment_ && !currentIs(known::kFrameset)) mode_ = Mode::kAfterFrameset;
      }
      break;
    default: break;
  }
  return true;
}

bool TreeConstruction::afterFrameset(const Token& token) {
  switch (token.kind) {
    case Kind::kSpace: insertText(token.text); break;
    case Kind::kComment: insertComment(token.text); break;
    case Kind::kStart:
      if (token.name == known::kHtml) return inBody(token);
      if (token.name == known::kNoframes) return inHead(token);
      break;
    case Kind::kEnd:
      if (token.name == known::kHtml) mode_ = Mode::kAfterAfterFrameset;
      break;
    default: break;
  }
  return true;
}

bool TreeConstruction::afterAfterBody(const Token& token) {
  if (token.kind == Kind::kComment) {
    insertComment(token.text, kDocumentNode);
    return true;
  }
  if (token.kind == Kind::kSpace || token.start(known::kHtml)) return inBody(token);
  if (token.kind == Kind::kEof) return true;
  mode_ = Mode::kInBody;
  return false;
}

bool TreeConstruction::afterAfterFrameset(const Token& token) {
  if (token.kind == Kind::kComment)
    insertComment(token.text, kDocumentNode);
  else if (token.kind == Kind::kSpace || token.start(known::kHtml))
    return inBody(token);
  else if (token.start(known::kNoframes))
    return inHead(token);
  return true;
}

}  // namespace weft::html::internal
