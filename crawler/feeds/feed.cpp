#include <weft/crawler/feeds/feed.hpp>

#include <weft/core/internal/suggest.hpp>
#include <weft/crawler/settings.hpp>

#include <sys/stat.h>
#include <unistd.h>

#include <utility>

namespace weft::crawler {

namespace {

constexpr std::size_t kHeaderMost = 64 * 1024;         // bytes in which a CSV's header must be found

std::string_view formatOf(std::string_view path) {
  const std::size_t slash = path.rfind('/');
  const std::string_view name = path.substr(slash == std::string_view::npos ? 0 : slash + 1);
  const std::size_t dot = name.rfind('.');
  return dot == std::string_view::npos || dot == 0 ? std::string_view() : name.substr(dot + 1);
}

bool holdsSomething(const std::string& path) {
  struct stat status {};
  return path != "-" && ::stat(path.c_str(), &status) == 0 && S_ISREG(status.st_mode) && status.st_size > 0;
}

}  // namespace

FileFeed::FileFeed(std::string path, OutputFile::Mode mode, std::unique_ptr<ItemExporter> exporter, std::string_view compression, bool storeEmpty)
    : compression_(compression), file_(std::move(path), mode, makePacker(compression)), exporter_(std::move(exporter)), storeEmpty_(storeEmpty) {
  goOn();
}

// Behind what is in the file now.
void FileFeed::goOn() {
  const std::string beginning = file_.beginning(kHeaderMost);
  first_ = beginning.empty();
  if (!first_ && compression_.empty()) exporter_->resume(beginning);
}

bool FileFeed::hold() {
  file_.hold();
  goOn();
  return true;
}

void FileFeed::write(const Item& item) {
  exporter_->write(file_.buffer(), item, std::exchange(first_, false));
  file_.lineAdded();
}

void FileFeed::close() {
  if (std::exchange(closed_, true)) return file_.close();
  file_.flush();                                       // so that a disk that is full for the ending has all items
  const bool isWanted = storeEmpty_ || !first_;
  if (isWanted) file_.buffer() += exporter_->ending(first_);
  file_.close();
  struct stat status {};
  if (!isWanted && ::stat(file_.path().c_str(), &status) == 0 && S_ISREG(status.st_mode) && status.st_size == 0) ::unlink(file_.path().c_str());
}

std::string_view feedFile(std::string_view target) noexcept {
  const std::size_t colon = target.rfind(':');
  return colon != std::string_view::npos && target.find('/', colon) == std::string_view::npos ? target.substr(0, colon) : target;
}

std::unique_ptr<Feed> openFeed(std::string_view target, OutputFile::Mode mode, const FeedOptions& options) {
  const std::string path(feedFile(target));
  std::string_view compression = formatOf(path), format;
  if (!makePacker(compression)) compression = {};
  if (path.size() < target.size()) {
    format = target.substr(path.size() + 1);
  } else {
    format = formatOf(std::string_view(path).substr(0, path.size() - (compression.empty() ? 0 : compression.size() + 1)));
    if (format.empty()) format = "jsonlines";
  }
  if (path.empty()) throw SettingError("the output \"" + std::string(target) + "\" names no file");
  auto exporter = makeExporter(format, options.fields, options.indent);
  if (!exporter) {
    throw SettingError("cannot write " + std::string(target) + ": there is no feed format \"" + std::string(format) +
                       "\"; there are jsonlines (.jsonl, .jl), json, csv and xml, each with .gz or .zst behind it; name one as FILE:FORMAT" + suggestion(format, exporterFormats()));
  }
  // The columns of a CSV that is compressed cannot be read back.
  const bool needsFields = format == "csv" && !compression.empty() && options.fields.empty();
  if (needsFields && options.job) throw SettingError("cannot write " + path + ": a compressed CSV feed of a job needs its columns named, as in -s FEED_EXPORT_FIELDS=title,price");
  if (mode == OutputFile::Mode::Append && !options.resumed && holdsSomething(path)) {
    if (!exporter->extendable()) {
      throw SettingError("cannot append to " + path + ": it holds something, and " + std::string(format) + " ends with its last item; overwrite it with -O " + std::string(target) +
                         ", or append to JSON lines (.jsonl)");
    }
    if (needsFields) throw SettingError("cannot append to " + path + " without its columns: name them, as in -s FEED_EXPORT_FIELDS=title,price, or overwrite it with -O");
  }
  return std::make_unique<FileFeed>(path, mode, std::move(exporter), compression, options.storeEmpty);
}

}  // namespace weft::crawler
