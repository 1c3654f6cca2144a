// The names under which this floor logs.
#pragma once

#include <weft/core/log.hpp>

namespace weft::crawler {

inline const Logger kEngineLog("weft.crawler.engine");
inline const Logger kFilesLog("weft.crawler.files");
inline const Logger kHttpCacheLog("weft.crawler.httpcache");
inline const Logger kJournalLog("weft.crawler.journal");
inline const Logger kMemoryUsageLog("weft.crawler.memory_usage");
inline const Logger kPipelinesLog("weft.crawler.pipelines");
inline const Logger kPolitenessLog("weft.crawler.politeness");
inline const Logger kRedirectLog("weft.crawler.redirect");
inline const Logger kRobotsLog("weft.crawler.robots");
inline const Logger kScraperLog("weft.crawler.scraper");
inline const Logger kSitemapLog("weft.crawler.sitemap");
inline const Logger kTrapGuardLog("weft.crawler.trap_guard");
inline const Logger kWarcLog("weft.crawler.warc");

}  // namespace weft::crawler
