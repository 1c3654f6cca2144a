#include <weft/crawler/html/internal/xpath_functions.hpp>

#include <weft/crawler/html/internal/words.hpp>
#include <weft/crawler/html/internal/xpath_nodes.hpp>

#include <libxml/xpathInternals.h>
#include <re2/re2.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string_view>
#include <unordered_map>

namespace weft::html::internal {
namespace {

std::string_view plain(const xmlChar* text) noexcept {
  return text ? std::string_view(reinterpret_cast<const char*>(text)) : std::string_view();
}

struct FreeText {
  void operator()(xmlChar* text) const noexcept { xmlFree(text); }
};
using Text = std::unique_ptr<xmlChar, FreeText>;
struct FreeObject {
  void operator()(xmlXPathObject* object) const noexcept { xmlXPathFreeObject(object); }
};
using Object = std::unique_ptr<xmlXPathObject, FreeObject>;

XPathRun& runOf(xmlXPathParserContext* parser) noexcept { return *static_cast<XPathRun*>(parser->context->userData); }

/// Ends the evaluation.
void fail(xmlXPathParserContext* parser, int code, std::string reason) {
  XPathRun& run = runOf(parser);
  if (run.reason.empty()) {
    run.function = plain(parser->context->function);
    run.reason = std::move(reason);
  }
  xmlXPathSetError(parser, code);
}

bool takes(xmlXPathParserContext* parser, int given, int least, int most) {
  if (given >= least && given <= most) return true;
  const std::string wanted = std::to_string(least) + (least == most ? "" : " to " + std::to_string(most));
  fail(parser, XPATH_INVALID_ARITY, "takes " + wanted + " arguments, not " + std::to_string(given));
  return false;
}

// ---- what text costs
//
// libxml2 counts the nodes that an expression looks at, but not those whose text is put together for a function: on
// elements nested deeply, //*[contains(., 'x')] would be quadratic without an end. So the functions that take text
// count it, and so does a function that is put around the operands of comparisons and of arithmetic (see
// withOperandsIn()); the tree knows how much there is (see XPathTree::Nodes).

bool charge(xmlXPathParserContext* parser, unsigned long steps) {
  xmlXPathContext* const context = parser->context;
  if (context->opLimit == 0 || steps <= context->opLimit - std::min(context->opCount, context->opLimit)) {
    context->opCount += steps;
    return true;
  }
  context->opCount = context->opLimit;
  xmlXPathErr(parser, XPATH_OP_LIMIT_EXCEEDED);
  return false;
}

unsigned long workOf(const xmlNode* node) noexcept {
  if (node && (node->type == XML_DOCUMENT_NODE || node->type == XML_HTML_DOCUMENT_NODE)) {
    unsigned long steps = 1;
    for (const xmlNode* child = reinterpret_cast<const xmlDoc*>(node)->children; child; child = child->next) steps += workOf(child);
    return steps;
  }
  return node && node->type == XML_ELEMENT_NODE ? reinterpret_cast<std::uintptr_t>(node->psvi) : 1;
}

template <xmlXPathFunction kFunction>
void charged(xmlXPathParserContext* parser, int count) {
  unsigned long steps = count == 0 ? workOf(parser->context->node) : 0;
  for (int i = 1; i <= count && i <= parser->valueNr; ++i) {
    const xmlXPathObject* const argument = parser->valueTab[parser->valueNr - i];
    if (argument->type == XPATH_NODESET && argument->nodesetval && argument->nodesetval->nodeNr > 0)
      steps += workOf(argument->nodesetval->nodeTab[0]);
  }
  if (charge(parser, steps)) kFunction(parser, count);
}

/// As many steps as comparing each of so many with each of the others takes, if looking at a node is one.
unsigned long pairs(std::size_t one, std::size_t other) noexcept { return one * other / 16; }

unsigned long workOf(const xmlNodeSet* set) noexcept {
  unsigned long steps = 0;
  for (int i = 0; set && i < set->nodeNr; ++i) steps += workOf(set->nodeTab[i]);
  return steps;
}
std::size_t sizeOf(const xmlNodeSet* set) noexcept { return set ? static_cast<std::size_t>(set->nodeNr) : 0; }

/// Functions that take the text of all nodes of their argument.
template <xmlXPathFunction kFunction>
void chargedForAll(xmlXPathParserContext* parser, int count) {
  unsigned long steps = 0;
  if (count > 0 && parser->value && parser->value->type == XPATH_NODESET) steps = workOf(parser->value->nodesetval);
  if (charge(parser, steps)) kFunction(parser, count);
}

/// Around an operand of a comparison or of arithmetic: gives it back. Two sets are compared each node with each, and
/// this sees one of them at a time: it takes the other for the largest there was before.
void counted(xmlXPathParserContext* parser, int count) {
  if (count != 1 || !parser->value || parser->value->type != XPATH_NODESET) return;
  const xmlNodeSet* const set = parser->value->nodesetval;
  std::size_t& largest = runOf(parser).largest;
  charge(parser, workOf(set) + pairs(sizeOf(set), largest));
  largest = std::max(largest, sizeOf(set));
}

// ---- has-class

const xmlChar* classOf(const xmlNode* node) noexcept {
  if (!node || node->type != XML_ELEMENT_NODE) return nullptr;
  for (const xmlAttr* attribute = node->properties; attribute; attribute = attribute->next)
    if (std::strcmp(reinterpret_cast<const char*>(attribute->name), "class") == 0)
      return attribute->children ? attribute->children->content : nullptr;
  return nullptr;
}

void hasClass(xmlXPathParserContext* parser, int count) {
  if (count < 1) return fail(parser, XPATH_INVALID_ARITY, "takes at least one class");
  const std::string_view list = plain(classOf(parser->context->node));
  bool all = true;
  for (int i = 0; i < count; ++i) {
    if (!parser->value || parser->value->type != XPATH_STRING)
      return fail(parser, XPATH_INVALID_TYPE, "takes strings: has-class('name')");
    const Object argument(valuePop(parser));
    all = all && hasWord(list, plain(argument->stringval));
  }
  valuePush(parser, xmlXPathNewBoolean(all));
}

// ---- regular expressions, http://exslt.org/regexp/

/// The last few hundred of this thread.
const re2::RE2* compiled(xmlXPathParserContext* parser, const Text& pattern, const Text& flags) {
  thread_local std::unordered_map<std::string, std::unique_ptr<re2::RE2>> cache;
  const bool ignoreCase = plain(flags.get()).find('i') != std::string_view::npos;
  std::string text(ignoreCase ? "(?i)" : "");
  text += plain(pattern.get());
  if (const auto found = cache.find(text); found != cache.end()) return found->second.get();
  re2::RE2::Options options;
  options.set_log_errors(false);
  auto made = std::make_unique<re2::RE2>(text, options);
  if (!made->ok()) {
    fail(parser, XPATH_EXPR_ERROR, "the regular expression '" + std::string(plain(pattern.get())) + "': " + made->error());
    return nullptr;
  }
  if (cache.size() >= 256) cache.clear();
  return cache.emplace(std::move(text), std::move(made)).first->second.get();
}

void reTest(xmlXPathParserContext* parser, int count) {
  if (!takes(parser, count, 2, 3)) return;
  const Text flags(count > 2 ? xmlXPathPopString(parser) : nullptr), pattern(xmlXPathPopString(parser)),
      text(xmlXPathPopString(parser));
  if (parser->error) return;
  const re2::RE2* const re = compiled(parser, pattern, flags);
  if (!re) return;
  const std::string_view subject = plain(text.get());
  valuePush(parser, xmlXPathNewBoolean(re2::RE2::PartialMatch(re2::StringPiece(subject.data(), subject.size()), *re)));
}

/// <match> elements: all of the first match and its groups; with the flag g, all matches.
void reMatch(xmlXPathParserContext* parser, int count) {
  if (!takes(parser, count, 2, 3)) return;
  const Text flags(count > 2 ? xmlXPathPopString(parser) : nullptr), pattern(xmlXPathPopString(parser)),
      text(xmlXPathPopString(parser));
  if (parser->error) return;
  const re2::RE2* const re = compiled(parser, pattern, flags);
  if (!re) return;
  xmlDoc* const doc = xmlNewDoc(nullptr);
  if (!doc) return fail(parser, XPATH_MEMORY_ERROR, "is out of memory");
  runOf(parser).made.push_back(doc);
  xmlXPathObject* const result = xmlXPathNewNodeSet(nullptr);
  xmlNode* const root = xmlNewDocNode(doc, nullptr, xml("matches"), nullptr);
  xmlDocSetRootElement(doc, root);
  const auto add = [&](const re2::StringPiece& piece) {
    const std::string content(piece.data() ? piece.data() : "", piece.size());
    xmlNode* const node = xmlNewTextChild(root, nullptr, xml("match"), xml(content.c_str()));
    if (node) xmlXPathNodeSetAddUnique(result->nodesetval, node);
  };
  const std::string_view subject = plain(text.get());
  const re2::StringPiece all(subject.data(), subject.size());
  const int groups = re->NumberOfCapturingGroups();
  std::vector<re2::StringPiece> found(static_cast<std::size_t>(groups) + 1);
  if (plain(flags.get()).find('g') == std::string_view::npos) {
    if (re->Match(all, 0, subject.size(), re2::RE2::UNANCHORED, found.data(), groups + 1))
      for (const re2::StringPiece& piece : found) add(piece);
  } else {
    for (std::size_t at = 0; at <= subject.size() && re->Match(all, at, subject.size(), re2::RE2::UNANCHORED, found.data(), 1);) {
      add(found[0]);
      const std::size_t end = static_cast<std::size_t>(found[0].data() - subject.data()) + found[0].size();
      at = found[0].empty() ? end + 1 : end;
    }
  }
  valuePush(parser, result);
}

void reReplace(xmlXPathParserContext* parser, int count) {
  if (!takes(parser, count, 4, 4)) return;
  const Text with(xmlXPathPopString(parser)), flags(xmlXPathPopString(parser)), pattern(xmlXPathPopString(parser)),
      text(xmlXPathPopString(parser));
  if (parser->error) return;
  const re2::RE2* const re = compiled(parser, pattern, flags);
  if (!re) return;
  std::string replacement;  // $1 is a group, as in EXSLT; \ is itself
  const std::string_view given = plain(with.get());
  for (std::size_t i = 0; i < given.size(); ++i) {
    const bool group = given[i] == '$' && i + 1 < given.size() && given[i + 1] >= '0' && given[i + 1] <= '9' &&
                       given[i + 1] - '0' <= re->NumberOfCapturingGroups();
    if (group || given[i] == '\\') replacement += '\\';
    if (!group) replacement += given[i];
  }
  std::string out(plain(text.get()));
  if (plain(flags.get()).find('g') != std::string_view::npos)
    re2::RE2::GlobalReplace(&out, *re, replacement);
  else
    re2::RE2::Replace(&out, *re, replacement);
  valuePush(parser, xmlXPathNewCString(out.c_str()));
}

// ---- sets, http://exslt.org/set/

struct FreeSet {
  void operator()(xmlNodeSet* set) const noexcept { xmlXPathFreeNodeSet(set); }
};
using Set = std::unique_ptr<xmlNodeSet, FreeSet>;

/// The argument on top of the stack. False, and the evaluation has failed, if it is no set; the empty one is nullptr.
bool popSet(xmlXPathParserContext* parser, Set& set) {
  if (!xmlXPathStackIsNodeSet(parser)) {
    fail(parser, XPATH_INVALID_TYPE, "takes sets of nodes");
    return false;
  }
  set.reset(xmlXPathPopNodeSet(parser));
  return !parser->error;
}

/// `combine` gives a new set, or one of its arguments.
template <class Combine>
void combineSets(xmlXPathParserContext* parser, int count, Combine&& combine) {
  Set first, second;
  if (!takes(parser, count, 2, 2) || !popSet(parser, second) || !popSet(parser, first)) return;
  if (!charge(parser, pairs(sizeOf(first.get()), sizeOf(second.get())))) return;
  xmlNodeSet* result = combine(first.get(), second.get());
  if (result == first.get()) static_cast<void>(first.release());
  if (result == second.get()) static_cast<void>(second.release());
  valuePush(parser, xmlXPathWrapNodeSet(result ? result : xmlXPathNodeSetCreate(nullptr)));
}

void difference(xmlXPathParserContext* parser, int count) { combineSets(parser, count, xmlXPathDifference); }
void intersection(xmlXPathParserContext* parser, int count) { combineSets(parser, count, xmlXPathIntersection); }

/// libxml2's xmlXPathLeading() looks at the second node of the second set, where EXSLT has the first.
xmlNode* firstOf(xmlNodeSet* set) noexcept {
  xmlXPathNodeSetSort(set);
  return xmlXPathNodeSetItem(set, 0);
}
void leading(xmlXPathParserContext* parser, int count) {
  combineSets(parser, count, [](xmlNodeSet* first, xmlNodeSet* second) {
    xmlXPathNodeSetSort(first);
    return xmlXPathNodeLeadingSorted(first, firstOf(second));
  });
}
void trailing(xmlXPathParserContext* parser, int count) {
  combineSets(parser, count, [](xmlNodeSet* first, xmlNodeSet* second) {
    xmlXPathNodeSetSort(first);
    return xmlXPathNodeTrailingSorted(first, firstOf(second));
  });
}

void hasSameNode(xmlXPathParserContext* parser, int count) {
  Set first, second;
  if (!takes(parser, count, 2, 2) || !popSet(parser, second) || !popSet(parser, first)) return;
  if (!charge(parser, pairs(sizeOf(first.get()), sizeOf(second.get())))) return;
  valuePush(parser, xmlXPathNewBoolean(xmlXPathHasSameNodes(first.get(), second.get())));
}

void distinct(xmlXPathParserContext* parser, int count) {
  Set given;
  if (!takes(parser, count, 1, 1) || !popSet(parser, given)) return;
  xmlNodeSet* const result = xmlXPathDistinct(given.get());
  if (result == given.get()) static_cast<void>(given.release());
  valuePush(parser, xmlXPathWrapNodeSet(result ? result : xmlXPathNodeSetCreate(nullptr)));
}

// ---- id

/// Elements whose attribute `id` is one of the words. In libxml2's own version a document says which attributes are ids.
void byId(xmlXPathParserContext* parser, int count) {
  if (!takes(parser, count, 1, 1)) return;
  const Object argument(valuePop(parser));
  if (!argument) return;
  std::string words;
  if (argument->type == XPATH_NODESET && argument->nodesetval) {
    for (int i = 0; i < argument->nodesetval->nodeNr; ++i) {
      const Text text(xmlXPathCastNodeToString(argument->nodesetval->nodeTab[i]));
      (words += plain(text.get())) += ' ';
    }
  } else {
    const Text text(xmlXPathCastToString(argument.get()));
    words = plain(text.get());
  }
  xmlXPathObject* const result = xmlXPathNewNodeSet(nullptr);
  xmlNode* node = parser->context->doc->children;
  while (node) {
    if (!charge(parser, 1 + words.size() / 64)) break;
    if (node->type == XML_ELEMENT_NODE)
      for (const xmlAttr* attribute = node->properties; attribute; attribute = attribute->next)
        if (plain(attribute->name) == "id" && attribute->children && hasWord(words, plain(attribute->children->content)))
          xmlXPathNodeSetAddUnique(result->nodesetval, node);
    if (node->children && node->type == XML_ELEMENT_NODE) {
      node = node->children;
      continue;
    }
    while (node && !node->next) node = node->parent->type == XML_ELEMENT_NODE ? node->parent : nullptr;
    if (node) node = node->next;
  }
  valuePush(parser, result);
}

}  // namespace

XPathRun::~XPathRun() {
  for (xmlDoc* doc : made) xmlFreeDoc(doc);
}

void registerXPathFunctions(xmlXPathContext* context) {
  const auto add = [context](const char* name, xmlXPathFunction function, const char* uri = nullptr) {
    xmlXPathRegisterFuncNS(context, xml(name), uri ? xml(uri) : nullptr, nullptr);  // libxml2's own, if it has one
    xmlXPathRegisterFuncNS(context, xml(name), uri ? xml(uri) : nullptr, function);
  };
  add("has-class", hasClass);
  add("id", chargedForAll<byId>);
  add("sum", chargedForAll<xmlXPathSumFunction>);
  add(kCounted, counted);
  add("test", charged<reTest>, kRegularExpressions);
  add("match", charged<reMatch>, kRegularExpressions);
  add("replace", charged<reReplace>, kRegularExpressions);
  add("difference", difference, kSets);
  add("intersection", intersection, kSets);
  add("leading", leading, kSets);
  add("trailing", trailing, kSets);
  add("has-same-node", hasSameNode, kSets);
  add("distinct", chargedForAll<distinct>, kSets);
  add("string", charged<xmlXPathStringFunction>);
  add("string-length", charged<xmlXPathStringLengthFunction>);
  add("normalize-space", charged<xmlXPathNormalizeFunction>);
  add("contains", charged<xmlXPathContainsFunction>);
  add("starts-with", charged<xmlXPathStartsWithFunction>);
  add("substring", charged<xmlXPathSubstringFunction>);
  add("substring-before", charged<xmlXPathSubstringBeforeFunction>);
  add("substring-after", charged<xmlXPathSubstringAfterFunction>);
  add("concat", charged<xmlXPathConcatFunction>);
  add("translate", charged<xmlXPathTranslateFunction>);
  add("number", charged<xmlXPathNumberFunction>);
}

}  // namespace weft::html::internal
