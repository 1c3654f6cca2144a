#include <weft/crawler/html/tokenizer.hpp>

#include <weft/crawler/html/utf8.hpp>

#include "conformance.hpp"

#include <doctest/doctest.h>

#include <map>
#include <string>
#include <vector>

namespace html = weft::html;
using html::State;

namespace {

/// Writes the tokens down, one line each, text joined.
struct Recorder : html::TokenSink {
  std::vector<std::string> lines;
  std::string pending;
  bool switches = false;  // follow `usual`, as without a tree
  bool cdata = true;
  std::uint64_t lastOffset = 0;
  bool offsetsGrow = true;

  void flush() {
    if (!pending.empty()) lines.push_back("Character " + pending);
    pending.clear();
  }
  void saw(std::uint64_t offset) {
    offsetsGrow &= offset >= lastOffset;
    lastOffset = offset;
  }
  State startTag(const html::TagToken& tag, State usual) override {
    flush();
    saw(tag.begin);
    std::map<std::string, std::string> sorted;
    for (const html::Attribute& a : tag.attributes) sorted.emplace(a.name, a.value);
    std::string line = "StartTag " + std::string(tag.name);
    for (const auto& [name, value] : sorted) line += " " + name + "=" + value;
    lines.push_back(line + (tag.selfClosing ? " /" : ""));
    return switches ? usual : State::kData;
  }
  void endTag(const html::TagToken& tag) override {
    flush();
    saw(tag.begin);
    lines.push_back("EndTag " + std::string(tag.name));
  }
  void text(std::string_view text, std::uint64_t offset) override {
    saw(offset);
    pending += text;
  }
  void comment(std::string_view text, std::uint64_t offset) override {
    flush();
    saw(offset);
    lines.push_back("Comment " + std::string(text));
  }
  void doctype(const html::DoctypeToken& d) override {
    flush();
    const auto part = [](bool has, std::string_view text) {
      return has ? "[" + std::string(text) + "]" : std::string("none");
    };
    lines.push_back("DOCTYPE " + part(d.hasName, d.name) + part(d.hasPublicId, d.publicId) +
                    part(d.hasSystemId, d.systemId) + (d.forceQuirks ? "quirks" : ""));
  }
  bool allowsCdata() override { return cdata; }
};

std::vector<std::string> tokensOf(const std::vector<std::string_view>& pieces, State state = State::kData,
                                  std::string_view last = {}, bool switches = false, bool cdata = false) {
  Recorder recorder;
  recorder.switches = switches;
  recorder.cdata = cdata;
  html::Tokenizer tokenizer(recorder);
  tokenizer.reset(state, last);
  for (std::string_view piece : pieces) {
    const std::string own(piece);  // so that a view into a piece that is gone would be found by the sanitizer
    tokenizer.feed(own);
  }
  tokenizer.finish();
  recorder.flush();
  CHECK(recorder.offsetsGrow);
  return recorder.lines;
}

std::vector<std::string> tokensOf(std::string_view input) {
  return tokensOf(std::vector<std::string_view>{input}, State::kData, {}, true);
}

std::string joined(const std::vector<std::string>& lines) {
  std::string all;
  for (const auto& line : lines) all += line + "\n";
  return all;
}

State stateNamed(const std::string& name) {
  static const std::map<std::string, State> states = {{"Data state", State::kData},
                                                      {"RCDATA state", State::kRcdata},
                                                      {"RAWTEXT state", State::kRawtext},
                                                      {"PLAINTEXT state", State::kPlaintext},
                                                      {"Script data state", State::kScriptData},
                                                      {"CDATA section state", State::kCdataSection}};
  return states.at(name);
}

/// "\\u0000" and its like, as the two cases that are escaped twice have them.
std::string unescaped(const std::string& text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text.compare(i, 2, "\\u") == 0) {
      html::appendUtf8(out, static_cast<char32_t>(std::stoul(text.substr(i + 2, 4), nullptr, 16)));
      i += 5;
    } else {
      out += text[i];
    }
  }
  return out;
}

std::vector<std::string> expectedOf(const rapidjson::Value& test, bool escaped) {
  const auto read = [&](const rapidjson::Value& v) {
    return escaped ? unescaped(weft::testing::text(v)) : weft::testing::text(v);
  };
  std::vector<std::string> lines;
  for (const auto& token : test["output"].GetArray()) {
    const std::string kind = weft::testing::text(token[0]);
    std::string line = kind + " ";
    if (kind == "StartTag") {
      line += read(token[1]);
      std::map<std::string, std::string> sorted;
      for (const auto& member : token[2].GetObject()) sorted.emplace(read(member.name), read(member.value));
      for (const auto& [name, value] : sorted) line += " " + name + "=" + value;
      if (token.Size() > 3 && token[3].GetBool()) line += " /";
    } else if (kind == "DOCTYPE") {
      const auto part = [&](const rapidjson::Value& v) {
        return v.IsNull() ? std::string("none") : "[" + read(v) + "]";
      };
      line += part(token[1]) + part(token[2]) + part(token[3]) + (token[4].GetBool() ? "" : "quirks");
    } else {
      line += read(token[1]);
      if (kind == "Character" && !lines.empty() && lines.back().starts_with("Character ")) {
        lines.back() += read(token[1]);
        continue;
      }
    }
    lines.push_back(line);
  }
  return lines;
}

}  // namespace

TEST_CASE("a page becomes tags, text and comments") {
  CHECK(joined(tokensOf("<!DOCTYPE html><p class=a ID='B'>x &amp; y</P><!-- c --><br/>")) ==
        "DOCTYPE [html]nonenone\nStartTag p class=a id=B\nCharacter x & y\nEndTag p\nComment  c \nStartTag br /\n");
}

TEST_CASE("what stands in a script, a style or a title is text") {
  CHECK(joined(tokensOf("<script>if (a<b) '</a>'</script><style><a></style><title>A &lt; <b></title>")) ==
        "StartTag script\nCharacter if (a<b) '</a>'\nEndTag script\nStartTag style\nCharacter <a>\nEndTag style\n"
        "StartTag title\nCharacter A < <b>\nEndTag title\n");
}

TEST_CASE("the first of two attributes of one name counts, however many there are") {
  CHECK(joined(tokensOf("<a href=1 HREF=2>")) == "StartTag a href=1\n");
  std::string many = "<a";
  for (int i = 0; i < 100; ++i) many += " a" + std::to_string(i) + "=first";
  for (int i = 0; i < 100; ++i) many += " a" + std::to_string(i) + "=second";
  const auto lines = tokensOf(many + ">");
  REQUIRE(lines.size() == 1);
  CHECK(lines[0].find("second") == std::string::npos);
  CHECK(lines[0].find("a99=first") != std::string::npos);
}

TEST_CASE("a tag tells where it begins and ends") {
  struct Spans : html::TokenSink {
    std::vector<std::pair<std::uint64_t, std::uint64_t>> spans;
    State startTag(const html::TagToken& tag, State usual) override {
      spans.emplace_back(tag.begin, tag.end);
      return usual;
    }
    void endTag(const html::TagToken& tag) override { spans.emplace_back(tag.begin, tag.end); }
  };
  const std::string page = "ab<p x='>'>c</p >d<i>";
  for (const auto& pieces : {std::vector<std::string_view>{page}, weft::testing::singleBytes(page)}) {
    Spans spans;
    html::Tokenizer tokenizer(spans);
    for (auto piece : pieces) tokenizer.feed(piece);
    tokenizer.finish();
    CHECK(spans.spans == std::vector<std::pair<std::uint64_t, std::uint64_t>>{{2, 11}, {12, 17}, {18, 21}});
  }
}

TEST_CASE("the tokenizer agrees with html5lib's table, fed whole, byte by byte and in random pieces") {
  const auto table = weft::testing::conformanceTable("html/tokenizer.json");
  std::mt19937 random(20240607);
  int passed = 0, total = 0;
  for (const auto& test : table["cases"].GetArray()) {
    const bool escaped = test.HasMember("doubleEscaped");
    const std::string input =
        escaped ? unescaped(weft::testing::text(test["input"])) : weft::testing::text(test["input"]);
    const std::string last = test.HasMember("lastStartTag") ? weft::testing::text(test["lastStartTag"]) : "";
    std::vector<State> states;
    if (test.HasMember("initialStates"))
      for (const auto& name : test["initialStates"].GetArray()) states.push_back(stateNamed(weft::testing::text(name)));
    else
      states.push_back(State::kData);
    const std::string expected = joined(expectedOf(test, escaped));
    ++total;
    bool good = true;
    for (State state : states) {
      std::vector<std::vector<std::string_view>> cuts = {{input}, weft::testing::singleBytes(input)};
      for (int i = 0; i < 4; ++i) cuts.push_back(weft::testing::randomPieces(input, random));
      for (const auto& pieces : cuts) {
        const std::string found = joined(tokensOf(pieces, state, last));
        good &= found == expected;
        CHECK_MESSAGE(found == expected, test["id"].GetString(), " ", input, " in ", pieces.size(), " pieces");
      }
    }
    passed += good;
  }
  MESSAGE("tokenizer.json: ", passed, " of ", total);
  CHECK(passed == total);
}

TEST_CASE("any split of a made-up page gives the same tokens") {
  const char* const parts[] = {"<",
                               "</",
                               "a",
                               " ",
                               "href",
                               "=",
                               "\"",
                               "'",
                               ">",
                               "/>",
                               "<!--",
                               "-->",
                               "--!>",
                               "<!",
                               "&amp;",
                               "&am",
                               "&#x41;",
                               "&#6",
                               ";",
                               "&notin",
                               "&not",
                               "it;",
                               "\r",
                               "\n",
                               "\r\n",
                               "x",
                               "A",
                               "<script>",
                               "<SCRIPT",
                               "</script",
                               "<title>",
                               "</title>",
                               "<textarea",
                               "</textarea>",
                               "<?pi",
                               "<!DOCTYPE",
                               "html",
                               "PUBLIC",
                               "SYSTEM",
                               "<![CDATA[",
                               "]]>",
                               "-",
                               "--",
                               "!",
                               "<style",
                               "</style>",
                               "<plaintext",
                               "\xC3\xA9",
                               "=",
                               "<a b='1' c=\"2\" d=3 e>",
                               "<p class=x>text</p>",
                               "\t"};
  std::mt19937 random(4711);
  for (int round = 0; round < 20000; ++round) {
    std::string input;
    const int count = 1 + static_cast<int>(random() % 14);
    for (int i = 0; i < count; ++i) {
      input += parts[random() % std::size(parts)];
      if (random() % 40 == 0) input += '\0';
    }
    const bool cdata = random() % 2;
    const auto whole = tokensOf({std::string_view(input)}, State::kData, {}, true, cdata);
    CHECK_MESSAGE(whole == tokensOf(weft::testing::singleBytes(input), State::kData, {}, true, cdata), input);
    CHECK_MESSAGE(whole == tokensOf(weft::testing::randomPieces(input, random), State::kData, {}, true, cdata), input);
  }
}

TEST_CASE("a tag with 100,000 attributes and a value of a megabyte are read in linear time") {
  std::string page = "<a";
  for (int i = 0; i < 100000; ++i) page += " n" + std::to_string(i) + "=v";
  page += " long='" + std::string(1 << 20, '&') + "'>";
  struct Count : html::TokenSink {
    std::size_t attributes = 0;
    State startTag(const html::TagToken& tag, State usual) override {
      attributes = tag.attributes.size();
      return usual;
    }
  } count;
  html::Tokenizer tokenizer(count);
  tokenizer.feed(page);
  tokenizer.finish();
  CHECK(count.attributes == 100001);
  tokenizer.reset();
  count.attributes = 0;
  for (std::string_view rest = page; !rest.empty(); rest.remove_prefix(std::min<std::size_t>(rest.size(), 3)))
    tokenizer.feed(rest.substr(0, 3));
  CHECK(count.attributes == 100001);
}
