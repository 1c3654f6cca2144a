#include <weft/crawler/html/xpath.hpp>

#include <weft/crawler/html/internal/xpath_functions.hpp>
#include <weft/crawler/html/internal/xpath_nodes.hpp>
#include <weft/crawler/html/internal/xpath_scan.hpp>

#include <libxml/parser.h>
#include <libxml/xpath.h>
#include <libxml/xpathInternals.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <new>
#include <utility>

namespace weft::html {
namespace {

using internal::XPathName;
using internal::XPathNames;
using internal::XPathRun;

constexpr std::size_t kMostBytes = 64 * 1024;
constexpr std::size_t kMostTokens = 16 * 1024;

std::string plain(const xmlChar* text) { return text ? reinterpret_cast<const char*>(text) : ""; }

constexpr std::array<std::string_view, 28> kFunctions = {
    "last", "position", "count", "id", "local-name", "namespace-uri", "name", "string", "concat", "starts-with",
    "contains", "substring-before", "substring-after", "substring", "string-length", "normalize-space", "translate",
    "boolean", "not", "true", "false", "lang", "number", "sum", "floor", "ceiling", "round", "has-class"};
constexpr std::array<std::string_view, 3> kReFunctions = {"test", "match", "replace"};
constexpr std::array<std::string_view, 6> kSetFunctions = {"difference", "intersection", "leading",
                                                           "trailing",   "has-same-node", "distinct"};

template <std::size_t kSize>
bool has(const std::array<std::string_view, kSize>& names, std::string_view name) noexcept {
  return std::find(names.begin(), names.end(), name) != names.end();
}

/// libxml2 has one message for most of these.
std::string reasonOf(int code) {
  switch (code) {
    case XPATH_NUMBER_ERROR: return "this is no number";
    case XPATH_UNFINISHED_LITERAL_ERROR: return "this string is not closed";
    case XPATH_START_LITERAL_ERROR: return "expected a string in quotes";
    case XPATH_VARIABLE_REF_ERROR: return "expected the name of a variable after '$'";
    case XPATH_INVALID_PREDICATE_ERROR: return "a predicate is not closed: expected ']'";
    case XPATH_UNCLOSED_ERROR: return "expected ')'";
    case XPATH_INVALID_OPERAND: return "an operand is of the wrong kind";
    case XPATH_INVALID_TYPE: return "a value is of the wrong kind (a set of nodes is wanted, or not wanted, here)";
    case XPATH_INVALID_ARITY: return "a function was given the wrong number of arguments";
    case XPATH_ENCODING_ERROR:
    case XPATH_INVALID_CHAR_ERROR: return "this is no character of XML";
    case XPATH_MEMORY_ERROR: return "out of memory, or more than 10 million nodes in a set";
    case XPATH_STACK_ERROR: return "a function was given the wrong number of arguments";
    case XPATH_RECURSION_LIMIT_EXCEEDED: return "nested too deeply";
    default: return "not an XPath expression from here on";
  }
}

void onError(void* user, xmlError* error) {
  auto* const run = static_cast<XPathRun*>(user);
  if (!run || run->code) return;
  run->code = error->code - XML_XPATH_EXPRESSION_OK;
  run->offset = error->int1;
}

xmlXPathObject* lookUpVariable(void* data, const xmlChar* name, const xmlChar*) {
  const auto& variables = *static_cast<const XPathVariables*>(data);
  const auto found = variables.find(reinterpret_cast<const char*>(name));
  if (found == variables.end()) return nullptr;
  const auto& value = found->second.value;
  if (const bool* boolean = std::get_if<bool>(&value)) return xmlXPathNewBoolean(*boolean);
  if (const double* number = std::get_if<double>(&value)) return xmlXPathNewFloat(*number);
  return xmlXPathNewCString(std::get<std::string>(value).c_str());
}

/// libxml2's context of one thread: making one costs more than most evaluations.
class Context {
 public:
  static Context& ofThread() {
    thread_local Context context;
    return context;
  }
  xmlXPathContext* operator->() const noexcept { return context_; }
  xmlXPathContext* get() const noexcept { return context_; }

  void setNamespaces(const XPathNamespaces& namespaces) {
    if (namespaces == namespaces_) return;
    xmlXPathRegisteredNsCleanup(context_);
    registerOwn();
    for (const auto& [prefix, uri] : namespaces) xmlXPathRegisterNs(context_, xml(prefix.c_str()), xml(uri.c_str()));
    namespaces_ = namespaces;
  }

 private:
  Context() {
    xmlInitParser();
    context_ = xmlXPathNewContext(nullptr);
    if (!context_) throw std::bad_alloc();
    context_->error = onError;
    internal::registerXPathFunctions(context_);
    registerOwn();
  }
  ~Context() { xmlXPathFreeContext(context_); }
  Context(const Context&) = delete;
  Context& operator=(const Context&) = delete;

  void registerOwn() {
    xmlXPathRegisterNs(context_, xml("re"), xml(internal::kRegularExpressions));
    xmlXPathRegisterNs(context_, xml("set"), xml(internal::kSets));
    xmlXPathRegisterNs(context_, xml("xml"), XML_XML_NAMESPACE);
  }

  xmlXPathContext* context_ = nullptr;
  XPathNamespaces namespaces_;
};

}  // namespace

struct XPath::Compiled {
  explicit Compiled(std::string_view expression) : text(expression), names(internal::scanXPath(text)) {}
  ~Compiled() {
    if (expression) xmlXPathFreeCompExpr(expression);
  }
  Compiled(const Compiled&) = delete;
  Compiled& operator=(const Compiled&) = delete;

  std::size_t column(std::size_t offset) const noexcept { return columnOf(text, offset); }
  /// Where a function is called for the first time; 0 if nowhere.
  std::size_t columnOfFunction(std::string_view local) const noexcept {
    for (const XPathName& name : names.functions)
      if (name.text == local || (name.text.ends_with(local) && name.text.substr(0, name.text.size() - local.size()).ends_with(':')))
        return column(name.offset);
    return 0;
  }
  void checkFunctions() const;
  void checkNames(const XPathVariables& variables, const XPathNamespaces& namespaces) const;

  std::string text;
  XPathNames names;  // views into text
  xmlXPathCompExpr* expression = nullptr;
};

void XPath::Compiled::checkNames(const XPathVariables& variables, const XPathNamespaces& namespaces) const {
  for (const XPathName& prefix : names.prefixes) {
    if (prefix.text == "re" || prefix.text == "set" || prefix.text == "xml") continue;
    if (namespaces.find(prefix.text) == namespaces.end())
      throw XPathSyntaxError(text, column(prefix.offset),
                             "the prefix '" + std::string(prefix.text) + "' stands for no namespace (register it first)");
  }
  for (const XPathName& variable : names.variables)
    if (variables.find(variable.text) == variables.end())
      throw XPathSyntaxError(text, column(variable.offset), "the variable $" + std::string(variable.text) + " was given no value");
}

/// Prefixes other than re and set name functions that nobody has.
void XPath::Compiled::checkFunctions() const {
  for (const XPathName& function : names.functions) {
    const std::size_t colon = function.text.find(':');
    const std::string_view prefix = colon == std::string_view::npos ? std::string_view() : function.text.substr(0, colon);
    const std::string_view local = function.text.substr(colon == std::string_view::npos ? 0 : colon + 1);
    const bool known = prefix.empty() ? has(kFunctions, local)
                       : prefix == "re"  ? has(kReFunctions, local)
                       : prefix == "set" ? has(kSetFunctions, local)
                                         : false;
    if (!known) throw XPathSyntaxError(text, column(function.offset), "there is no function " + std::string(function.text) + "()");
  }
}

XPath::XPath(std::string_view expression) {
  if (expression.size() > kMostBytes) throw XPathSyntaxError(expression, 0, "longer than 64 KiB");
  if (const std::size_t nul = expression.find('\0'); nul != std::string_view::npos)
    throw XPathSyntaxError(expression, columnOf(expression, nul), "a NUL cannot be part of an expression");
  compiled_ = std::make_unique<Compiled>(expression);
  if (compiled_->names.tokens > kMostTokens) throw XPathSyntaxError(expression, 0, "more than 16,384 names and signs");
  XPathRun run;
  Context& context = Context::ofThread();
  context->userData = &run;
  context->opLimit = 0;
  context->doc = nullptr;
  context->node = nullptr;
  compiled_->expression = xmlXPathCtxtCompile(context.get(), xml(compiled_->text.c_str()));
  context->userData = nullptr;
  if (!compiled_->expression)
    throw XPathSyntaxError(expression, columnOf(expression, static_cast<std::size_t>(std::max(run.offset, 0L))), reasonOf(run.code));
  compiled_->checkFunctions();
  if (compiled_->names.operands.empty()) return;
  // What is compared costs its text, which libxml2 does not count: a function that nobody else can call does.
  const std::string counted = internal::withOperandsIn(internal::kCounted, compiled_->text, compiled_->names);
  XPathRun again;
  context->userData = &again;
  xmlXPathCompExpr* const better = xmlXPathCtxtCompile(context.get(), xml(counted.c_str()));
  context->userData = nullptr;
  if (!better) throw XPathSyntaxError(expression, 0, reasonOf(again.code));
  xmlXPathFreeCompExpr(std::exchange(compiled_->expression, better));
}

XPath::~XPath() = default;
XPath::XPath(XPath&&) noexcept = default;
XPath& XPath::operator=(XPath&&) noexcept = default;

const std::string& XPath::text() const noexcept { return compiled_->text; }

XPathResult XPath::evaluate(const XPathTree& tree, CssMatch from, const XPathVariables& variables,
                            const XPathNamespaces& namespaces, unsigned long mostSteps) const {
  const Compiled& compiled = *compiled_;
  compiled.checkNames(variables, namespaces);
  const XPathTree::Nodes& nodes = *tree.nodes_;
  XPathRun run;
  Context& context = Context::ofThread();
  context.setNamespaces(namespaces);
  context->userData = &run;
  context->doc = const_cast<xmlDoc*>(&nodes.doc);
  context->node = nodes.node(from);
  context->opLimit = mostSteps;
  context->opCount = 0;
  context->depth = 0;
  xmlXPathRegisterVariableLookup(context.get(), lookUpVariable, const_cast<XPathVariables*>(&variables));
  const std::unique_ptr<xmlXPathObject, void (*)(xmlXPathObject*)> found(xmlXPathCompiledEval(compiled.expression, context.get()), xmlXPathFreeObject);
  context->userData = nullptr;
  context->doc = nullptr;
  context->node = nullptr;
  context->function = context->functionURI = nullptr;
  xmlXPathRegisterVariableLookup(context.get(), nullptr, nullptr);
  if (run.code == XPATH_OP_LIMIT_EXCEEDED)
    throw XPathEvaluationError(compiled.text, 0, "gave up after " + std::to_string(mostSteps) + " steps: ask for less, or nearer");
  if (!run.reason.empty())
    throw XPathEvaluationError(compiled.text, compiled.columnOfFunction(run.function), run.function + "() " + run.reason);
  if (run.code || !found)
    throw XPathEvaluationError(compiled.text, 0, run.code ? reasonOf(run.code) : "it gives nothing");

  switch (found->type) {
    case XPATH_BOOLEAN: return found->boolval != 0;
    case XPATH_NUMBER: return found->floatval;
    case XPATH_STRING: return plain(found->stringval);
    case XPATH_NODESET: break;
    default: throw XPathEvaluationError(compiled.text, 0, "gives neither nodes nor a value");
  }
  std::vector<CssMatch> matches;
  xmlNodeSet* const set = found->nodesetval;
  const int count = set ? set->nodeNr : 0;
  const bool ours = std::all_of(set ? set->nodeTab : nullptr, set ? set->nodeTab + count : nullptr, [&](const xmlNode* node) {
    return node->type != XML_NAMESPACE_DECL && nodes.owns(node);
  });
  if (ours) {
    if (count > 1) xmlXPathNodeSetSort(set);
    matches.reserve(static_cast<std::size_t>(count));
    for (int i = 0; i < count; ++i) matches.push_back(nodes.match(set->nodeTab[i]));
    return matches;
  }
  std::vector<std::string> strings;
  for (int i = 0; i < count; ++i) {
    xmlChar* const text = xmlXPathCastNodeToString(set->nodeTab[i]);
    strings.push_back(plain(text));
    xmlFree(text);
  }
  return strings;
}

}  // namespace weft::html
