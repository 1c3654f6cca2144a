#include <weft/http/server/site.hpp>

#include <weft/http/dates.hpp>
#include <weft/http/server/internal/channel.hpp>

#include <chrono>
#include <utility>
#include <vector>

namespace weft::http {

Site::Site(Handler handler, SiteOptions options) : handler_(std::move(handler)), options_(std::move(options)) {}

Site::Site(std::shared_ptr<Resource> root, SiteOptions options)
    : Site(
          [root = std::move(root)](Request request) {
            auto resource = findResource(root, request);
            return resource ? resource->render(std::move(request)) : succeed(errorResponse(404));
          },
          std::move(options)) {}

Site::~Site() {
  if (graceTimer_.active()) graceTimer_.cancel();
}

std::shared_ptr<net::Protocol> Site::buildProtocol(const net::Address&) {
  if (closing_ || channels_.size() >= options_.maxConnections) return nullptr;
  auto channel = std::make_shared<detail::Channel>(shared_from_this());
  channels_.insert(channel.get());
  return channel;
}

void Site::left(detail::Channel& channel) {
  channels_.erase(&channel);
  if (!closing_ || !channels_.empty()) return;
  if (graceTimer_.active()) graceTimer_.cancel();
  if (gone_) std::exchange(gone_, Trigger<>()).callback();
}

Deferred<> Site::close(Delay grace) {
  closing_ = true;
  if (channels_.empty()) return succeed();
  std::vector<std::shared_ptr<detail::Channel>> all;
  for (detail::Channel* channel : channels_) all.push_back(channel->shared_from_this());
  Clock& clock = all.front()->clock();
  Deferred<> gone;
  gone_ = gone.takeTrigger();
  graceTimer_ = clock.callLater(grace, [this] {
    std::vector<std::shared_ptr<detail::Channel>> left;
    for (detail::Channel* channel : channels_) left.push_back(channel->shared_from_this());
    for (const auto& channel : left) channel->closeNow();
  });
  for (const auto& channel : all) channel->closeSoon();
  return gone;
}

// The Date field, made once a second. RFC 9110 section 6.6.1.
std::string_view Site::date() {
  const auto now = std::chrono::system_clock::now();
  const std::int64_t second = std::chrono::duration_cast<std::chrono::seconds>(now.time_since_epoch()).count();
  if (second != dateSecond_) {
    dateSecond_ = second;
    date_ = formatDate(now);
  }
  return date_;
}

}  // namespace weft::http
