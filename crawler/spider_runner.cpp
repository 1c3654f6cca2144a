#include <weft/crawler/spider_runner.hpp>

#include <utility>

namespace weft::crawler {

namespace {

// `make` calls the spider: that may throw as well, for want of memory.
template <class Make> Deferred<Called> toTheEnd(Make make) {
  Called called;
  try {
    Results results = make();
    while (auto result = co_await results.next()) called.results.push_back(std::move(*result));
  } catch (...) {
    called.failure = Failure();
  }
  co_return called;
}

}  // namespace

Deferred<Called> InlineSpider::callback(std::shared_ptr<const Request> request, Response response) {
  return toTheEnd([this, request = std::move(request), response = std::move(response)]() mutable { return request->callback(spider_, std::move(response)); });
}

Deferred<Called> InlineSpider::errback(std::shared_ptr<const Request> request, Failure failure) {
  return toTheEnd([this, request = std::move(request), failure = std::move(failure)]() mutable { return request->errback()(spider_, std::move(failure), *request); });
}

Deferred<Called> InlineSpider::start() {
  Called called;
  try {
    if (!starts_) starts_.emplace(spider_.startRequests());
    if (auto result = co_await starts_->next()) called.results.push_back(std::move(*result));
  } catch (...) {
    called.failure = Failure();
  }
  co_return called;
}

Deferred<Called> InlineSpider::closed(std::string reason) {
  Called called;
  try {
    spider_.closed(reason);
  } catch (...) {
    called.failure = Failure();
  }
  co_return called;
}

}  // namespace weft::crawler
