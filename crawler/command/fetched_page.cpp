#include <weft/crawler/command/fetched_page.hpp>

#include <weft/crawler/internal/borrowed_spider.hpp>
#include <weft/http/html_escape.hpp>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

namespace weft::crawler::command {

namespace {

class OneResponse final : public BorrowedSpider {
 public:
  OneResponse(Spider& inner, Request request, std::optional<Response>& response) : BorrowedSpider(inner), request_(std::move(request)), response_(response) {}

  const std::string& problem() const noexcept { return problem_; }

  Results startRequests() override {
    Request request = request_;
    request.callback = Callback(&OneResponse::take);
    request.setErrback(&OneResponse::failed).setDontFilter();
    co_yield std::move(request);
  }
  Results take(Response response) {
    response_ = std::move(response);
    co_return;
  }
  Results failed(Failure failure, Request) {
    problem_ = failure.getErrorMessage();
    co_return;
  }

 private:
  Request request_;
  std::optional<Response>& response_;
  std::string problem_;
};

std::string environment(const char* name) {
  const char* const value = std::getenv(name);
  return value ? value : "";
}

// Where the first tag of that name ends, or npos.
std::size_t behindTag(std::string_view page, std::string_view name) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; };
  for (std::size_t at = page.find('<'); at != std::string_view::npos; at = page.find('<', at + 1)) {
    if (page.substr(at).starts_with("<!--")) {
      at = page.find("-->", at);
      if (at == std::string_view::npos) break;
      continue;
    }
    const std::string_view rest = page.substr(at + 1);
    bool same = rest.size() > name.size();
    for (std::size_t i = 0; same && i < name.size(); ++i) same = lower(rest[i]) == name[i];
    if (!same || std::string_view(" \t\r\n/>").find(rest[name.size()]) == std::string_view::npos) continue;
    const std::size_t end = page.find('>', at);
    return end == std::string_view::npos ? end : end + 1;
  }
  return std::string_view::npos;
}

}  // namespace

FetchedPage fetchPage(Spider& spider, Request request, CrawlOptions options) {
  FetchedPage page;
  options.target = request.url.href();
  options.settings.emplace_back("HTTPERROR_ALLOW_ALL=true");
  options.abortOnSignal = true;
  const std::string url = options.target;
  OneResponse one(spider, std::move(request), page.response);
  page.code = runBorrowed(one, std::move(options));
  if (page.response || page.code == kUsage || page.code == kStartError || page.code == kNothingFetched) return page;   // runCrawl() has said why
  page.code = complain("fetching " + url + (page.code == kStopped ? " was stopped" : ": " + (one.problem().empty() ? "it was dropped" : one.problem())), page.code == kStopped ? kStopped : kNothingFetched);
  return page;
}

bool looksLikeFile(std::string_view text) noexcept {
  if (text.starts_with('/') || text.starts_with('.')) return true;
  if (text.find('/') != std::string_view::npos) return false;
  for (std::string_view extension : {".html", ".htm", ".xml", ".json", ".txt"})
    if (text.ends_with(extension)) return true;
  return false;
}

http::Url pageUrl(const std::string& text) {
  if (looksLikeFile(text)) throw SpiderError("\"" + text + "\" is no URL, but looks like a file, which weft shell FILE reads (a site of that name would be http://" + text + ")");
  const bool bare = text.find("://") == std::string::npos && !text.starts_with("http:") && !text.starts_with("https:");
  auto url = http::Url::parse((bare ? "http://" : "") + text);
  if (!url.isHttp()) throw SpiderError("cannot fetch " + text + ": only http and https");
  return url;
}

std::string withBase(const Response& response) {
  std::string page(response.text());
  if (!response.isHtml() || behindTag(page, "base") != std::string::npos) return page;
  std::size_t place = behindTag(page, "head");
  if (place == std::string::npos) place = behindTag(page, "html");
  if (place == std::string::npos) place = behindTag(page, "!doctype");
  if (place == std::string::npos) place = 0;
  page.insert(place, "<meta charset=\"utf-8\"><base href=\"" + http::htmlEscaped(response.url.href()) + "\">");
  return page;
}

std::string saveForBrowser(const Response& response) {
  const bool text = response.responseClass() != ResponseClass::Binary;
  const std::string suffix = response.isHtml() ? ".html" : response.type() == SelectorType::kXml ? ".xml" : response.type() == SelectorType::kJson ? ".json" : text ? ".txt" : ".bin";
  const std::string content = text ? withBase(response) : response.body;
  std::string folder = environment("TMPDIR");
  if (folder.empty()) folder = "/tmp";
  std::string path = folder + "/weft-view-XXXXXX" + suffix;
  const int file = ::mkstemps(path.data(), static_cast<int>(suffix.size()));
  if (file < 0) throw SpiderError("cannot write a file in " + folder + ": " + std::strerror(errno) + " (TMPDIR names another folder)");
  std::string_view rest = content;
  int trouble = 0;
  while (!rest.empty() && !trouble) {
    const ssize_t put = ::write(file, rest.data(), rest.size());
    if (put >= 0) rest.remove_prefix(static_cast<std::size_t>(put));
    else if (errno != EINTR) trouble = errno;
  }
  if (::close(file) != 0 && !trouble) trouble = errno;
  if (!trouble) return path;
  ::unlink(path.c_str());
  throw SpiderError("cannot write " + path + ": " + std::strerror(trouble));
}

bool openBrowser(const std::string& path) {
  std::string program = environment("BROWSER");
  if (program.empty() && environment("DISPLAY").empty() && environment("WAYLAND_DISPLAY").empty()) return false;
  if (program.empty()) program = "xdg-open";
  program = program.substr(0, program.find(':'));      // a list; the first will do
  std::vector<std::string> words{program, path};
  std::vector<char*> pointers{words[0].data(), words[1].data(), nullptr};
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_adddup2(&actions, STDERR_FILENO, STDOUT_FILENO);            // what it says is no output of ours
  pid_t child = -1;
  const int trouble = ::posix_spawnp(&child, pointers[0], &actions, nullptr, pointers.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  if (trouble) return false;
  int status = 0;
  while (::waitpid(child, &status, 0) < 0)
    if (errno != EINTR) return false;
  return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

}  // namespace weft::crawler::command
