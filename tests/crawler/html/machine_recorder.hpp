// Writing down what a TokenizerMachine says, whatever it scans with. For tests and fuzz targets only.
#pragma once

#include <weft/crawler/html/internal/machine.hpp>
#include <weft/crawler/html/tokenizer.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace weft::testing {

/// Scans as the portable one does, and counts the bytes that it passes.
struct CountingScan {
  static inline std::size_t passed = 0;
  template <char... kWanted>
  static const char* findAnyOf(const char* p, const char* end) noexcept {
    const char* const found = html::internal::PortableScan::findAnyOf<kWanted...>(p, end);
    passed += static_cast<std::size_t>(found - p) + 1;
    return found;
  }
  static const char* findByte(char wanted, const char* p, const char* end) noexcept {
    const char* const found = html::internal::PortableScan::findByte(wanted, p, end);
    passed += static_cast<std::size_t>(found - p) + 1;
    return found;
  }
};

/// The tokens, in a form that differs when they do: text joined, with the offset of its first portion.
struct MachineRecorder {
  static constexpr bool kDataText = true;
  static constexpr bool kComments = true;

  bool cdata = false;
  bool follows = true;  // into the states that tags lead to, as without a tree
  std::string record;
  std::string pending;
  std::uint64_t pendingAt = 0;

  void flush() {
    if (pending.empty()) return;
    part("text", pending, pendingAt);
    pending.clear();
  }
  void part(std::string_view kind, std::string_view text, std::uint64_t at = 0) {
    ((record += kind) += ' ') += std::to_string(at);
    ((record += ' ') += std::to_string(text.size())) += ' ';
    (record += text) += '\n';
  }
  void tag(const html::TagToken& token, std::string_view kind) {
    flush();
    part(kind, token.name, token.begin);
    for (const html::Attribute& attribute : token.attributes) {
      part(" name", attribute.name);
      part(" value", attribute.value);
    }
    part(token.selfClosing ? "self-closing" : "ends", {}, token.end);
  }

  bool wantsAttributes(std::string_view) const { return true; }
  html::State startTag(const html::TagToken& token) {
    tag(token, "start");
    return follows ? html::contentState(token.name) : html::State::kData;
  }
  void endTag(const html::TagToken& token) {
    html::TagToken bare = token;  // the fast way does not read an end tag's attributes: nobody may
    bare.attributes = {};
    tag(bare, "end");
  }
  void text(std::string_view text, std::uint64_t offset) {
    if (pending.empty()) pendingAt = offset;
    pending += text;
  }
  void comment(std::string_view text, std::uint64_t offset) {
    flush();
    part("comment", text, offset);
  }
  void doctype(const html::DoctypeToken& token) {
    flush();
    part(token.forceQuirks ? "quirks doctype" : "doctype", token.name, token.hasName);
    part(" public", token.publicId, token.hasPublicId);
    part(" system", token.systemId, token.hasSystemId);
  }
  bool allowsCdata() const { return cdata; }
};

/// What a machine that scans as `Scan` does makes of `pieces`. Each piece is a block of its own, so that a sanitizer
/// sees a view into one that is gone, and a scan past its end.
template <class Scan>
std::string recordOf(const std::vector<std::string_view>& pieces, html::State state = html::State::kData,
                     bool cdata = false) {
  MachineRecorder recorder;
  recorder.cdata = cdata;
  html::internal::TokenizerMachine<MachineRecorder, Scan> machine(recorder);
  machine.reset(state, "script");
  for (std::string_view piece : pieces) {
    const std::vector<char> block(piece.begin(), piece.end());
    machine.feed({block.data(), block.size()});
  }
  machine.finish();
  recorder.flush();
  return recorder.record;
}

}  // namespace weft::testing
