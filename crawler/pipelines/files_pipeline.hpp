// FilesPipeline: downloads the files that items name.
#pragma once

#include <weft/crawler/pipelines/downloaded_file.hpp>
#include <weft/crawler/pipelines/item_pipeline.hpp>
#include <weft/http/url.hpp>

#include <memory>
#include <string>

namespace weft::crawler {

/// Downloads the files that an item names in its field `file_urls` into the folder FILES_STORE, and says in its field `files` what became of each: a DownloadedFile, in the same order. Scrapy's
/// FilesPipeline.
///
///     struct Book { std::string title; std::vector<std::string> file_urls; std::vector<DownloadedFile> files; };
///     WEFT_ITEM(Book, title, file_urls, files)
///     BookSpider() : Spider("books") {
///       pipelines = {std::make_shared<FilesPipeline>()};
///       customSettings = {{"FILES_STORE", "books"}};
///     }
///
/// Files go to the disk as they come, and appear there when they are complete: `full/<SHA-1 of the URL>.<its extension>`. One that is there, and younger than FILES_EXPIRES days, is not
/// downloaded again; one that several items want is downloaded once. They are requested as pages are: robots.txt, the host's delays, retries, cookies and proxies hold for them; redirects are
/// followed with MEDIA_ALLOW_REDIRECTS alone. At most CONCURRENT_REQUESTS of them are under way at once.
///
/// A file that could not be had (another status than 200, an empty body, one over FILES_MAXSIZE, a full disk) costs no item: its entry has the error, and the log a warning. Without FILES_STORE
/// the pipeline does nothing, and says so. File work is done on threads of the reactor's pool.
///
/// Stats: file_count, file_status_count/STATUS, file_bytes (downloaded).
class FilesPipeline : public ItemPipeline {
 public:
  explicit FilesPipeline(std::string name = "FilesPipeline", int order = 1);
  ~FilesPipeline() override;

  /// Where below FILES_STORE a file goes: override it for names of your own, which may have folders. What would lead out of FILES_STORE (an absolute path, "..") is refused: that file fails.
  virtual std::string filePath(const http::Url& url, const Item& item) const;

  Deferred<> openSpider(const PipelineContext& crawl) override;
  Deferred<> processItem(Item& item) override;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace weft::crawler

namespace weft {
using crawler::FilesPipeline;
}  // namespace weft
