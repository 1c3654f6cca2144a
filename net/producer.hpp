// Producer and Consumer: who writes a lot, and whoever it is written to, agree on the pace.
#pragma once

#include <weft/core/clock.hpp>
#include <weft/net/error.hpp>

#include <memory>
#include <string_view>

namespace weft::net {

/// Something that makes bytes and writes them to a Consumer, at the consumer's pace. Two kinds, chosen when it is registered:
/// - push (streaming): produces by itself from the start, until it is told to pause. A Transport is one: what comes from its peer.
/// - pull: produces once, at least a byte, for each resumeProducing(). A file is one. pauseProducing() is never called.
///
/// Called by the consumer, on the reactor's thread; what a call throws closes the consumer's connection with that reason.
class Producer {
 public:
  Producer() = default;
  Producer(const Producer&) = delete;
  Producer& operator=(const Producer&) = delete;
  virtual ~Producer() = default;

  /// No more for now: more than the consumer's high mark is buffered there. Called out of its write().
  virtual void pauseProducing() {}
  /// Push: go on, no more than the low mark is buffered. Pull: write once, now or later; the next call comes when that has been sent.
  virtual void resumeProducing() = 0;
  /// The consumer is gone, or will take no more. The last call; the consumer lets go of the producer.
  virtual void stopProducing() = 0;
};

/// One that takes bytes and can say how fast. Every Transport is one.
class Consumer {
 public:
  Consumer() = default;
  Consumer(const Consumer&) = delete;
  Consumer& operator=(const Consumer&) = delete;
  virtual ~Consumer() = default;

  virtual void write(std::string_view data) = 0;
  /// From now on `producer` is paused and resumed (streaming), or asked for each piece (not streaming: the first time from the loop). One at a time:
  /// ProducerAlreadyRegistered. On a connection that has ended or was told to end it is stopped at once instead. Held until it unregisters or the connection ends.
  ///
  ///     server.transport().registerProducer(client.transport().shared_from_this(), true);      // a forwarder that never buffers without bound
  virtual void registerProducer(std::shared_ptr<Producer> producer, bool streaming) = 0;
  /// The producer has written its last byte. Without one nothing happens.
  virtual void unregisterProducer() = 0;
};

/// registerProducer() where one is registered.
class ProducerAlreadyRegistered : public Error {
 public:
  ProducerAlreadyRegistered() : Error("registerProducer(): this consumer has a producer already; unregisterProducer() first") {}
};

/// Makes a push producer of a pull producer, for consumers that only pause and resume: asks it once per turn of `clock`'s loop while it is not paused.
///
///     auto push = std::make_shared<PullToPush>(file, clock);
///     consumer.registerProducer(push, true);
///     push->startStreaming();
///
/// Once the pull producer has written its last byte call stopStreaming(), then consumer.unregisterProducer(). The clock must outlive it.
class PullToPush final : public Producer, public std::enable_shared_from_this<PullToPush> {
 public:
  PullToPush(std::shared_ptr<Producer> pull, Clock& clock) : pull_(std::move(pull)), clock_(clock) {}
  ~PullToPush() override { stopStreaming(); }

  void startStreaming() { resumeProducing(); }
  /// No more calls; the pull producer is let go.
  void stopStreaming();
  void pauseProducing() override;
  void resumeProducing() override;
  void stopProducing() override;

 private:
  void ask();

  std::shared_ptr<Producer> pull_;
  Clock& clock_;
  DelayedCall next_;
  bool paused_ = true;
};

}  // namespace weft::net
