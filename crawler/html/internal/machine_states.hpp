// The standard's state machine, section 13.2.5, one character at a time: text, tags and comments. "Reconsume" is the
// answer false.
#pragma once  // included by machine.hpp, at its end

namespace weft::html::internal {

template <class Sink, class Scan>
void TokenizerMachine<Sink, Scan>::run(const char* p, const char* const end) {
  while (p != end) {
    if (skipLineFeed_) {
      skipLineFeed_ = false;
      if (*p == '\n') {
        ++p;
        continue;
      }
    }
    if (state_ == State::kData) {
      p = readData(p, end);
      continue;
    }
    const char* const stop = bulk(p, end);
    if (stop != p) {
      p = stop;
      continue;
    }
    if (step(*p == '\r' ? '\n' : *p, p)) {
      skipLineFeed_ = *p == '\r';
      ++p;
    }
  }
}

/// The states in which most characters are only passed on: passes on those.
template <class Sink, class Scan>
const char* TokenizerMachine<Sink, Scan>::bulk(const char* p, const char* end) {
  const char* stop = p;
  switch (state_) {
    case State::kRcdata: stop = Scan::template findAnyOf<'<', '&', '\0', '\r'>(p, end); break;
    case State::kRawtext:
    case State::kScriptData: stop = Scan::template findAnyOf<'<', '\0', '\r'>(p, end); break;
    case State::kPlaintext: stop = Scan::template findAnyOf<'\0', '\r'>(p, end); break;
    case State::kScriptDataEscaped:
    case State::kScriptDataDoubleEscaped: stop = Scan::template findAnyOf<'<', '-', '\0', '\r'>(p, end); break;
    case State::kCdataSection: stop = Scan::template findAnyOf<']', '\r'>(p, end); break;
    case State::kComment:
      stop = Scan::template findAnyOf<'-', '\0', '\r'>(p, end);
      if constexpr (Sink::kComments) buffer_.append(p, stop);
      return stop;
    case State::kBogusComment:
      stop = Scan::template findAnyOf<'>', '\0', '\r'>(p, end);
      if constexpr (Sink::kComments) buffer_.append(p, stop);
      return stop;
    case State::kAttributeValueDoubleQuoted:
      stop = Scan::template findAnyOf<'"', '&', '\0', '\r'>(p, end);
      buffer_.append(p, stop);
      return stop;
    case State::kAttributeValueSingleQuoted:
      stop = Scan::template findAnyOf<'\'', '&', '\0', '\r'>(p, end);
      buffer_.append(p, stop);
      return stop;
    default: return p;
  }
  emitText({p, static_cast<std::size_t>(stop - p)}, offsetOf(p));
  return stop;
}

template <class Sink, class Scan>
bool TokenizerMachine<Sink, Scan>::step(char c, const char* p) {
  const auto to = [&](State next) {
    state_ = next;
    return true;
  };
  const auto again = [&](State next) {
    state_ = next;
    return false;
  };
  const auto textOr = [&](bool replaceNull) {
    if (c == '\0' && replaceNull)
      sink_.text(kReplacement, offsetOf(p));
    else
      emitByte(p);
    return true;
  };
  const auto lessThan = [&](State next) {
    tokenBegin_ = offsetOf(p);
    return to(next);
  };
  const auto reference = [&](State back) {
    returnState_ = back;
    if (!referenceInAttribute()) tokenBegin_ = offsetOf(p);
    temporary_ = '&';
    return to(State::kCharacterReference);
  };

  switch (state_) {
    case State::kData: return false;  // readData's
    case State::kRcdata:
      if (c == '<') return lessThan(State::kRcdataLessThanSign);
      if (c == '&') return reference(State::kRcdata);
      return textOr(true);
    case State::kRawtext: return c == '<' ? lessThan(State::kRawtextLessThanSign) : textOr(true);
    case State::kScriptData: return c == '<' ? lessThan(State::kScriptDataLessThanSign) : textOr(true);
    case State::kPlaintext: return textOr(true);

    case State::kTagOpen:
      if (c == '!') {
        temporary_.clear();
        return to(State::kMarkupDeclarationOpen);
      }
      if (c == '/') return to(State::kEndTagOpen);
      if (isAlpha(c)) {
        startTag(false);
        return again(State::kTagName);
      }
      if (c == '?') {
        startComment();
        return again(State::kBogusComment);
      }
      emitHeld("<");
      return again(State::kData);
    case State::kEndTagOpen:
      if (isAlpha(c)) {
        startTag(true);
        return again(State::kTagName);
      }
      if (c == '>') return to(State::kData);
      startComment();
      return again(State::kBogusComment);

    case State::kRcdataLessThanSign:
    case State::kRawtextLessThanSign: {
      const bool rcdata = state_ == State::kRcdataLessThanSign;
      if (c == '/') {
        temporary_.clear();
        return to(rcdata ? State::kRcdataEndTagOpen : State::kRawtextEndTagOpen);
      }
      emitHeld("<");
      return again(rcdata ? State::kRcdata : State::kRawtext);
    }
    case State::kRcdataEndTagOpen:
    case State::kRawtextEndTagOpen: {
      const bool rcdata = state_ == State::kRcdataEndTagOpen;
      if (isAlpha(c)) {
        startTag(true);
        return again(rcdata ? State::kRcdataEndTagName : State::kRawtextEndTagName);
      }
      emitHeld("</");
      return again(rcdata ? State::kRcdata : State::kRawtext);
    }
    case State::kRcdataEndTagName: return rawEndTagName(c, State::kRcdata);
    case State::kRawtextEndTagName: return rawEndTagName(c, State::kRawtext);

    case State::kAttributeValueDoubleQuoted:
    case State::kAttributeValueSingleQuoted:
      if (c == (state_ == State::kAttributeValueDoubleQuoted ? '"' : '\''))
        return to(State::kAfterAttributeValueQuoted);
      if (c == '&') return reference(state_);
      buffer_ += c == '\0' ? kReplacement : std::string_view(&c, 1);
      return true;
    case State::kAttributeValueUnquoted:
      if (isSpace(c)) {
        slots_.back().valueEnd = buffer_.size();
        return to(State::kBeforeAttributeName);
      }
      if (c == '&') return reference(state_);
      if (c == '>') {
        slots_.back().valueEnd = buffer_.size();
        emitBufferedTag(offsetOf(p) + 1);
        return true;
      }
      buffer_ += c == '\0' ? kReplacement : std::string_view(&c, 1);
      return true;

    case State::kTagName:
    case State::kBeforeAttributeName:
    case State::kAfterAttributeName:
    case State::kBeforeAttributeValue:
    case State::kAfterAttributeValueQuoted:
    case State::kSelfClosingStartTag:
      if (c == '>') {  // ends the tag in each of these
        if (state_ == State::kAfterAttributeValueQuoted) slots_.back().valueEnd = buffer_.size();
        if (state_ == State::kSelfClosingStartTag) selfClosing_ = true;
        emitBufferedTag(offsetOf(p) + 1);
        return true;
      }
      return stepTag(c);
    case State::kAttributeName: return stepTag(c);

    case State::kMarkupDeclarationOpen: {
      temporary_ += c;
      if (temporary_ == "--") {
        startComment();
        return to(State::kCommentStart);
      }
      const auto begins = [&](std::string_view word, bool anyCase) {
        if (temporary_.size() > word.size()) return false;
        for (std::size_t i = 0; i < temporary_.size(); ++i)
          if ((anyCase ? toLower(temporary_[i]) : temporary_[i]) != word[i]) return false;
        return true;
      };
      if (begins("doctype", true)) return temporary_.size() == 7 ? to(State::kDoctype) : true;
      if (begins("[CDATA[", false)) {
        if (temporary_.size() < 7) return true;
        if (sink_.allowsCdata()) return to(State::kCdataSection);
        startComment(temporary_);
        return to(State::kBogusComment);
      }
      if (temporary_ == "-") return true;
      temporary_.pop_back();
      startComment(temporary_);
      return again(State::kBogusComment);
    }
    case State::kBogusComment:
      if (c == '>')
        emitComment();
      else
        buffer_ += c == '\0' ? kReplacement : std::string_view(&c, 1);
      return true;
    case State::kCommentStart:
      if (c == '-') return to(State::kCommentStartDash);
      if (c == '>') {
        emitComment();
        return true;
      }
      return again(State::kComment);
    case State::kCommentStartDash:
      if (c == '-') return to(State::kCommentEnd);
      if (c == '>') {
        emitComment();
        return true;
      }
      buffer_ += '-';
      return again(State::kComment);
    case State::kComment:
      if (c == '-') return to(State::kCommentEndDash);
      buffer_ += c == '\0' ? kReplacement : std::string_view(&c, 1);
      return true;
    case State::kCommentEndDash:
      if (c == '-') return to(State::kCommentEnd);
      buffer_ += '-';
      return again(State::kComment);
    case State::kCommentEnd:
      if (c == '>') {
        emitComment();
        return true;
      }
      if (c == '!') return to(State::kCommentEndBang);
      if (c == '-') {
        buffer_ += '-';
        return true;
      }
      buffer_ += "--";
      return again(State::kComment);
    case State::kCommentEndBang:
      if (c == '>') {
        emitComment();
        return true;
      }
      buffer_ += "--!";
      if (c == '-') return to(State::kCommentEndDash);
      return again(State::kComment);

    case State::kCdataSection:
      if (c == ']') return lessThan(State::kCdataSectionBracket);
      emitByte(p);
      return true;
    case State::kCdataSectionBracket:
      if (c == ']') return to(State::kCdataSectionEnd);
      emitHeld("]");
      return again(State::kCdataSection);
    case State::kCdataSectionEnd:
      if (c == ']') {
        emitHeld("]");
        return true;
      }
      if (c == '>') return to(State::kData);
      emitHeld("]]");
      return again(State::kCdataSection);

    default:
      if (state_ >= State::kScriptDataLessThanSign && state_ <= State::kScriptDataDoubleEscapeEnd)
        return stepScript(c, p);
      if (state_ >= State::kDoctype && state_ <= State::kBogusDoctype) return stepDoctype(c);
      return stepReference(c);
  }
}

/// Within a tag, where `c` does not end it.
template <class Sink, class Scan>
bool TokenizerMachine<Sink, Scan>::stepTag(char c) {
  switch (state_) {
    case State::kTagName:
      if (isSpace(c))
        state_ = State::kBeforeAttributeName;
      else if (c == '/')
        state_ = State::kSelfClosingStartTag;
      else if (c == '\0')
        buffer_ += kReplacement;
      else
        buffer_ += toLower(c);
      if (state_ != State::kTagName)
        slots_.push_back({0, buffer_.size(), buffer_.size()});  // the name of the tag itself
      return true;
    case State::kBeforeAttributeName:
      if (isSpace(c)) return true;
      if (c == '/') {
        state_ = State::kAfterAttributeName;
        return false;
      }
      startAttribute();
      state_ = State::kAttributeName;
      if (c != '=') return false;
      buffer_ += '=';
      return true;
    case State::kAttributeName:
      if (isSpace(c) || c == '/' || c == '>' || c == '=') {
        slots_.back().nameEnd = slots_.back().valueEnd = buffer_.size();
        state_ = c == '=' ? State::kBeforeAttributeValue : State::kAfterAttributeName;
        return c == '=';
      }
      if (c == '\0')
        buffer_ += kReplacement;
      else
        buffer_ += toLower(c);
      return true;
    case State::kAfterAttributeName:
      if (isSpace(c)) return true;
      if (c == '/')
        state_ = State::kSelfClosingStartTag;
      else if (c == '=')
        state_ = State::kBeforeAttributeValue;
      else {
        startAttribute();
        state_ = State::kAttributeName;
        return false;
      }
      return true;
    case State::kBeforeAttributeValue:
      if (isSpace(c)) return true;
      if (c == '"')
        state_ = State::kAttributeValueDoubleQuoted;
      else if (c == '\'')
        state_ = State::kAttributeValueSingleQuoted;
      else {
        state_ = State::kAttributeValueUnquoted;
        return false;
      }
      return true;
    case State::kAfterAttributeValueQuoted:
      slots_.back().valueEnd = buffer_.size();
      if (isSpace(c))
        state_ = State::kBeforeAttributeName;
      else if (c == '/')
        state_ = State::kSelfClosingStartTag;
      else {
        state_ = State::kBeforeAttributeName;
        return false;
      }
      return true;
    default:  // kSelfClosingStartTag
      state_ = State::kBeforeAttributeName;
      return false;
  }
}

/// The tag in buffer_ and slots_ is whole: slots_[0] is its name, if something followed it.
template <class Sink, class Scan>
void TokenizerMachine<Sink, Scan>::emitBufferedTag(std::uint64_t end) {
  const std::string_view all(buffer_);
  TagToken tag;
  tag.name = slots_.empty() ? all : all.substr(0, slots_[0].nameEnd);
  attributes_.clear();
  for (std::size_t i = 1; i < slots_.size(); ++i) {
    const Slot& slot = slots_[i];
    attributes_.push_back({all.substr(slot.nameBegin, slot.nameEnd - slot.nameBegin),
                           all.substr(slot.nameEnd, slot.valueEnd - slot.nameEnd)});
  }
  dropRepeatedAttributes();
  tag.attributes = attributes_;
  tag.selfClosing = selfClosing_;
  tag.begin = tokenBegin_;
  tag.end = end;
  emitTag(tag, isEndTag_);
}

}  // namespace weft::html::internal
