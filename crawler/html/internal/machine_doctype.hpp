// The DOCTYPE states (sections 13.2.5.53 to 13.2.5.68).
#pragma once  // included by machine.hpp, at its end

namespace weft::html::internal {

template <class Sink, class Scan>
bool TokenizerMachine<Sink, Scan>::stepDoctype(char c) {
  const auto to = [&](State next) {
    state_ = next;
    return true;
  };
  const auto again = [&](State next) {
    state_ = next;
    return false;
  };
  const auto end = [&](bool quirks) {
    if (quirks) forceQuirks_ = true;
    emitDoctype();
    return true;
  };
  const auto bogus = [&] {
    forceQuirks_ = true;
    return again(State::kBogusDoctype);
  };
  const auto quote = [&](bool isPublic, bool isDouble) {
    (isPublic ? hasPublicId_ : hasSystemId_) = true;
    if (isPublic)
      return to(isDouble ? State::kDoctypePublicIdentifierDoubleQuoted : State::kDoctypePublicIdentifierSingleQuoted);
    return to(isDouble ? State::kDoctypeSystemIdentifierDoubleQuoted : State::kDoctypeSystemIdentifierSingleQuoted);
  };
  switch (state_) {
    case State::kDoctype:
      if (isSpace(c)) return to(State::kBeforeDoctypeName);
      return again(State::kBeforeDoctypeName);
    case State::kBeforeDoctypeName:
      if (isSpace(c)) return true;
      startDoctype();
      if (c == '>') return end(true);
      hasName_ = true;
      return again(State::kDoctypeName);
    case State::kDoctypeName:
      if (isSpace(c)) {
        temporary_.clear();
        return to(State::kAfterDoctypeName);
      }
      if (c == '>') return end(false);
      if (c == '\0')
        doctypeName_ += kReplacement;
      else
        doctypeName_ += toLower(c);
      return true;
    case State::kAfterDoctypeName:
      if (temporary_.empty()) {
        if (isSpace(c)) return true;
        if (c == '>') return end(false);
      }
      temporary_ += toLower(c);
      if (temporary_ == "public") return to(State::kAfterDoctypePublicKeyword);
      if (temporary_ == "system") return to(State::kAfterDoctypeSystemKeyword);
      if (std::string_view("public").starts_with(temporary_) || std::string_view("system").starts_with(temporary_))
        return true;
      return bogus();  // the letters before were no > and so would not have mattered to it either
    case State::kAfterDoctypePublicKeyword:
    case State::kBeforeDoctypePublicIdentifier:
      if (isSpace(c)) return to(State::kBeforeDoctypePublicIdentifier);
      if (c == '"' || c == '\'') return quote(true, c == '"');
      return c == '>' ? end(true) : bogus();
    case State::kDoctypePublicIdentifierDoubleQuoted:
    case State::kDoctypePublicIdentifierSingleQuoted:
      if (c == (state_ == State::kDoctypePublicIdentifierDoubleQuoted ? '"' : '\''))
        return to(State::kAfterDoctypePublicIdentifier);
      if (c == '>') return end(true);
      publicId_ += c == '\0' ? kReplacement : std::string_view(&c, 1);
      return true;
    case State::kAfterDoctypePublicIdentifier:
    case State::kBetweenDoctypePublicAndSystemIdentifiers:
      if (isSpace(c)) return to(State::kBetweenDoctypePublicAndSystemIdentifiers);
      if (c == '>') return end(false);
      if (c == '"' || c == '\'') return quote(false, c == '"');
      return bogus();
    case State::kAfterDoctypeSystemKeyword:
    case State::kBeforeDoctypeSystemIdentifier:
      if (isSpace(c)) return to(State::kBeforeDoctypeSystemIdentifier);
      if (c == '"' || c == '\'') return quote(false, c == '"');
      return c == '>' ? end(true) : bogus();
    case State::kDoctypeSystemIdentifierDoubleQuoted:
    case State::kDoctypeSystemIdentifierSingleQuoted:
      if (c == (state_ == State::kDoctypeSystemIdentifierDoubleQuoted ? '"' : '\''))
        return to(State::kAfterDoctypeSystemIdentifier);
      if (c == '>') return end(true);
      systemId_ += c == '\0' ? kReplacement : std::string_view(&c, 1);
      return true;
    case State::kAfterDoctypeSystemIdentifier:
      if (isSpace(c)) return true;
      if (c == '>') return end(false);
      return again(State::kBogusDoctype);  // not a reason for quirks
    default:                               // kBogusDoctype
      return c == '>' ? end(false) : true;
  }
}

}  // namespace weft::html::internal
