// Character references (sections 13.2.5.72 to 13.2.5.80): at once where they lie whole in the piece, else by states.
#pragma once  // included by machine.hpp, at its end

namespace weft::html::internal {

/// The character reference at `ampersand`, decoded onto `out`, or the ampersand alone if it is none; null if
/// [ampersand, end) is too short to tell.
template <class Sink, class Scan>
const char* TokenizerMachine<Sink, Scan>::readReference(const char* ampersand, const char* end, bool inAttribute,
                                                  std::string& out) {
  const auto literally = [&] {
    out += '&';
    return ampersand + 1;
  };
  const char* p = ampersand + 1;
  if (p == end) return nullptr;
  if (*p == '#') {
    if (++p == end) return nullptr;
    const bool hexadecimal = *p == 'x' || *p == 'X';
    p += hexadecimal;
    const char* const digits = p;
    std::uint32_t number = 0;
    for (; p != end; ++p) {
      const char c = toLower(*p);
      std::uint32_t digit = 0;
      if (isDigit(c))
        digit = static_cast<std::uint32_t>(c - '0');
      else if (hexadecimal && c >= 'a' && c <= 'f')
        digit = static_cast<std::uint32_t>(c - 'a' + 10);
      else
        break;
      number = std::min<std::uint32_t>(number * (hexadecimal ? 16 : 10) + digit, 0x110000);
    }
    if (p == end) return nullptr;
    if (p == digits) return literally();
    appendUtf8(out, numericReference(number));
    return *p == ';' ? p + 1 : p;
  }
  if (!isAlnum(*p)) return literally();
  const char* const limit = std::min(end, p + kLongestReferenceName);
  const char* q = p;
  while (q != limit && isAlnum(*q)) ++q;
  if (q == end) return nullptr;
  if (q != limit && *q == ';') ++q;
  const NamedReference* row = findNamedReference({p, static_cast<std::size_t>(q - p)});
  if (!row) return literally();
  const char* const after = p + row->name.size();
  if (inAttribute && row->name.back() != ';' && after != end && (*after == '=' || isAlnum(*after))) return literally();
  appendUtf8(out, row->first);
  if (row->second) appendUtf8(out, row->second);
  return after;
}

/// Appends an attribute value to scratch_: references, line ends and NUL as the standard reads them.
template <class Sink, class Scan>
void TokenizerMachine<Sink, Scan>::decodeValue(const char* p, const char* end) {
  while (p != end) {
    const char* const run = Scan::template findAnyOf<'&', '\0', '\r'>(p, end);
    scratch_.append(p, run);
    if ((p = run) == end) break;
    if (*p == '&') {
      if (const char* after = readReference(p, end, true, scratch_)) {
        p = after;
      } else {
        // The value ends within it; and what follows a value is no part of a name, nor an equals sign.
        temporary_.assign(p, end);
        temporary_ += ' ';
        const char* const stop =
            readReference(temporary_.data(), temporary_.data() + temporary_.size(), true, scratch_);
        p += stop - temporary_.data();
      }
    } else if (*p == '\r') {
      scratch_ += '\n';
      if (++p != end && *p == '\n') ++p;
    } else {
      scratch_ += kReplacement;
      ++p;
    }
  }
}

template <class Sink, class Scan>
bool TokenizerMachine<Sink, Scan>::stepReference(char c) {
  const auto to = [&](State next) {
    state_ = next;
    return true;
  };
  const auto again = [&](State next) {
    state_ = next;
    return false;
  };
  switch (state_) {
    case State::kCharacterReference:
      if (isAlnum(c)) return again(State::kNamedCharacterReference);
      if (c == '#') {
        temporary_ += c;
        return to(State::kNumericCharacterReference);
      }
      flushReference(temporary_);
      return again(returnState_);
    case State::kNamedCharacterReference:
      if (temporary_.size() <= kLongestReferenceName) {
        if (isAlnum(c)) {
          temporary_ += c;
          return true;
        }
        if (c == ';') {
          temporary_ += c;
          resolveNamedReference(-1);
          return true;
        }
      }
      resolveNamedReference(static_cast<unsigned char>(c));
      return false;
    case State::kNumericCharacterReference:
      number_ = 0;
      if (c == 'x' || c == 'X') {
        temporary_ += c;
        return to(State::kHexadecimalCharacterReferenceStart);
      }
      return again(State::kDecimalCharacterReferenceStart);
    case State::kHexadecimalCharacterReferenceStart:
    case State::kDecimalCharacterReferenceStart: {
      const bool hexadecimal = state_ == State::kHexadecimalCharacterReferenceStart;
      const char low = toLower(c);
      if (isDigit(c) || (hexadecimal && low >= 'a' && low <= 'f'))
        return again(hexadecimal ? State::kHexadecimalCharacterReference : State::kDecimalCharacterReference);
      flushReference(temporary_);
      return again(returnState_);
    }
    default: {  // kHexadecimalCharacterReference, kDecimalCharacterReference
      const bool hexadecimal = state_ == State::kHexadecimalCharacterReference;
      const char low = toLower(c);
      const bool letter = hexadecimal && low >= 'a' && low <= 'f';
      if (isDigit(c) || letter) {
        const auto digit = static_cast<std::uint32_t>(letter ? low - 'a' + 10 : c - '0');
        number_ = std::min<std::uint32_t>(number_ * (hexadecimal ? 16 : 10) + digit, 0x110000);
        return true;
      }
      resolveNumericReference();
      return c == ';';
    }
  }
}

/// temporary_ holds the ampersand and as much of a name as there was; `next` is the character behind it, -1 for one
/// that ends a name.
template <class Sink, class Scan>
void TokenizerMachine<Sink, Scan>::resolveNamedReference(int next) {
  const std::string_view text = std::string_view(temporary_).substr(1);
  const NamedReference* row = findNamedReference(text);
  state_ = returnState_;
  if (row) {
    const std::string_view rest = text.substr(row->name.size());
    const int behind = rest.empty() ? next : static_cast<unsigned char>(rest[0]);
    const bool joined = behind >= 0 && (behind == '=' || isAlnum(static_cast<char>(behind)));
    if (!(referenceInAttribute() && row->name.back() != ';' && joined)) {
      scratch_.clear();
      appendUtf8(scratch_, row->first);
      if (row->second) appendUtf8(scratch_, row->second);
      scratch_ += rest;
      return flushReference(scratch_);
    }
  }
  flushReference(temporary_);
}

}  // namespace weft::html::internal
