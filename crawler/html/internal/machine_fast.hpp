// The fast way through a piece: whole tags, comments and references at once. Each reader answers where it stopped, or
// null when the piece ends too early or the token is an unusual one; the state machine then reads it from its first
// character on.
#pragma once  // included by machine.hpp, at its end

namespace weft::html::internal {

/// State kData until the piece ends, or a tag or an unusual token leads to another state.
template <class Sink, class Scan>
const char* TokenizerMachine<Sink, Scan>::readData(const char* p, const char* end) {
  while (p != end) {
    if constexpr (Sink::kDataText) {
      const char* const run = Scan::template findAnyOf<'<', '&', '\0', '\r'>(p, end);
      emitText({p, static_cast<std::size_t>(run - p)}, offsetOf(p));
      if ((p = run) == end) break;
      if (*p == '&') {
        scratch_.clear();
        if (const char* after = readReference(p, end, false, scratch_)) {
          sink_.text(scratch_, offsetOf(p));
          p = after;
          continue;
        }
        tokenBegin_ = offsetOf(p);
        returnState_ = State::kData;
        temporary_ = '&';
        state_ = State::kCharacterReference;
        return p + 1;
      }
      if (*p != '<') {
        emitByte(p);
        if (*p++ == '\r') {
          if (p == end)
            skipLineFeed_ = true;
          else if (*p == '\n')
            ++p;
        }
        continue;
      }
    } else {
      p = Scan::findByte('<', p, end);
      if (p == end) break;
    }
    const char* const after = readMarkup(p, end);
    if (!after) {
      tokenBegin_ = offsetOf(p);
      state_ = State::kTagOpen;
      return p + 1;
    }
    p = after;
    if (state_ != State::kData) break;
  }
  return p;
}

template <class Sink, class Scan>
const char* TokenizerMachine<Sink, Scan>::readMarkup(const char* lt, const char* end) {
  if (end - lt < 4) return nullptr;
  const char next = lt[1];
  if (isAlpha(next)) return readTag(lt, lt + 1, end, false);
  if (next == '/') return isAlpha(lt[2]) ? readTag(lt, lt + 2, end, true) : nullptr;
  if (next == '!') return lt[2] == '-' && lt[3] == '-' ? readComment(lt, end) : nullptr;
  if (next == '?') return nullptr;
  if constexpr (Sink::kDataText) sink_.text({lt, 1}, offsetOf(lt));
  return lt + 1;
}

template <class Sink, class Scan>
const char* TokenizerMachine<Sink, Scan>::readTag(const char* lt, const char* name, const char* end, bool isEnd) {
  const char* p = name;
  std::uint8_t met = 0;
  for (; p != end; ++p) {
    const std::uint8_t kind = classOf(*p);
    if (kind & kTagNameEnd) break;
    met |= kind;
  }
  if (p == end || (met & kNullChar)) return nullptr;
  TagToken tag;
  tag.name = {name, static_cast<std::size_t>(p - name)};
  if (met & kUpperChar) {
    buffer_.assign(name, p);
    for (char& c : buffer_) c = toLower(c);
    tag.name = buffer_;
  }
  if (*p == '>') {
    ++p;
  } else if (isEnd || !sink_.wantsAttributes(tag.name)) {
    if (!(p = skipAttributes(p, end, tag.selfClosing))) return nullptr;
  } else {
    if (!(p = readAttributes(p, end, tag.selfClosing))) return nullptr;
    tag.attributes = attributes_;
  }
  tag.begin = offsetOf(lt);
  tag.end = offsetOf(p);
  emitTag(tag, isEnd);
  return p;
}

/// To the end of a tag whose attributes nobody wants: only quotes have to be understood. As long as all values are
/// quoted and stand right behind their names, it goes from quote to quote; any other tag is read by its characters.
template <class Sink, class Scan>
const char* TokenizerMachine<Sink, Scan>::skipAttributes(const char* p, const char* end, bool& selfClosing) {
  for (const char* q = p;;) {
    q = Scan::template findAnyOf<'>', '=', '"', '\''>(q, end);
    if (q == end) return nullptr;
    if (*q == '>') {
      selfClosing = q[-1] == '/';
      return q + 1;
    }
    if (*q != '=' || end - q < 2 || (q[1] != '"' && q[1] != '\'') || !isAlnum(q[-1])) break;
    q = Scan::findByte(q[1], q + 2, end);
    if (q == end) return nullptr;
    ++q;
  }
  while (p != end) {
    if (isSpace(*p)) {
      ++p;
    } else if (*p == '>') {
      return p + 1;
    } else if (*p == '/') {
      if (++p != end && *p == '>') {
        selfClosing = true;
        return p + 1;
      }
    } else {
      ++p;  // whatever it is, = included, it begins a name
      while (p != end && !(classOf(*p) & kAttrNameEnd)) ++p;
      while (p != end && isSpace(*p)) ++p;
      if (p == end) return nullptr;
      if (*p != '=') continue;
      ++p;
      while (p != end && isSpace(*p)) ++p;
      if (p == end) return nullptr;
      if (*p == '"' || *p == '\'') {
        p = Scan::findByte(*p, p + 1, end);
        if (p == end) return nullptr;
        ++p;
      } else {
        while (p != end && !isSpace(*p) && *p != '>') ++p;
      }
    }
  }
  return nullptr;
}

/// To the end of a tag, filling attributes_. Names and values are views into the piece, unless they must be changed:
/// those go to buffer_ behind a tag name that may be there, and become views at the end, when buffer_ moves no more.
template <class Sink, class Scan>
const char* TokenizerMachine<Sink, Scan>::readAttributes(const char* p, const char* end, bool& selfClosing) {
  attributes_.clear();
  slots_.clear();
  scratch_.clear();
  const auto finishTag = [&](const char* after) {
    for (const Slot& slot : slots_) {
      const std::string_view changed(scratch_.data() + slot.nameEnd, slot.valueEnd - slot.nameEnd);
      Attribute& attribute = attributes_[slot.nameBegin / 2];
      (slot.nameBegin % 2 ? attribute.value : attribute.name) = changed;
    }
    dropRepeatedAttributes();
    return after;
  };
  while (p != end) {
    const char first = *p;
    if (isSpace(first)) {
      ++p;
      continue;
    }
    if (first == '>') return finishTag(p + 1);
    if (first == '/') {
      if (++p != end && *p == '>') {
        selfClosing = true;
        return finishTag(p + 1);
      }
      continue;
    }
    const char* const name = p++;
    std::uint8_t met = classOf(first);
    for (; p != end; ++p) {
      const std::uint8_t kind = classOf(*p);
      if (kind & kAttrNameEnd) break;
      met |= kind;
    }
    if (p == end || (met & kNullChar)) return nullptr;
    const std::size_t index = attributes_.size() * 2;
    attributes_.push_back({{name, static_cast<std::size_t>(p - name)}, {}});
    if (met & kUpperChar) {
      const std::size_t begin = scratch_.size();
      for (const char* c = name; c != p; ++c) scratch_ += toLower(*c);
      slots_.push_back({index, begin, scratch_.size()});
    }
    while (p != end && isSpace(*p)) ++p;
    if (p == end) return nullptr;
    if (*p != '=') continue;
    ++p;
    while (p != end && isSpace(*p)) ++p;
    if (p == end) return nullptr;
    const char* value = p;
    bool special = false;
    if (*p == '"' || *p == '\'') {
      const char quote = *p++;
      value = p;
      p = quote == '"' ? Scan::template findAnyOf<'"', '&', '\0', '\r'>(p, end)
                       : Scan::template findAnyOf<'\'', '&', '\0', '\r'>(p, end);
      if (p != end && *p != quote) {
        special = true;
        p = Scan::findByte(quote, p, end);
      }
      if (p == end) return nullptr;
      attributes_.back().value = {value, static_cast<std::size_t>(p - value)};
      ++p;
    } else {
      for (; p != end && !isSpace(*p) && *p != '>'; ++p) special |= (classOf(*p) & kValueSpecial) != 0;
      if (p == end) return nullptr;
      attributes_.back().value = {value, static_cast<std::size_t>(p - value)};
    }
    if (special) {
      const std::size_t begin = scratch_.size();
      decodeValue(value, value + attributes_.back().value.size());
      slots_.push_back({index + 1, begin, scratch_.size()});
    }
  }
  return nullptr;
}

/// A comment that lies whole in the piece and holds nothing to change.
template <class Sink, class Scan>
const char* TokenizerMachine<Sink, Scan>::readComment(const char* lt, const char* end) {
  const char* const begin = lt + 4;
  const char* p = begin;
  while ((p = Scan::findByte('>', p, end)) != end) {
    const char* stop = nullptr;
    if (p == begin || (p == begin + 1 && *begin == '-'))
      stop = begin;  // <!--> and <!--->
    else if (p - begin >= 2 && p[-1] == '-' && p[-2] == '-')
      stop = p - 2;
    else if (p - begin >= 3 && p[-1] == '!' && p[-2] == '-' && p[-3] == '-')
      stop = p - 3;
    if (stop) {
      if constexpr (Sink::kComments) {
        if (Scan::template findAnyOf<'\0', '\r'>(begin, stop) != stop) return nullptr;
        sink_.comment({begin, static_cast<std::size_t>(stop - begin)}, offsetOf(lt));
      }
      return p + 1;
    }
    ++p;
  }
  return nullptr;
}

}  // namespace weft::html::internal
