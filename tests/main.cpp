// The main() of every test program: doctest's own, compiled once and linked into each.
#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest/doctest.h>

#include <cstdlib>

namespace {

// The proxies of whoever runs the tests are not the tests' business, nor that of the programs that they start.
[[maybe_unused]] const bool kWithoutProxies = [] {
  for (const char* name : {"http_proxy", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY", "no_proxy", "NO_PROXY"}) unsetenv(name);
  return true;
}();

}  // namespace
