// CookieJars: a jar for each session.
#pragma once

#include <weft/http/cookies/cookie_jar.hpp>

#include <cstddef>
#include <functional>
#include <map>
#include <string>
#include <string_view>

namespace weft::http {

/// Jars by name, for a client that holds several sessions at a time: one per account, one per spider. All with the same options.
///
///     CookieJars jars;
///     jars.jar("alice").addCookieHeader(request);
class CookieJars {
 public:
  explicit CookieJars(CookieJarOptions options = CookieJarOptions(), std::size_t maxJars = 10'000) : options_(std::move(options)), maxJars_(maxJars) {}

  /// The jar of this name, made when it is first asked for; the reference lasts until remove() or clear(). Throws CookieError when there are maxJars already.
  CookieJar& jar(std::string_view name = {}) {
    if (const auto found = jars_.find(name); found != jars_.end()) return found->second;
    if (jars_.size() >= maxJars_)
      throw CookieError("making the cookie jar \"" + std::string(name) + "\": there are " + std::to_string(jars_.size()) + " already; remove() those that are done with, or allow more");
    return jars_.emplace(name, CookieJar(options_)).first->second;
  }
  bool has(std::string_view name) const { return jars_.find(name) != jars_.end(); }
  bool remove(std::string_view name) {
    const auto found = jars_.find(name);
    if (found == jars_.end()) return false;
    jars_.erase(found);
    return true;
  }
  void clear() noexcept { jars_.clear(); }
  std::size_t size() const noexcept { return jars_.size(); }

 private:
  CookieJarOptions options_;
  std::size_t maxJars_;
  std::map<std::string, CookieJar, std::less<>> jars_;
};

}  // namespace weft::http
