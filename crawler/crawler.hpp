// Floor crawler, for who writes spiders: the spider, what it yields and asks, and the parts that can be put around it. What runs a crawl (Engine, frontiers, downloaders, politeness, robots.txt) and
// weft's own middlewares are included by their own headers: a spider compiles in three quarters of the time without them.
#pragma once

#include <weft/crawler/contract.hpp>
#include <weft/crawler/crawl_context.hpp>
#include <weft/crawler/dynamic_item.hpp>
#include <weft/crawler/error.hpp>
#include <weft/crawler/extension.hpp>
#include <weft/crawler/form_request.hpp>
#include <weft/crawler/html/css_literal.hpp>
#include <weft/crawler/item.hpp>
#include <weft/crawler/jmespath.hpp>
#include <weft/crawler/json.hpp>
#include <weft/crawler/json_pointer.hpp>
#include <weft/crawler/link.hpp>
#include <weft/crawler/link_extractor.hpp>
#include <weft/crawler/loader/item_loader.hpp>
#include <weft/crawler/loader/processors.hpp>
#include <weft/crawler/middlewares/downloader_middleware.hpp>
#include <weft/crawler/middlewares/spider_middleware.hpp>
#include <weft/crawler/pipelines/downloaded_file.hpp>
#include <weft/crawler/pipelines/files_pipeline.hpp>
#include <weft/crawler/pipelines/item_pipeline.hpp>
#include <weft/crawler/request.hpp>
#include <weft/crawler/response.hpp>
#include <weft/crawler/run_spider.hpp>
#include <weft/crawler/selector.hpp>
#include <weft/crawler/settings.hpp>
#include <weft/crawler/signals.hpp>
#include <weft/crawler/spider.hpp>
#include <weft/crawler/spiders/crawl_spider.hpp>
#include <weft/crawler/spiders/csv_feed_spider.hpp>
#include <weft/crawler/spiders/sitemap_spider.hpp>
#include <weft/crawler/spiders/xml_feed_spider.hpp>
#include <weft/crawler/stats.hpp>
#include <weft/crawler/xml/xml_document.hpp>
#include <weft/crawler/xml/xml_elements.hpp>
