// Floor crawler: what a spider needs, and what runs it.
#pragma once

#include <weft/crawler/canonical_url.hpp>
#include <weft/crawler/downloader.hpp>
#include <weft/crawler/engine.hpp>
#include <weft/crawler/error.hpp>
#include <weft/crawler/feeds/feed.hpp>
#include <weft/crawler/fingerprint.hpp>
#include <weft/crawler/frontier/frontier.hpp>
#include <weft/crawler/frontier/memory_frontier.hpp>
#include <weft/crawler/html/css_literal.hpp>
#include <weft/crawler/http_downloader.hpp>
#include <weft/crawler/item.hpp>
#include <weft/crawler/jmespath.hpp>
#include <weft/crawler/json.hpp>
#include <weft/crawler/json_pointer.hpp>
#include <weft/crawler/link_extractor.hpp>
#include <weft/crawler/request.hpp>
#include <weft/crawler/response.hpp>
#include <weft/crawler/robots/robots_txt.hpp>
#include <weft/crawler/run_spider.hpp>
#include <weft/crawler/selector.hpp>
#include <weft/crawler/settings.hpp>
#include <weft/crawler/spider.hpp>
#include <weft/crawler/stats.hpp>
#include <weft/crawler/xml/xml_document.hpp>
#include <weft/crawler/xml/xml_elements.hpp>
