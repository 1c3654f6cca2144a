// expects: a Generator cannot wait: write an AsyncGenerator
#include <weft/core/generator.hpp>
#include <weft/defer/deferred.hpp>

weft::Generator<int> pages(weft::Deferred<int>& page) { co_yield co_await page; }
