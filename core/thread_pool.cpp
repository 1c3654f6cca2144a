#include <weft/core/thread_pool.hpp>

#include <weft/core/log.hpp>

#include <algorithm>
#include <pthread.h>
#include <stdexcept>
#include <system_error>

namespace weft {
namespace {

const Logger kThreadsLog("weft.core.threads");

void checkSizes(std::size_t min, std::size_t max) {
  if (max == 0) throw std::invalid_argument("a thread pool of at most 0 threads would never do anything");
  if (min > max) throw std::invalid_argument("a thread pool of at least " + std::to_string(min) + " and at most " + std::to_string(max) + " threads");
}

void runLogged(UniqueFunction<void()>& function) noexcept {
  try {
    function();
  } catch (...) {
    kThreadsLog.failure(Failure(), "Unhandled error in a thread pool's call");
  }
}

}  // namespace

ThreadPool::ThreadPool(std::size_t min, std::size_t max, std::string_view name) : name_(name), min_(min), max_(max) { checkSizes(min, max); }

ThreadPool::~ThreadPool() { stop(); }

void ThreadPool::start() {
  const std::lock_guard lock(mutex_);
  if (state_ == State::Started || state_ == State::Stopping) return;
  state_ = State::Started;
  grow();
}

void ThreadPool::stop() {
  {
    const std::lock_guard lock(mutex_);
    for (const std::thread& thread : live_)
      if (thread.get_id() == std::this_thread::get_id()) throw std::logic_error("a thread pool cannot be stopped by one of its own threads");
  }
  stopThen(nullptr);
  std::vector<std::thread> over;
  {
    std::unique_lock lock(mutex_);
    ended_.wait(lock, [&] { return live_.empty(); });
    over.swap(ending_);
  }
  for (std::thread& thread : over) thread.join();
}

void ThreadPool::stopThen(UniqueFunction<void()> stopped) {
  std::deque<UniqueFunction<void()>> dropped;
  {
    const std::lock_guard lock(mutex_);
    if (state_ == State::New) dropped.swap(queue_);
    if (!live_.empty()) {
      state_ = State::Stopping;
      if (stopped) stopped_ = std::move(stopped);
      wake_.notify_all();
      return;
    }
    state_ = State::Stopped;
  }
  if (stopped) runLogged(stopped);
}

void ThreadPool::callInThread(UniqueFunction<void()> function) {
  const std::lock_guard lock(mutex_);
  if (state_ == State::Stopping || state_ == State::Stopped) throw ThreadPoolStopped(name_);
  if (queue_.size() >= queueLimit_) throw ThreadPoolFull(name_, queueLimit_);
  queue_.push_back(std::move(function));
  if (state_ != State::Started) return;
  wake_.notify_one();
  grow();
}

void ThreadPool::callMultipleInThread(std::vector<UniqueFunction<void()>> functions) {
  callInThread([functions = std::move(functions)]() mutable {
    for (UniqueFunction<void()>& function : functions) runLogged(function);
  });
}

void ThreadPool::adjustPoolSize(std::size_t min, std::size_t max) {
  checkSizes(min, max);
  const std::lock_guard lock(mutex_);
  min_ = min;
  max_ = max;
  if (state_ != State::Started) return;
  for (std::thread& thread : ending_) thread.join();   // earlier surplus; none of them needs our lock any more
  ending_.clear();
  grow();
  wake_.notify_all();
}

void ThreadPool::setQueueLimit(std::size_t limit) {
  const std::lock_guard lock(mutex_);
  queueLimit_ = limit;
}

void ThreadPool::grow() {
  const std::size_t wanted = std::min(max_, std::max(min_, working_ + queue_.size()));
  while (live_.size() < wanted) {
    try {
      live_.emplace_back([this] { work(); });          // it waits for the lock that we hold
    } catch (const std::system_error& error) {
      if (live_.empty()) throw;
      kThreadsLog.warning("no more than ", live_.size(), " threads in pool ", name_, ": ", error);
      return;
    }
    const std::string name = name_.substr(0, 10) + '-' + std::to_string(++named_ % 1000);
    pthread_setname_np(live_.back().native_handle(), name.c_str());
  }
}

void ThreadPool::work() {
  std::unique_lock lock(mutex_);
  for (;;) {
    wake_.wait(lock, [&] { return !queue_.empty() || state_ == State::Stopping || live_.size() > max_; });
    if (live_.size() > max_ || queue_.empty()) break;
    UniqueFunction<void()> function = std::move(queue_.front());
    queue_.pop_front();
    ++working_;
    lock.unlock();
    runLogged(function);
    function = nullptr;                                // what it held is let go of outside the lock
    lock.lock();
    --working_;
  }
  const auto self = std::ranges::find(live_, std::this_thread::get_id(), &std::thread::get_id);
  ending_.push_back(std::move(*self));
  live_.erase(self);
  if (!live_.empty() || state_ != State::Stopping) return;
  if (UniqueFunction<void()> stopped = std::exchange(stopped_, nullptr)) {
    lock.unlock();
    runLogged(stopped);
    stopped = nullptr;
    lock.lock();
  }
  state_ = State::Stopped;
  ended_.notify_all();
}

bool ThreadPool::stopping() const {
  const std::lock_guard lock(mutex_);
  return state_ == State::Stopping;
}
std::size_t ThreadPool::min() const {
  const std::lock_guard lock(mutex_);
  return min_;
}
std::size_t ThreadPool::max() const {
  const std::lock_guard lock(mutex_);
  return max_;
}
std::size_t ThreadPool::threads() const {
  const std::lock_guard lock(mutex_);
  return live_.size();
}
std::size_t ThreadPool::working() const {
  const std::lock_guard lock(mutex_);
  return working_;
}
std::size_t ThreadPool::waiting() const {
  const std::lock_guard lock(mutex_);
  return queue_.size();
}

}  // namespace weft
