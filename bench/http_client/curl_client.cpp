// libcurl's multi interface on epoll: handles used again, connections of curl's own pool.
#include "clients.hpp"

#include <cstdio>
#include <cstdlib>
#include <curl/curl.h>
#include <sys/epoll.h>
#include <unistd.h>

namespace bench {

namespace {

class CurlClient {
 public:
  explicit CurlClient(const Work& work)
      : work_(work), url_("http://127.0.0.1:" + std::to_string(work.port) + work.path), multi_(curl_multi_init()), poll_(epoll_create1(0)) {
    curl_multi_setopt(multi_, CURLMOPT_MAXCONNECTS, static_cast<long>(work.connections) + 10);
    curl_multi_setopt(multi_, CURLMOPT_SOCKETDATA, this);
    curl_multi_setopt(multi_, CURLMOPT_TIMERDATA, this);
    curl_multi_setopt(multi_, CURLMOPT_SOCKETFUNCTION, +[](CURL*, curl_socket_t socket, int what, void* self, void* known) {
      return static_cast<CurlClient*>(self)->watch(socket, what, known != nullptr);
    });
    curl_multi_setopt(multi_, CURLMOPT_TIMERFUNCTION, +[](CURLM*, long milliseconds, void* self) {
      static_cast<CurlClient*>(self)->timeout_ = milliseconds;
      return 0;
    });
  }
  ~CurlClient() {
    for (CURL* handle : handles_) curl_easy_cleanup(handle);
    curl_multi_cleanup(multi_);
    close(poll_);
  }

  long run() {
    bodies_.resize(static_cast<std::size_t>(work_.connections));
    for (std::string& body : bodies_) {
      CURL* const handle = curl_easy_init();
      handles_.push_back(handle);
      curl_easy_setopt(handle, CURLOPT_URL, url_.c_str());
      curl_easy_setopt(handle, CURLOPT_NOSIGNAL, 1L);
      curl_easy_setopt(handle, CURLOPT_TIMEOUT, 180L);
      curl_easy_setopt(handle, CURLOPT_PRIVATE, &body);
      curl_easy_setopt(handle, CURLOPT_WRITEDATA, &body);
      curl_easy_setopt(handle, CURLOPT_WRITEFUNCTION, +[](char* data, std::size_t size, std::size_t count, void* to) {
        static_cast<std::string*>(to)->append(data, size * count);
        return size * count;
      });
      send(handle);
    }
    static epoll_event events[1024];
    int running = 0;
    curl_multi_socket_action(multi_, CURL_SOCKET_TIMEOUT, 0, &running);
    while (done_ < work_.requests) {
      const int count = epoll_wait(poll_, events, 1024, timeout_ < 0 ? 1000 : static_cast<int>(timeout_));
      if (count == 0) {
        timeout_ = -1;
        curl_multi_socket_action(multi_, CURL_SOCKET_TIMEOUT, 0, &running);
      }
      for (int i = 0; i < count; ++i) {
        const unsigned what = events[i].events;
        curl_multi_socket_action(multi_, events[i].data.fd, (what & (EPOLLIN | EPOLLHUP) ? CURL_CSELECT_IN : 0) | (what & EPOLLOUT ? CURL_CSELECT_OUT : 0), &running);
      }
      collect();
    }
    return bytes_;
  }

 private:
  int watch(int socket, int what, bool known) {
    epoll_event event{};
    event.data.fd = socket;
    event.events = (what & CURL_POLL_IN ? EPOLLIN : 0u) | (what & CURL_POLL_OUT ? EPOLLOUT : 0u);
    if (what == CURL_POLL_REMOVE) epoll_ctl(poll_, EPOLL_CTL_DEL, socket, nullptr);
    else if (epoll_ctl(poll_, known ? EPOLL_CTL_MOD : EPOLL_CTL_ADD, socket, &event) != 0)
      epoll_ctl(poll_, known ? EPOLL_CTL_ADD : EPOLL_CTL_MOD, socket, &event);
    if (!known) curl_multi_assign(multi_, socket, this);
    return 0;
  }

  void send(CURL* handle) {
    if (sent_ == work_.requests) return;
    ++sent_;
    curl_multi_add_handle(multi_, handle);
  }

  void collect() {
    int left = 0;
    while (CURLMsg* const message = curl_multi_info_read(multi_, &left)) {
      if (message->msg != CURLMSG_DONE) continue;
      if (message->data.result != CURLE_OK) {
        std::fprintf(stderr, "libcurl: %s\n", curl_easy_strerror(message->data.result));
        std::exit(1);
      }
      CURL* const handle = message->easy_handle;
      std::string* body = nullptr;
      curl_easy_getinfo(handle, CURLINFO_PRIVATE, &body);
      bytes_ += static_cast<long>(body->size());
      body->clear();
      ++done_;
      curl_multi_remove_handle(multi_, handle);
      send(handle);
    }
  }

  const Work& work_;
  const std::string url_;
  CURLM* const multi_;
  const int poll_;
  std::vector<CURL*> handles_;
  std::vector<std::string> bodies_;
  long timeout_ = -1, sent_ = 0, done_ = 0, bytes_ = 0;
};

}  // namespace

long getByCurl(const Work& work) {
  curl_global_init(CURL_GLOBAL_ALL);
  return CurlClient(work).run();
}

}  // namespace bench
