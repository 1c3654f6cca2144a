// Names for callbacks that outlive the process.
#pragma once

#include <weft/crawler/request.hpp>

#include <optional>
#include <string>
#include <string_view>

namespace weft::crawler {

/// A text that stands for a callback on disk: "name:parseAuthor" where the spider has named it (Spider::callbacks, Spider::errbacks); else its place in this very build of the
/// program, "place:BUILD:KIND:OFFSET:ADJUSTMENT", for which the linker's build id vouches.
std::string callbackName(const Spider& spider, Callback callback);
std::string callbackName(const Spider& spider, Errback errback);

/// The other way. nullopt when there is none of that name, or the text names a place in another build.
std::optional<Callback> callbackOf(const Spider& spider, std::string_view name);
std::optional<Errback> errbackOf(const Spider& spider, std::string_view name);

}  // namespace weft::crawler
