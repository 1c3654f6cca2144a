// The "in body" insertion mode (section 13.2.6.4.7).
#include <weft/crawler/html/internal/tree_construction.hpp>

#include <algorithm>

namespace weft::html::internal {

bool TreeConstruction::inBody(const Token& token) {
  switch (token.kind) {
    case Kind::kNull: return true;
    case Kind::kSpace:
      reconstructFormatting();
      insertText(token.text);
      return true;
    case Kind::kText:
      reconstructFormatting();
      insertText(token.text);
      framesetOk_ = false;
      return true;
    case Kind::kComment: insertComment(token.text); return true;
    case Kind::kEof: return templateModes_.empty() ? true : inTemplate(token);
    case Kind::kStart: return bodyStart(token);
    case Kind::kEnd: return bodyEnd(token);
  }
  return true;
}

void TreeConstruction::closeP() {
  generateImpliedEndTags(known::kP);
  popUntil(known::kP);
}

bool TreeConstruction::bodyStart(const Token& token) {
  const auto closePInScope = [&] {
    if (inScope(known::kP, kButtonScope)) closeP();
  };
  const auto formatting = [&] {
    reconstructFormatting();
    pushFormatting(insertElement(token));
  };
  switch (token.name) {
    case known::kHtml:
      if (open_.last(known::kTemplate) < 0) addMissingAttributes(open_[0].node, *token.tag);
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
    case known::kTitle: return inHead(token);
    case known::kBody:
      if (open_.size() < 2 || open_[1].name != known::kBody || open_.last(known::kTemplate) >= 0) return true;
      framesetOk_ = false;
      addMissingAttributes(open_[1].node, *token.tag);
      return true;
    case known::kFrameset:
      if (open_.size() < 2 || open_[1].name != known::kBody || !framesetOk_) return true;
      unlink(open_[1].node);
      popTo(1);
      insertElement(token);
      mode_ = Mode::kInFrameset;
      return true;
    case known::kAddress:
    case known::kArticle:
    case known::kAside:
    case known::kBlockquote:
    case known::kCenter:
    case known::kDetails:
    case known::kDialog:
    case known::kDir:
    case known::kDiv:
    case known::kDl:
    case known::kFieldset:
    case known::kFigcaption:
    case known::kFigure:
    case known::kFooter:
    case known::kHeader:
    case known::kHgroup:
    case known::kMain:
    case known::kMenu:
    case known::kNav:
    case known::kOl:
    case known::kP:
    case known::kSearch:
    case known::kSection:
    case known::kSummary:
    case known::kUl:
      closePInScope();
      insertElement(token);
      return true;
    case known::kH1:
    case known::kH2:
    case known::kH3:
    case known::kH4:
    case known::kH5:
    case known::kH6:
      closePInScope();
      if (open_.top().ns == Namespace::kHtml && open_.top().name >= known::kH1 && open_.top().name <= known::kH6)
        popOpen();
      insertElement(token);
      return true;
    case known::kPre:
    case known::kListing:
      closePInScope();
      insertElement(token);
      skipLineFeed_ = true;
      framesetOk_ = false;
      return true;
    case known::kForm: {
      const bool inTemplate = open_.last(known::kTemplate) >= 0;
      if (form_ && !inTemplate) return true;
      closePInScope();
      const NodeId form = insertElement(token);
      if (!inTemplate) form_ = form;
      return true;
    }
    case known::kLi: {
      framesetOk_ = false;
      const int stop = open_.nearest(kSpecialNotPlain);
      if (stop >= 0 && open_[stop].name == known::kLi && open_[stop].ns == Namespace::kHtml) {
        generateImpliedEndTags(known::kLi);
        popUntil(known::kLi);
      }
      closePInScope();
      insertElement(token);
      return true;
    }
    case known::kDd:
    case known::kDt: {
      framesetOk_ = false;
      const int stop = open_.nearest(kSpecialNotPlain);
      if (stop >= 0 && (open_[stop].name == known::kDd || open_[stop].name == known::kDt) &&
          open_[stop].ns == Namespace::kHtml) {
        const Atom name = open_[stop].name;
        generateImpliedEndTags(name);
        popUntil(name);
      }
      closePInScope();
      insertElement(token);
      return true;
    }
    case known::kPlaintext:
      closePInScope();
      insertElement(token);
      nextState_ = State::kPlaintext;
      return true;
    case known::kButton:
      if (inScope(known::kButton)) {
        generateImpliedEndTags();
        popUntil(known::kButton);
      }
      reconstructFormatting();
      insertElement(token);
      framesetOk_ = false;
      return true;
    case known::kA:
      if (const int index = formattingIndex(known::kA); index >= 0) {
        const NodeId node = formatting_[static_cast<std::size_t>(index)].node;
        adopt({Kind::kEnd, known::kA, token.tag, {}});
        removeFormatting(node);
        if (nodes_[node].flags & kOpenFlag) {
          nodes_[node].flags &= static_cast<std::uint16_t>(~kOpenFlag);
          open_.erase(open_.indexOf(node, known::kA));
        }
      }
      formatting();
      return true;
    case known::kB:
    case known::kBig:
    case known::kCode:
    case known::kEm:
    case known::kFont:
    case known::kI:
    case known::kS:
    case known::kSmall:
    case known::kStrike:
    case known::kStrong:
    case known::kTt:
    case known::kU: formatting(); return true;
    case known::kNobr:
      reconstructFormatting();
      if (inScope(known::kNobr)) {
        adopt({Kind::kEnd, known::kNobr, token.tag, {}});
        reconstructFormatting();
      }
      pushFormatting(insertElement(token));
      return true;
    case known::kApplet:
    case known::kMarquee:
    case known::kObject:
      reconstructFormatting();
      insertElement(token);
      pushMarker();
      framesetOk_ = false;
      return true;
    case known::kTable:
      if (!document_.quirks_) closePInScope();
      insertElement(token);
      framesetOk_ = false;
      mode_ = Mode::kInTable;
      return true;
    case known::kArea:
    case known::kBr:
    case known::kEmbed:
    case known::kImg:
    case known::kKeygen:
    case known::kWbr:
      reconstructFormatting();
      insertVoid(token);
      framesetOk_ = false;
      return true;
    case known::kInput: {
      if (fragment_ && context_.ns == Namespace::kHtml && context_.name == known::kSelect) return true;
      if (inScope(known::kSelect)) popUntil(known::kSelect);
      reconstructFormatting();
      insertVoid(token);
      const std::string_view* type = token.tag->find("type");
      std::string lower(type ? *type : "");
      for (char& c : lower) c = toLower(c);
      if (lower != "hidden") framesetOk_ = false;
      return true;
    }
    case known::kParam:
    case known::kSource:
    case known::kTrack: insertVoid(token); return true;
    case known::kHr:
      closePInScope();
      if (inScope(known::kSelect)) generateImpliedEndTags();
      insertVoid(token);
      framesetOk_ = false;
      return true;
    case known::kImage: return bodyStart({Kind::kStart, known::kImg, token.tag, {}});
    case known::kTextarea:
      insertElement(token);
      skipLineFeed_ = true;
      nextState_ = State::kRcdata;
      originalMode_ = mode_;
      framesetOk_ = false;
      mode_ = Mode::kText;
      return true;
    case known::kXmp:
      closePInScope();
      reconstructFormatting();
      framesetOk_ = false;
      parseAs(token, State::kRawtext);
      return true;
    case known::kIframe:
      framesetOk_ = false;
      parseAs(token, State::kRawtext);
      return true;
    case known::kNoembed: parseAs(token, State::kRawtext); return true;
    case known::kNoscript:
      if (options_.scripting) {
        parseAs(token, State::kRawtext);
        return true;
      }
      break;
    case known::kSelect:
      if (fragment_ && context_.ns == Namespace::kHtml && context_.name == known::kSelect) return true;
      if (inScope(known::kSelect)) {
        popUntil(known::kSelect);
        return true;
      }
      reconstructFormatting();
      insertElement(token);
      framesetOk_ = false;
      return true;
    case known::kOptgroup:
    case known::kOption:
      if (inScope(known::kSelect))
        generateImpliedEndTags(token.name == known::kOption ? known::kOptgroup : known::kNone);
      else if (currentIs(known::kOption))
        popOpen();
      break;
    case known::kRb:
    case known::kRtc:
      if (inScope(known::kRuby)) generateImpliedEndTags();
      insertElement(token);
      return true;
    case known::kRp:
    case known::kRt:
      if (inScope(known::kRuby)) generateImpliedEndTags(known::kRtc);
      insertElement(token);
      return true;
    case known::kMath:
    case known::kSvg:
      reconstructFormatting();
      insertForeign(token, token.name == known::kMath ? Namespace::kMathMl : Namespace::kSvg);
      return true;
    case known::kCaption:
    case known::kCol:
    case known::kColgroup:
    case known::kFrame:
    case known::kHead:
    case known::kTbody:
    case known::kTd:
    case known::kTfoot:
    case known::kTh:
    case known::kThead:
    case known::kTr: return true;
    default: break;
  }
  reconstructFormatting();
  insertElement(token);
  return true;
}

bool TreeConstruction::bodyEnd(const Token& token) {
  switch (token.name) {
    case known::kTemplate: return inHead(token);
    case known::kBody:
      if (inScope(known::kBody)) mode_ = Mode::kAfterBody;
      return true;
    case known::kHtml:
      if (!inScope(known::kBody)) return true;
      mode_ = Mode::kAfterBody;
      return false;
    case known::kAddress:
    case known::kArticle:
    case known::kAside:
    case known::kBlockquote:
    case known::kButton:
    case known::kCenter:
    case known::kDetails:
    case known::kDialog:
    case known::kDir:
    case known::kDiv:
    case known::kDl:
    case known::kFieldset:
    case known::kFigcaption:
    case known::kFigure:
    case known::kFooter:
    case known::kHeader:
    case known::kHgroup:
    case known::kListing:
    case known::kMain:
    case known::kMenu:
    case known::kNav:
    case known::kOl:
    case known::kPre:
    case known::kSearch:
    case known::kSection:
    case known::kSelect:
    case known::kSummary:
    case known::kUl:
      if (!inScope(token.name)) return true;
      generateImpliedEndTags();
      popUntil(token.name);
      return true;
    case known::kForm: {
      if (open_.last(known::kTemplate) >= 0) {
        if (!inScope(known::kForm)) return true;
        generateImpliedEndTags();
        popUntil(known::kForm);
        return true;
      }
      const NodeId node = form_;
      form_ = kNoNode;
      if (!node || !(nodes_[node].flags & kOpenFlag)) return true;
      const int index = open_.indexOf(node, known::kForm);
      if (index < open_.nearest(kScope)) return true;
      generateImpliedEndTags();
      nodes_[node].flags &= static_cast<std::uint16_t>(~kOpenFlag);
      open_.erase(index);
      return true;
    }
    case known::kP:
      if (!inScope(known::kP, kButtonScope)) insertNamed(known::kP);
      closeP();
      return true;
    case known::kLi:
      if (!inScope(known::kLi, kListItemScope)) return true;
      generateImpliedEndTags(known::kLi);
      popUntil(known::kLi);
      return true;
    case known::kDd:
    case known::kDt:
      if (!inScope(token.name)) return true;
      generateImpliedEndTags(token.name);
      popUntil(token.name);
      return true;
    case known::kH1:
    case known::kH2:
    case known::kH3:
    case known::kH4:
    case known::kH5:
    case known::kH6: {
      int index = -1;
      for (Atom name = known::kH1; name <= known::kH6; ++name) index = std::max(index, open_.last(name));
      if (index < 0 || index < open_.nearest(kScope)) return true;
      generateImpliedEndTags();
      popTo(index);
      return true;
    }
    case known::kA:
    case known::kB:
    case known::kBig:
    case known::kCode:
    case known::kEm:
    case known::kFont:
    case known::kI:
    case known::kNobr:
    case known::kS:
    case known::kSmall:
    case known::kStrike:
    case known::kStrong:
    case known::kTt:
    case known::kU: adopt(token); return true;
    case known::kApplet:
    case known::kMarquee:
    case known::kObject:
      if (!inScope(token.name)) return true;
      generateImpliedEndTags();
      popUntil(token.name);
      clearFormattingToMarker();
      return true;
    case known::kBr: {
      reconstructFormatting();
      insertNamed(known::kBr);
      popOpen();
      framesetOk_ = false;
      return true;
    }
    default: anyOtherEndTag(token); return true;
  }
}

/// Up the stack to the element of that name, unless a special one is on the way.
void TreeConstruction::anyOtherEndTag(const Token& token) {
  const int index = open_.last(token.name);
  if (index < 0 || index < open_.nearest(kSpecial)) return;
  generateImpliedEndTags(token.name);
  popTo(index);
}

}  // namespace weft::html::internal
