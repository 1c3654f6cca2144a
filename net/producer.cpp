#include <weft/net/producer.hpp>

#include <utility>

namespace weft::net {

void PullToPush::ask() {
  if (paused_ || !pull_) return;
  const std::shared_ptr<Producer> pull = pull_;        // it may stop the streaming
  pull->resumeProducing();
  if (!paused_ && pull_ && !next_.active()) next_ = clock_.callLater(0, [self = weak_from_this()] {
      if (const auto kept = self.lock()) kept->ask();
    });
}

void PullToPush::pauseProducing() {
  paused_ = true;
  if (next_.active()) next_.cancel();
}

void PullToPush::resumeProducing() {
  if (!std::exchange(paused_, false) || !pull_) return;
  next_ = clock_.callLater(0, [self = weak_from_this()] {
    if (const auto kept = self.lock()) kept->ask();
  });
}

void PullToPush::stopStreaming() {
  pauseProducing();
  pull_.reset();
}

void PullToPush::stopProducing() {
  pauseProducing();
  if (const std::shared_ptr<Producer> pull = std::exchange(pull_, nullptr)) pull->stopProducing();
}

}  // namespace weft::net
