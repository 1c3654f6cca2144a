// What the tokenizer does where the input ends, state by state.
#pragma once  // included by machine.hpp, at its end

namespace weft::html::internal {

/// In most states within a tag the tag is lost; text that was held back is text after all; comments and DOCTYPEs are
/// told as far as they came.
template <class Sink, class Scan>
void TokenizerMachine<Sink, Scan>::finish() {
  switch (state_) {
    case State::kCharacterReference:
    case State::kNamedCharacterReference:
    case State::kNumericCharacterReference:
    case State::kHexadecimalCharacterReferenceStart:
    case State::kDecimalCharacterReferenceStart:
    case State::kHexadecimalCharacterReference:
    case State::kDecimalCharacterReference: finishReference(); break;
    case State::kTagOpen:
    case State::kRcdataLessThanSign:
    case State::kRawtextLessThanSign:
    case State::kScriptDataLessThanSign:
    case State::kScriptDataEscapedLessThanSign: emitHeld("<"); break;
    case State::kEndTagOpen:
    case State::kRcdataEndTagOpen:
    case State::kRawtextEndTagOpen:
    case State::kScriptDataEndTagOpen:
    case State::kScriptDataEscapedEndTagOpen: emitHeld("</"); break;
    case State::kRcdataEndTagName:
    case State::kRawtextEndTagName:
    case State::kScriptDataEndTagName:
    case State::kScriptDataEscapedEndTagName:
      emitHeld("</");
      emitHeld(temporary_);
      break;
    case State::kCdataSectionBracket: emitHeld("]"); break;
    case State::kCdataSectionEnd: emitHeld("]]"); break;
    case State::kMarkupDeclarationOpen: startComment(temporary_); [[fallthrough]];
    case State::kBogusComment:
    case State::kCommentStart:
    case State::kCommentStartDash:
    case State::kComment:
    case State::kCommentEndDash:
    case State::kCommentEnd:
    case State::kCommentEndBang: emitComment(); break;
    default:
      if (state_ >= State::kDoctype && state_ <= State::kBogusDoctype) finishDoctype();
      break;
  }
  state_ = State::kData;
}

template <class Sink, class Scan>
void TokenizerMachine<Sink, Scan>::finishDoctype() {
  if (state_ == State::kDoctype || state_ == State::kBeforeDoctypeName) startDoctype();
  if (state_ != State::kBogusDoctype) forceQuirks_ = true;
  emitDoctype();
}

template <class Sink, class Scan>
void TokenizerMachine<Sink, Scan>::finishReference() {
  switch (state_) {
    case State::kNamedCharacterReference: resolveNamedReference(-1); break;
    case State::kHexadecimalCharacterReference:
    case State::kDecimalCharacterReference: resolveNumericReference(); break;
    default: flushReference(temporary_); break;
  }
}

}  // namespace weft::html::internal
