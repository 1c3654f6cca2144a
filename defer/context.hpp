// Context variables: values that follow a coroutine through all its awaits, such as the id of the request it serves.
#pragma once

#include <weft/core/block_pool.hpp>

#include <cstdint>
#include <utility>

namespace weft {

namespace detail {

// A context is a list of bindings, shared by all who captured it; null is the empty one. One thread owns it.
struct ContextNode : Pooled {
  ContextNode(const void* key, ContextNode* parent) noexcept : key(key), parent(parent) {}
  ContextNode(const ContextNode&) = delete;
  virtual ~ContextNode() = default;
  std::uint32_t references = 1;
  const void* key;
  ContextNode* parent;                                 // owned: one reference
};
inline constinit thread_local ContextNode* currentContext = nullptr;

inline ContextNode* shareContext(ContextNode* node) noexcept {
  if (node) ++node->references;
  return node;
}
void releaseContext(ContextNode* node) noexcept;

/// What a coroutine does with contexts: it takes its creator's, and puts it back in force each time it goes on. While it is suspended this holds its own
/// context, while it runs its resumer's.
class CoroutineContext {
 public:
  CoroutineContext() noexcept : other_(shareContext(currentContext)) {}
  CoroutineContext(const CoroutineContext&) = delete;
  ~CoroutineContext() {
    if (other_) releaseContext(other_);
  }
  void exchange() noexcept {
    if (other_ != currentContext) [[unlikely]] std::swap(other_, currentContext);
  }
  /// Calls `destroy`, which destroys the suspended coroutine that this is a part of: in its own context, where its scopes end.
  template <class F> void leaveBy(F destroy) noexcept {
    exchange();
    ContextNode* const outside = std::exchange(other_, nullptr);
    destroy();
    if (ContextNode* const own = std::exchange(currentContext, outside)) releaseContext(own);
  }

 private:
  ContextNode* other_;
};

}  // namespace detail

/// A variable with a value per context. A coroutine starts with the context of its caller and keeps its own from then on: what it sets is seen by all that it
/// calls and awaits, also long after its caller has gone on to something else, and never by its caller.
///
///     ContextVar<std::string> requestId;
///     Deferred<> serve(Request request) {
///       auto bound = requestId.set(request.id());      // until the end of this scope
///       co_await handle(std::move(request));            // logs with requestId.get()
///     }
///
/// The variable must outlive every scope that binds it. For one thread; other threads see no binding.
template <class T> class ContextVar {
  struct Node final : detail::ContextNode {
    Node(const void* key, detail::ContextNode* parent, T value) : ContextNode(key, parent), value(std::move(value)) {}
    T value;
  };

 public:
  /// Binds a value until it goes out of scope. Scopes of one coroutine end in the reverse order of their beginning.
  class [[nodiscard]] Scope {
   public:
    explicit Scope(detail::ContextNode* outer) noexcept : outer_(outer) {}
    Scope(const Scope&) = delete;
    Scope& operator=(const Scope&) = delete;
    ~Scope() { detail::releaseContext(std::exchange(detail::currentContext, outer_)); }

   private:
    detail::ContextNode* outer_;
  };

  ContextVar() = default;
  explicit ContextVar(T byDefault) : default_(std::move(byDefault)) {}
  ContextVar(const ContextVar&) = delete;
  ContextVar& operator=(const ContextVar&) = delete;

  /// The value bound by the innermost scope, else the default. Valid until that scope ends.
  const T& get() const noexcept {
    for (const detail::ContextNode* node = detail::currentContext; node; node = node->parent)
      if (node->key == this) return static_cast<const Node*>(node)->value;
    return default_;
  }
  Scope set(T value) {
    detail::ContextNode* const outer = detail::currentContext;
    detail::currentContext = new Node(this, detail::shareContext(outer), std::move(value));
    return Scope(outer);
  }

 private:
  T default_{};
};

}  // namespace weft
