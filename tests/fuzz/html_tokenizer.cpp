// The tokenizer. The first byte picks the state to begin in, the second the size of the pieces. Whatever it scans with and however the page is cut, the tokens are the same,
// and no byte is looked at more than four times.
#include "fuzz/check.hpp"

#include "crawler/html/machine_recorder.hpp"

#include <weft/crawler/html/link_scanner.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

using namespace weft;

namespace {

struct Links final : html::LinkVisitor {
  std::string all;
  void link(const html::ScannedLink& link) override {
    all += std::to_string(link.begin) + ' ';
    (all += link.href) += '\n';
  }
};

std::string linksOf(const std::vector<std::string_view>& pieces) {
  Links links;
  html::LinkScanner scanner(links, html::LinkScope::kEverything);
  for (std::string_view piece : pieces) {
    const std::vector<char> block(piece.begin(), piece.end());
    scanner.feed({block.data(), block.size()});
  }
  scanner.finish();
  return links.all + scanner.title();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  constexpr html::State kStates[] = {html::State::kData,       html::State::kRcdata,    html::State::kRawtext,
                                     html::State::kScriptData, html::State::kPlaintext, html::State::kCdataSection};
  const html::State state = kStates[data[0] % std::size(kStates)];
  const bool cdata = data[0] & 0x80;
  const std::string_view page(reinterpret_cast<const char*>(data) + 2, size - 2);
  std::vector<std::string_view> pieces;
  const std::size_t step = 1 + data[1];
  for (std::string_view rest = page; !rest.empty(); rest.remove_prefix(std::min(step, rest.size()))) pieces.push_back(rest.substr(0, step));
  const std::string whole = testing::recordOf<html::internal::FastScan>({page}, state, cdata);
  FUZZ_CHECK(whole == testing::recordOf<html::internal::PortableScan>({page}, state, cdata));
  FUZZ_CHECK(whole == testing::recordOf<html::internal::FastScan>(pieces, state, cdata));
  FUZZ_CHECK(linksOf({page}) == linksOf(pieces));
  testing::CountingScan::passed = 0;
  testing::recordOf<testing::CountingScan>({page}, state, cdata);
  FUZZ_CHECK(testing::CountingScan::passed <= 4 * page.size() + 64);
  return 0;
}
