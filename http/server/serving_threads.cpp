#include <weft/http/server/serving_threads.hpp>

#include <weft/net/tcp_network.hpp>

#include <algorithm>
#include <future>
#include <thread>
#include <utility>

namespace weft::http {

struct ServingThreads::Worker {
  std::thread thread;
  Reactor* reactor = nullptr;                            // while the thread runs
  std::shared_ptr<Site> site;                            // the thread's
  std::unique_ptr<net::Port> listening;

  // On the thread of its own.
  void run(std::uint16_t port, const Make& make, const net::ListenOptions& options, std::promise<std::uint16_t>& ready) {
    Reactor ownReactor;
    net::TcpNetwork network(ownReactor);
    try {
      Served served = make(ownReactor);
      site = std::move(served.site);
      listening = network.listen(port, std::move(served.factory), options);
    } catch (...) {
      site = nullptr;
      ready.set_exception(std::current_exception());
      return;
    }
    reactor = &ownReactor;
    ready.set_value(listening->getHost().port());
    ownReactor.run(false);                               // signals are for whoever has made the threads
    listening = nullptr;
    site = nullptr;
  }

  void stop(Delay grace) {
    reactor->callFromThread([this, grace] {
      listening = nullptr;
      site->close(grace).addBoth([this](Outcome<>) { reactor->stop(); }).detach();
    });
  }
};

ServingThreads::ServingThreads(std::size_t threads, std::uint16_t port, Make make, const net::ListenOptions& options) : port_(port) {
  net::ListenOptions shared = options;
  shared.reusePort();
  try {
    for (std::size_t i = 0; i < std::max<std::size_t>(threads, 1); ++i) {
      auto worker = std::make_unique<Worker>();
      std::promise<std::uint16_t> ready;
      worker->thread = std::thread([&, at = worker.get(), make] { at->run(port_, make, shared, ready); });
      std::future<std::uint16_t> listens = ready.get_future();
      listens.wait();
      try {
        port_ = listens.get();
      } catch (...) {
        worker->thread.join();
        throw;
      }
      workers_.push_back(std::move(worker));
    }
  } catch (...) {
    stop(0);
    throw;
  }
}

ServingThreads::~ServingThreads() { stop(); }

std::size_t ServingThreads::threads() const noexcept { return workers_.size(); }

void ServingThreads::stop(Delay grace) {
  for (const auto& worker : workers_) worker->stop(grace);
  for (const auto& worker : workers_) worker->thread.join();
  workers_.clear();
}

}  // namespace weft::http
