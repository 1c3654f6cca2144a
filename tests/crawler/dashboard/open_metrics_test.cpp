#include <weft/crawler/dashboard/open_metrics.hpp>

#include <doctest/doctest.h>

#include <string>

using namespace weft::crawler;

namespace {

CrawlSnapshot example() {
  CrawlSnapshot snapshot;
  snapshot.spider = "quo\"tes\\\n";
  snapshot.target = "http://127.0.0.1/";
  snapshot.state = CrawlSnapshot::State::Paused;
  snapshot.elapsed = 1.5;
  snapshot.counts.done = 3;
  snapshot.counts.failed = 1;
  snapshot.counts.pending = 7;
  snapshot.counts.leased = 2;
  snapshot.items = 12;
  snapshot.requests = 6;
  snapshot.errors = 1;
  snapshot.bytes = 4096;
  snapshot.statuses = {{200, 4}, {503, 1}};
  snapshot.concurrency = 16;
  for (const double seconds : {0.004, 0.3, 20.0}) snapshot.latency.add(seconds);
  HostSnapshot host;
  host.name = "example.com";
  host.requests = 6;
  host.responses = 5;
  host.errors = 1;
  host.bytes = 4096;
  host.waiting = 7;
  host.active = 2;
  host.delay = 0.25;
  host.latency.add(0.5);
  snapshot.hosts = {host, HostSnapshot()};
  return snapshot;
}

}  // namespace

TEST_CASE("the metrics of a crawl are OpenMetrics, line by line") {
  const std::string text = openMetrics(example());
  const std::string total = R"(# TYPE weft_crawl info
# HELP weft_crawl The crawl.
weft_crawl_info{spider="quo\"tes\\\n",target="http://127.0.0.1/"} 1
# TYPE weft_crawl_state stateset
# HELP weft_crawl_state What the crawl is doing.
weft_crawl_state{weft_crawl_state="running"} 0
weft_crawl_state{weft_crawl_state="paused"} 1
weft_crawl_state{weft_crawl_state="closing"} 0
weft_crawl_state{weft_crawl_state="ended"} 0
# TYPE weft_elapsed_seconds gauge
# UNIT weft_elapsed_seconds seconds
# HELP weft_elapsed_seconds Since the crawl began.
weft_elapsed_seconds 1.5
# TYPE weft_pages counter
# HELP weft_pages Requests that have ended, by how; over all runs of a job.
weft_pages_total{outcome="done"} 3
weft_pages_total{outcome="failed"} 1
weft_pages_total{outcome="dropped"} 0
# TYPE weft_items counter
# HELP weft_items Items that were written.
weft_items_total 12
# TYPE weft_pending_requests gauge
# HELP weft_pending_requests Requests that wait.
weft_pending_requests 7
# TYPE weft_in_flight_requests gauge
# HELP weft_in_flight_requests Requests that are being worked on.
weft_in_flight_requests 2
# TYPE weft_concurrency gauge
# HELP weft_concurrency Requests that may be in flight at once.
weft_concurrency 16
# TYPE weft_requests counter
# HELP weft_requests Attempts, retries and redirects among them.
weft_requests_total 6
# TYPE weft_responses counter
# HELP weft_responses Responses by status.
weft_responses_total{status="200"} 4
weft_responses_total{status="503"} 1
# TYPE weft_errors counter
# HELP weft_errors Attempts without a response, and responses of 500 and above.
weft_errors_total 1
# TYPE weft_response_bytes counter
# UNIT weft_response_bytes bytes
# HELP weft_response_bytes Bytes of bodies.
weft_response_bytes_total 4096
# TYPE weft_latency_seconds histogram
# UNIT weft_latency_seconds seconds
# HELP weft_latency_seconds From a request to the head of its response.
weft_latency_seconds_bucket{le="0.005"} 1
weft_latency_seconds_bucket{le="0.01"} 1
weft_latency_seconds_bucket{le="0.025"} 1
weft_latency_seconds_bucket{le="0.05"} 1
weft_latency_seconds_bucket{le="0.1"} 1
weft_latency_seconds_bucket{le="0.25"} 1
weft_latency_seconds_bucket{le="0.5"} 2
weft_latency_seconds_bucket{le="1.0"} 2
weft_latency_seconds_bucket{le="2.5"} 2
weft_latency_seconds_bucket{le="5.0"} 2
weft_latency_seconds_bucket{le="10.0"} 2
weft_latency_seconds_bucket{le="+Inf"} 3
weft_latency_seconds_count 3
weft_latency_seconds_sum 20.304
)";
  CHECK(text.substr(0, total.size()) == total);
  for (const char* line : {
           "weft_host_requests_total{host=\"example.com\"} 6\nweft_host_requests_total{host=\"(other)\"} 0\n",
           "# TYPE weft_host_response_bytes counter\n# UNIT weft_host_response_bytes bytes\n# HELP weft_host_response_bytes Bytes of bodies, by host.\nweft_host_response_bytes_total{host=\"example.com\"} 4096\n",
           "weft_host_delay_seconds{host=\"example.com\"} 0.25\n",
           "weft_host_pending_requests{host=\"example.com\"} 7\n",
           "weft_host_latency_seconds_bucket{host=\"example.com\",le=\"0.5\"} 1\n",
           "weft_host_latency_seconds_count{host=\"example.com\"} 1\nweft_host_latency_seconds_sum{host=\"example.com\"} 0.5\n",
       })
    CHECK_MESSAGE(text.find(line) != std::string::npos, line);
  CHECK(text.ends_with("\n# EOF\n"));
}
