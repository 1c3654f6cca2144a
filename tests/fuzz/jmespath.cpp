// JMESPath: a document in the first line, an expression in the rest. Whatever compiles gives valid JSON, or gives up.
#include "fuzz/check.hpp"

#include <weft/crawler/jmespath.hpp>
#include <weft/crawler/json_pointer.hpp>

#include <optional>
#include <string_view>

using weft::crawler::JmesPath;
using weft::http::Json;

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const std::size_t line = text.find('\n');
  const std::string_view query = line == std::string_view::npos ? text : text.substr(line + 1);
  Json document = Json::Array{1, 2.5, "text", Json::Object{{"a", Json::Array{3, "b"}}}};
  try {
    if (line != std::string_view::npos) document = Json::parse(text.substr(0, line), weft::http::JsonOptions().setMaxDepth(64));
  } catch (const weft::http::JsonError&) {
  }
  try {
    const JmesPath compiled(query);
    FUZZ_CHECK(compiled.text() == query);
    const Json found = compiled.search(document, 100'000);
    FUZZ_CHECK(compiled.search(document, 100'000) == found);
    Json::parse(found.dump(), weft::http::JsonOptions().setMaxDepth(2000));
  } catch (const weft::crawler::JmesPathError& error) {
    FUZZ_CHECK(error.column <= query.size() + 1);
  }
  try {
    const Json* const found = weft::crawler::findByPointer(document, query);
    FUZZ_CHECK(!query.empty() || found == &document);
  } catch (const weft::crawler::JsonPointerError&) {
  }
  return 0;
}
