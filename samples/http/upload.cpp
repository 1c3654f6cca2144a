// A server that takes files from a form, says how far each upload is, and keeps them in a folder.
#include "arguments.hpp"
#include "serving.hpp"

#include <weft/defer.hpp>
#include <weft/http.hpp>
#include <weft/net.hpp>

#include <cstdint>
#include <cstdio>
#include <memory>
#include <optional>
#include <string>

using namespace weft;

constexpr const char* kUsage =
    "http_upload DIR [--listen ENDPOINT] [--most MIB]\n\n"
    "Shows a page with a form at /, and keeps the files that are sent with it in DIR, which must be there.\n\n"
    "  --listen ENDPOINT   where to listen (tcp:8080:interface=127.0.0.1)\n"
    "  --most MIB          the largest upload (1024)\n";

constexpr const char* kPage = R"(<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Upload</title>
<style>:root{color-scheme:light dark} body{font:16px/1.5 system-ui,sans-serif;max-width:40rem;margin:2rem auto;padding:0 1rem} progress{width:100%}</style>
<h1>Upload</h1>
<form method="post" enctype="multipart/form-data">
  <p><label>Files <input type="file" name="file" multiple required></label>
  <p><label>A word about them <input name="note"></label>
  <p><button>Send</button> <progress value="0" max="1" hidden></progress>
</form>
<p id="answer" role="status"></p>
<script>
  const form = document.querySelector("form"), bar = document.querySelector("progress");
  form.onsubmit = event => {
    event.preventDefault();
    const request = new XMLHttpRequest();
    request.upload.onprogress = progress => { bar.hidden = false; bar.max = progress.total; bar.value = progress.loaded; };
    request.onloadend = () => document.getElementById("answer").textContent = request.responseText || "The upload failed.";
    request.open("POST", "/");
    request.send(new FormData(form));
  };
</script>
)";

/// A line for each tenth of an upload.
class Progress {
 public:
  void operator()(std::uint64_t bytes, std::optional<std::uint64_t> total) {
    const std::uint64_t tenth = total.value_or(0) == 0 ? 0 : bytes * 10 / *total;
    if (tenth <= printed_) return;
    printed_ = tenth;
    std::printf("%3llu %% of %llu bytes\n", static_cast<unsigned long long>(tenth * 10), static_cast<unsigned long long>(*total));
    std::fflush(stdout);
  }

 private:
  std::uint64_t printed_ = 0;
};

// [upload]
Deferred<http::Response> upload(http::Request request, std::string folder) {
  http::FormOptions options;
  options.setFolder(folder).setMaxFileBytes(*request.maxBody).setOnProgress(Progress());
  auto reading = http::readForm(std::move(request), options);
  http::FormData form = co_await reading;              // what is wrong with a form is a 400, 413 or 415 by itself
  std::string answer;
  for (http::UploadedFile& file : form.files) {
    const std::string name = file.safeFileName();
    if (name.empty()) throw http::StatusError(400, "a file needs a name");
    auto saving = file.saveTo(folder + "/" + name);
    co_await saving;
    answer += "Kept " + name + ", " + std::to_string(file.size) + " bytes. ";
  }
  if (const auto note = form.fields.get("note"); note && !note->empty()) answer.append("Noted: ").append(*note);
  co_return http::Response(200, answer + "\n", "text/plain; charset=utf-8");
}
// [/upload]

std::shared_ptr<http::Site> siteFor(std::string folder, std::size_t most) {
  http::Router router;
  router.get("/", [](http::Request) -> Deferred<http::Response> { co_return http::Response(200, kPage, "text/html; charset=utf-8"); });
  router.post("/", [folder](http::Request request) { return upload(std::move(request), folder); }, http::RouteOptions().setMaxBody(most));
  return std::make_shared<http::Site>(router);
}

Deferred<> run(Reactor& reactor, std::string endpoint, std::shared_ptr<http::Site> site) {
  net::TcpNetwork network(reactor);
  auto serving = serve(network, endpoint, site);
  co_await serving;
}

int main(int argc, char** argv) {
  const Arguments arguments(argc, argv, kUsage);
  if (argc < 2 || argv[1][0] == '-') {
    std::fprintf(stderr, "%s", kUsage);
    return 2;
  }
  const auto site = siteFor(argv[1], static_cast<std::size_t>(arguments.number("--most", 1024)) << 20);
  const std::string endpoint = arguments.text("--listen", "tcp:8080:interface=127.0.0.1");
  return react([&](Reactor& reactor) { return orSay(run(reactor, endpoint, site)); }, argc, argv);
}
