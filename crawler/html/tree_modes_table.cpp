// The insertion modes of tables and templates (sections 13.2.6.4.9 to 13.2.6.4.16).
#include <weft/crawler/html/internal/tree_construction.hpp>

#include <algorithm>

namespace weft::html::internal {

void TreeConstruction::clearStackTo(Atom a, Atom b, Atom c) {
  for (;;) {
    const OpenElements::Entry& top = open_.top();
    if (top.ns == Namespace::kHtml && (top.name == a || (b && top.name == b) || (c && top.name == c) ||
                                       top.name == known::kTemplate || top.name == known::kHtml))
      return;
    popOpen();
  }
}

bool TreeConstruction::inTable(const Token& token) {
  switch (token.kind) {
    case Kind::kText:
    case Kind::kSpace:
    case Kind::kNull: {
      const Atom name = open_.top().ns == Namespace::kHtml ? open_.top().name : static_cast<Atom>(known::kNone);
      if (name != known::kTable && name != known::kTbody && name != known::kTemplate && name != known::kTfoot &&
          name != known::kThead && name != known::kTr)
        return inTableElse(token);
      tableText_.clear();
      tableTextSpace_ = true;
      originalMode_ = mode_;
      mode_ = Mode::kInTableText;
      return false;
    }
    case Kind::kComment: insertComment(token.text); return true;
    case Kind::kEof: return inBody(token);
    case Kind::kStart:
      switch (token.name) {
        case known::kCaption:
          clearStackTo(known::kTable);
          pushMarker();
          insertElement(token);
          mode_ = Mode::kInCaption;
          return true;
        case known::kColgroup:
          clearStackTo(known::kTable);
          insertElement(token);
          mode_ = Mode::kInColumnGroup;
          return true;
        case known::kCol:
          clearStackTo(known::kTable);
          insertNamed(known::kColgroup);
          mode_ = Mode::kInColumnGroup;
          return false;
        case known::kTbody:
        case known::kTfoot:
        case known::kThead:
          clearStackTo(known::kTable);
          insertElement(token);
          mode_ = Mode::kInTableBody;
          return true;
        case known::kTd:
        case known::kTh:
        case known::kTr:
          clearStackTo(known::kTable);
          insertNamed(known::kTbody);
          mode_ = Mode::kInTableBody;
          return false;
        case known::kTable:
          if (!inScope(known::kTable, kTableScope)) return true;
          popUntil(known::kTable);
          resetInsertionMode();
          return false;
        case known::kStyle:
        case known::kScript:
        case known::kTemplate: return inHead(token);
        case known::kInput: {
          const std::string_view* type = token.tag->find("type");
          std::string lower(type ? *type : "");
          for (char& c : lower) c = toLower(c);
          if (lower != "hidden") break;
          insertVoid(token);
          return true;
        }
        case known::kForm:
          if (open_.last(known::kTemplate) >= 0 || form_) return true;
          form_ = insertElement(token);
          popOpen();
          return true;
        default: break;
      }
      break;
    case Kind::kEnd:
      switch (token.name) {
        case known::kTable:
          if (!inScope(known::kTable, kTableScope)) return true;
          popUntil(known::kTable);
          resetInsertionMode();
          return true;
        case known::kBody:
        case known::kCaption:
        case known::kCol:
        case known::kColgroup:
        case known::kHtml:
        case known::kTbody:
        case known::kTd:
        case known::kTfoot:
        case known::kTh:
        case known::kThead:
        case known::kTr: return true;
        case known::kTemplate: return inHead(token);
        default: break;
      }
      break;
  }
  return inTableElse(token);
}

bool TreeConstruction::inTableElse(const Token& token) {
  fosterParenting_ = true;
  const bool done = inBody(token);
  fosterParenting_ = false;
  return done;
}

bool TreeConstruction::inTableText(const Token& token) {
  switch (token.kind) {
    case Kind::kNull: return true;
    case Kind::kText: tableTextSpace_ = false; [[fallthrough]];
    case Kind::kSpace: tableText_ += token.text; return true;
    default: break;
  }
  mode_ = originalMode_;
  if (!tableText_.empty()) {
    if (tableTextSpace_) {
      insertText(tableText_);
    } else {
      fosterParenting_ = true;
      reconstructFormatting();
      insertText(tableText_);
      framesetOk_ = false;
      fosterParenting_ = false;
    }
    tableText_.clear();
  }
  return false;
}

bool TreeConstruction::inCaption(const Token& token) {
  const auto close = [&] {
    if (!inScope(known::kCaption, kTableScope)) return false;
    generateImpliedEndTags();
    popUntil(known::kCaption);
    clearFormattingToMarker();
    mode_ = Mode::kInTable;
    return true;
  };
  if (token.kind == Kind::kStart) {
    switch (token.name) {
      case known::kCaption:
      case known::kCol:
      case known::kColgroup:
      case known::kTbody:
      case known::kTd:
      case known::kTfoot:
      case known::kTh:
      case known::kThead:
      case known::kTr: return !close();
      default: break;
    }
  } else if (token.kind == Kind::kEnd) {
    switch (token.name) {
      case known::kCaption: close(); return true;
      case known::kTable: return !close();
      case known::kBody:
      case known::kCol:
      case known::kColgroup:
      case known::kHtml:
      case known::kTbody:
      case known::kTd:
      case known::kTfoot:
      case known::kTh:
      case known::kThead:
      case known::kTr: return true;
      default: break;
    }
  }
  return inBody(token);
}

bool TreeConstruction::inColumnGroup(const Token& token) {
  switch (token.kind) {
    case Kind::kSpace: insertText(token.text); return true;
    case Kind::kComment: insertComment(token.text); return true;
    case Kind::kEof: return inBody(token);
    case Kind::kStart:
      if (token.name == known::kHtml) return inBody(token);
      if (token.name == known::kCol) {
        insertVoid(token);
        return true;
      }
      if (token.name == known::kTemplate) return inHead(token);
      break;
    case Kind::kEnd:
      if (token.name == known::kColgroup) {
        if (!currentIs(known::kColgroup)) return true;
        popOpen();
        mode_ = Mode::kInTable;
        return true;
      }
      if (token.name == known::kCol) return true;
      if (token.name == known::kTemplate) return inHead(token);
      break;
    default: break;
  }
  if (!currentIs(known::kColgroup)) return true;
  popOpen();
  mode_ = Mode::kInTable;
  return false;
}

bool TreeConstruction::inTableBody(const Token& token) {
  const auto clear = [&] { clearStackTo(known::kTbody, known::kTfoot, known::kThead); };
  const auto leave = [&] {
    if (!inScope(known::kTbody, kTableScope) && !inScope(known::kThead, kTableScope) &&
        !inScope(known::kTfoot, kTableScope))
      return true;
    clear();
    popOpen();
    mode_ = Mode::kInTable;
    return false;
  };
  if (token.kind == Kind::kStart) {
    switch (token.name) {
      case known::kTr:
        clear();
        insertElement(token);
        mode_ = Mode::kInRow;
        return true;
      case known::kTh:
      case known::kTd:
        clear();
        insertNamed(known::kTr);
        mode_ = Mode::kInRow;
        return false;
      case known::kCaption:
      case known::kCol:
      case known::kColgroup:
      case known::kTbody:
      case known::kTfoot:
      case known::kThead: return leave();
      default: break;
    }
  } else if (token.kind == Kind::kEnd) {
    switch (token.name) {
      case known::kTbody:
      case known::kTfoot:
      case known::kThead:
        if (!inScope(token.name, kTableScope)) return true;
        clear();
        popOpen();
        mode_ = Mode::kInTable;
        return true;
      case known::kTable: return leave();
      case known::kBody:
      case known::kCaption:
      case known::kCol:
      case known::kColgroup:
      case known::kHtml:
      case known::kTd:
      case known::kTh:
      case known::kTr: return true;
      default: break;
    }
  }
  return inTable(token);
}

bool TreeConstruction::inRow(const Token& token) {
  const auto leave = [&] {
    if (!inScope(known::kTr, kTableScope)) return false;
    clearStackTo(known::kTr);
    popOpen();
    mode_ = Mode::kInTableBody;
    return true;
  };
  if (token.kind == Kind::kStart) {
    switch (token.name) {
      case known::kTh:
      case known::kTd:
        clearStackTo(known::kTr);
        insertElement(token);
        mode_ = Mode::kInCell;
        pushMarker();
        return true;
      case known::kCaption:
      case known::kCol:
      case known::kColgroup:
      case known::kTbody:
      case known::kTfoot:
      case known::kThead:
      case known::kTr: return !leave();
      default: break;
    }
  } else if (token.kind == Kind::kEnd) {
    switch (token.name) {
      case known::kTr: leave(); return true;
      case known::kTable: return !leave();
      case known::kTbody:
      case known::kTfoot:
      case known::kThead: return !inScope(token.name, kTableScope) || !leave();
      case known::kBody:
      case known::kCaption:
      case known::kCol:
      case known::kColgroup:
      case known::kHtml:
      case known::kTd:
      case known::kTh: return true;
      default: break;
    }
  }
  return inTable(token);
}

void TreeConstruction::closeCell() {
  generateImpliedEndTags();
  popTo(std::max(open_.last(known::kTd), open_.last(known::kTh)));
  clearFormattingToMarker();
  mode_ = Mode::kInRow;
}

bool TreeConstruction::inCell(const Token& token) {
  if (token.kind == Kind::kStart) {
    switch (token.name) {
      case known::kCaption:
      case known::kCol:
      case known::kColgroup:
      case known::kTbody:
      case known::kTd:
      case known::kTfoot:
      case known::kTh:
      case known::kThead:
      case known::kTr:
        if (!inScope(known::kTd, kTableScope) && !inScope(known::kTh, kTableScope)) return true;
        closeCell();
        return false;
      default: break;
    }
  } else if (token.kind == Kind::kEnd) {
    switch (token.name) {
      case known::kTd:
      case known::kTh:
        if (!inScope(token.name, kTableScope)) return true;
        generateImpliedEndTags();
        popUntil(token.name);
        clearFormattingToMarker();
        mode_ = Mode::kInRow;
        return true;
      case known::kBody:
      case known::kCaption:
      case known::kCol:
      case known::kColgroup:
      case known::kHtml: return true;
      case known::kTable:
      case known::kTbody:
      case known::kTfoot:
      case known::kThead:
      case known::kTr:
        if (!inScope(token.name, kTableScope)) return true;
        closeCell();
        return false;
      default: break;
    }
  }
  return inBody(token);
}

bool TreeConstruction::inTemplate(const Token& token) {
  const auto switchTo = [&](Mode mode) {
    templateModes_.back() = mode;
    mode_ = mode;
    return false;
  };
  switch (token.kind) {
    case Kind::kEof:
      if (open_.last(known::kTemplate) < 0) return true;
      popUntil(known::kTemplate);
      clearFormattingToMarker();
      templateModes_.pop_back();
      resetInsertionMode();
      return false;
    case Kind::kStart:
      switch (token.name) {
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
        case known::kCaption:
        case known::kColgroup:
        case known::kTbody:
        case known::kTfoot:
        case known::kThead: return switchTo(Mode::kInTable);
        case known::kCol: return switchTo(Mode::kInColumnGroup);
        case known::kTr: return switchTo(Mode::kInTableBody);
        case known::kTd:
        case known::kTh: return switchTo(Mode::kInRow);
        default: return switchTo(Mode::kInBody);
      }
    case Kind::kEnd:
      if (token.name == known::kTemplate) return inHead(token);
      return true;
    default: return inBody(token);
  }
}

}  // namespace weft::html::internal
