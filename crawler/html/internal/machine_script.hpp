// The script data states, and how raw text ends (sections 13.2.5.9 to 13.2.5.31).
#pragma once  // included by machine.hpp, at its end

namespace weft::html::internal {

/// The end tag name states of kRcdata, kRawtext and the script data states: an end tag counts only if it has the name
/// of the last start tag.
template <class Sink, class Scan>
bool TokenizerMachine<Sink, Scan>::rawEndTagName(char c, State text) {
  if (isAlpha(c)) {
    buffer_ += toLower(c);
    temporary_ += c;
    return true;
  }
  if (buffer_ == lastStartTag_) {
    if (isSpace(c) || c == '/') {
      slots_.push_back({0, buffer_.size(), buffer_.size()});
      state_ = c == '/' ? State::kSelfClosingStartTag : State::kBeforeAttributeName;
      return true;
    }
    if (c == '>') {
      state_ = State::kTagName;  // which knows how a tag ends
      return false;
    }
  }
  emitHeld("</");
  emitHeld(temporary_);
  state_ = text;
  return false;
}

template <class Sink, class Scan>
bool TokenizerMachine<Sink, Scan>::stepScript(char c, const char* p) {
  const auto to = [&](State next) {
    state_ = next;
    return true;
  };
  const auto again = [&](State next) {
    state_ = next;
    return false;
  };
  const auto emitTo = [&](State next) {
    if (c == '\0')
      sink_.text(kReplacement, offsetOf(p));
    else
      emitByte(p);
    state_ = next;
    return true;
  };
  const auto hold = [&](State next) {
    tokenBegin_ = offsetOf(p);
    state_ = next;
    return true;
  };
  switch (state_) {
    case State::kScriptDataLessThanSign:
      if (c == '/') {
        temporary_.clear();
        return to(State::kScriptDataEndTagOpen);
      }
      if (c == '!') {
        emitHeld("<!");
        return to(State::kScriptDataEscapeStart);
      }
      emitHeld("<");
      return again(State::kScriptData);
    case State::kScriptDataEndTagOpen:
    case State::kScriptDataEscapedEndTagOpen: {
      const bool escaped = state_ == State::kScriptDataEscapedEndTagOpen;
      if (isAlpha(c)) {
        startTag(true);
        return again(escaped ? State::kScriptDataEscapedEndTagName : State::kScriptDataEndTagName);
      }
      emitHeld("</");
      return again(escaped ? State::kScriptDataEscaped : State::kScriptData);
    }
    case State::kScriptDataEndTagName: return rawEndTagName(c, State::kScriptData);
    case State::kScriptDataEscapedEndTagName: return rawEndTagName(c, State::kScriptDataEscaped);
    case State::kScriptDataEscapeStart:
      return c == '-' ? emitTo(State::kScriptDataEscapeStartDash) : again(State::kScriptData);
    case State::kScriptDataEscapeStartDash:
      return c == '-' ? emitTo(State::kScriptDataEscapedDashDash) : again(State::kScriptData);
    case State::kScriptDataEscaped:
    case State::kScriptDataEscapedDash:
    case State::kScriptDataEscapedDashDash:
      if (c == '<') return hold(State::kScriptDataEscapedLessThanSign);
      if (c == '-')
        return emitTo(state_ == State::kScriptDataEscaped ? State::kScriptDataEscapedDash
                                                          : State::kScriptDataEscapedDashDash);
      if (c == '>' && state_ == State::kScriptDataEscapedDashDash) return emitTo(State::kScriptData);
      return emitTo(State::kScriptDataEscaped);
    case State::kScriptDataEscapedLessThanSign:
      temporary_.clear();
      if (c == '/') return to(State::kScriptDataEscapedEndTagOpen);
      emitHeld("<");
      return again(isAlpha(c) ? State::kScriptDataDoubleEscapeStart : State::kScriptDataEscaped);
    case State::kScriptDataDoubleEscapeStart:
    case State::kScriptDataDoubleEscapeEnd: {
      const bool starting = state_ == State::kScriptDataDoubleEscapeStart;
      if (isAlpha(c)) {
        if (temporary_.size() < 8) temporary_ += toLower(c);
        return emitTo(state_);
      }
      if (isSpace(c) || c == '/' || c == '>')
        return emitTo((temporary_ == "script") == starting ? State::kScriptDataDoubleEscaped
                                                           : State::kScriptDataEscaped);
      return again(starting ? State::kScriptDataEscaped : State::kScriptDataDoubleEscaped);
    }
    case State::kScriptDataDoubleEscaped:
    case State::kScriptDataDoubleEscapedDash:
    case State::kScriptDataDoubleEscapedDashDash:
      if (c == '<') return emitTo(State::kScriptDataDoubleEscapedLessThanSign);
      if (c == '-')
        return emitTo(state_ == State::kScriptDataDoubleEscaped ? State::kScriptDataDoubleEscapedDash
                                                                : State::kScriptDataDoubleEscapedDashDash);
      if (c == '>' && state_ == State::kScriptDataDoubleEscapedDashDash) return emitTo(State::kScriptData);
      return emitTo(State::kScriptDataDoubleEscaped);
    default:  // kScriptDataDoubleEscapedLessThanSign
      if (c != '/') return again(State::kScriptDataDoubleEscaped);
      temporary_.clear();
      return emitTo(State::kScriptDataDoubleEscapeEnd);
  }
}

}  // namespace weft::html::internal
