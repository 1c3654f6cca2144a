// JmesPath: questions to JSON.
#pragma once

#include <weft/crawler/html/query_error.hpp>
#include <weft/http/json.hpp>

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

namespace weft::crawler {

/// A JMESPath expression that cannot be used.
class JmesPathError : public html::QueryError {
 public:
  JmesPathError(std::string_view expression, std::size_t column, std::string_view reason)
      : QueryError("JMESPath", expression, column, reason) {}
};

/// It is no JMESPath, or calls a function that there is none of, or with the wrong number of arguments.
class JmesPathSyntaxError : public JmesPathError {
 public:
  using JmesPathError::JmesPathError;
};

/// It went wrong on a document: a function was given a value of the wrong type, or it makes more of the document than
/// memory should hold.
class JmesPathEvaluationError : public JmesPathError {
 public:
  using JmesPathError::JmesPathError;
};

namespace internal {
struct JmesPathTree;
}

/// A compiled JMESPath expression: the whole language of jmespath.org's specification, with all its functions.
/// Immutable: any number of threads may use one at once.
///
///     static const JmesPath kCheap("products[?price < `10`].{name: name, id: id}");
///     for (const http::Json& product : kCheap.search(json).array()) ...
class JmesPath {
 public:
  /// Compiles. Throws JmesPathSyntaxError; also for an expression of more than 64 KiB, or one that is nested (or
  /// chained) more than 500 deep.
  explicit JmesPath(std::string_view expression);

  const std::string& text() const noexcept;

  /// The most values (and 16 bytes of text each count as one) that one search may make.
  static constexpr std::size_t kMostValues = 5'000'000;

  /// What the expression gives for a document; null if it finds nothing. Throws JmesPathEvaluationError.
  http::Json search(const http::Json& document, std::size_t mostValues = kMostValues) const;

 private:
  std::shared_ptr<const internal::JmesPathTree> tree_;
};

}  // namespace weft::crawler
