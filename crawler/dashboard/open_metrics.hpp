// openMetrics: a crawl's figures for Prometheus and its kin.
#pragma once

#include <weft/crawler/dashboard/crawl_snapshot.hpp>

#include <string>
#include <string_view>

namespace weft::crawler {

/// The media type of what openMetrics() gives.
constexpr std::string_view kOpenMetricsType = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// The snapshot as text of OpenMetrics 1.0: in total, by status, and by host, with histograms of the latency. Ends with "# EOF\n". docs/dashboard.md lists the names.
std::string openMetrics(const CrawlSnapshot& snapshot);

}  // namespace weft::crawler
