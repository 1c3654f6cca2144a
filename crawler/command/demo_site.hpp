// The demo site: quotes with pages, authors and tags, served from memory.
#pragma once

#include <weft/http/server/site.hpp>

#include <memory>

namespace weft::crawler::command {

/// A site to try a crawler on, with the markup of the usual tutorials (div.quote, span.text, small.author, a.tag, li.next a):
///
///     /                    the first page of quotes, ten of them
///     /page/2/             and the others
///     /author/Jane-Austen/ who said it
///     /tag/hope/           quotes with that tag, ten a page (/tag/hope/page/2/)
///
/// One link leads nowhere (/attic/, a 404), and one is a redirect (/random, to a page of quotes). Thread: the reactor's.
std::shared_ptr<http::Site> demoSite();

/// How many quotes it has.
std::size_t demoQuoteCount() noexcept;

}  // namespace weft::crawler::command
