// JobReader: what a job's folder knows of one URL, without its spider.
#pragma once

#include <weft/crawler/frontier/journal_error.hpp>
#include <weft/crawler/request.hpp>
#include <weft/http/url.hpp>

#include <optional>
#include <string>
#include <vector>

namespace weft::crawler {

/// What is known. The journal keeps each request until it has ended, and for some thousands of requests after that; of the others that they were asked for, and why they failed.
struct JobFacts {
  struct Failure {
    std::string cause;
    int tries = 0;
  };
  std::string spider;
  bool seen = false;                                   // by its canonical form
  std::optional<Request> request;                      // the record, while it is there
  std::string callback;                                // its name; "" for parse
  bool ended = false;                                  // the record's request has
  std::optional<Failure> failure;
  std::vector<std::string> feeds;
};

/// Throws JobInUse while a crawl runs in the folder, and JournalError: there is no job, it is of another version, or damaged.
JobFacts readJob(const std::string& folder, const http::Url& url);

}  // namespace weft::crawler
