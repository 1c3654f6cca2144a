#include <weft/crawler/internal/project_file.hpp>

#include <weft/core/internal/suggest.hpp>
#include <weft/crawler/internal/setting_kind.hpp>
#include <weft/crawler/settings.hpp>
#include <weft/http/json.hpp>

#include <toml++/toml.h>

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <memory>
#include <utility>

namespace weft::crawler {

namespace {

constexpr const char* kName = "weft.toml";
constexpr std::size_t kMaxBytes = 1 << 20;

class Reader {
 public:
  explicit Reader(ProjectFile& file) : file_(file) {}

  void read(std::string_view text) {
    toml::table whole;
    try {
      whole = toml::parse(text);
    } catch (const toml::parse_error& error) {
      fail(error.source(), error.description());
    }
    for (const auto& [key, value] : whole) {
      const std::string_view name = key.str();
      if (name != "settings" && name != "project") refuseKey(key, value);
      if (!value.is_table()) fail(key.source(), std::string(name) + " must be a table: [" + std::string(name) + "]");
    }
    if (const toml::table* settings = whole["settings"].as_table())
      for (const auto& [key, value] : *settings) add(key, value);
    if (const toml::table* project = whole["project"].as_table())
      for (const auto& [key, value] : *project) describe(key, value);
    std::sort(file_.settings.begin(), file_.settings.end(), [](const auto& a, const auto& b) { return std::pair(a.line, a.column) < std::pair(b.line, b.column); });
  }

 private:
  [[noreturn]] void fail(const toml::source_region& place, std::string_view problem) const {
    throw SettingError(file_.path + ':' + std::to_string(place.begin.line) + ':' + std::to_string(place.begin.column) + ": " + std::string(problem));
  }

  [[noreturn]] void refuseKey(const toml::key& key, const toml::node& value) const {
    static constexpr std::string_view kTables[] = {"settings", "project"};
    const std::string name(key.str());
    for (const SettingInfo& info : allSettings())
      if (info.name == name) fail(key.source(), name + " stands outside of a table; write [settings] above it");
    fail(key.source(), value.is_table() ? "there is no table [" + name + "]" + suggestion(name, kTables) : "there is no key " + name + "; settings stand below [settings]");
  }

  void describe(const toml::key& key, const toml::node& value) {
    const std::string name(key.str());
    if (name != "program") fail(key.source(), "[project] takes program = \"build/NAME\", not " + name);
    const auto text = value.value_exact<std::string>();
    if (!text || text->find('/') == std::string::npos) fail(value.source(), "program must be a string, the program's path in its build folder: \"build/NAME\"");
    file_.program = *text;
  }

  void add(const toml::key& key, const toml::node& value) {
    const auto all = allSettings();
    const auto info = std::find_if(all.begin(), all.end(), [&key](const SettingInfo& one) { return one.name == key.str(); });
    const toml::source_region& place = info == all.end() ? key.source() : value.source();
    try {
      Settings scratch;
      std::string text = info == all.end() ? std::string() : textOf(*info, value);
      scratch.set(key.str(), text);
      file_.settings.push_back({std::string(key.str()), std::move(text), place.begin.line, place.begin.column});
    } catch (const SettingError& error) {
      if (std::string_view(error.what()).starts_with(file_.path + ':')) throw;
      fail(place, error.what());
    }
  }

  [[noreturn]] void wrongType(const SettingInfo& info, const toml::node& value, std::string_view wanted) const {
    std::string_view is = "a table";
    if (value.is_string()) is = "a string";
    else if (value.is_integer()) is = "a whole number";
    else if (value.is_floating_point()) is = "a number with a fraction";
    else if (value.is_boolean()) is = "true or false";
    else if (value.is_array()) is = "an array";
    else if (!value.is_table()) is = "a date or a time";
    fail(value.source(), std::string(info.name) + " must be " + std::string(wanted) + ", not " + std::string(is));
  }

  std::string textOf(const SettingInfo& info, const toml::node& value) const {
    switch (settingKind(info.name)) {
      case SettingKind::Boolean:
        if (const auto flag = value.value_exact<bool>()) return *flag ? "true" : "false";
        wrongType(info, value, "true or false");
      case SettingKind::WholeNumber:
        if (const auto number = value.value_exact<std::int64_t>()) return std::to_string(*number);
        wrongType(info, value, "a whole number");
      case SettingKind::Number:
        if (const auto number = value.value_exact<std::int64_t>()) return std::to_string(*number);
        if (const auto number = value.value_exact<double>()) return std::isfinite(*number) ? http::Json(*number).dump() : "nan";
        wrongType(info, value, "a number");
      case SettingKind::List:
        if (const toml::array* array = value.as_array()) return joined(info, *array);
        if (value.is_string()) return *value.value_exact<std::string>();
        wrongType(info, value, "an array of strings, or a string with commas");
      case SettingKind::Slots:
      case SettingKind::Orders:
        if (value.is_table()) return json(info, value, 0).dump();
        if (value.is_string()) return *value.value_exact<std::string>();
        wrongType(info, value, "a table, or a string of JSON");
      case SettingKind::Text: break;
    }
    if (value.is_string()) return *value.value_exact<std::string>();
    wrongType(info, value, "a string");
  }

  std::string joined(const SettingInfo& info, const toml::array& array) const {
    std::string text;
    for (const toml::node& element : array) {
      auto one = element.value_exact<std::string>();
      if (const auto number = element.value_exact<std::int64_t>()) one = std::to_string(*number);
      if (!one) fail(element.source(), std::string(info.name) + " takes an array of strings and whole numbers alone");
      if (one->find(',') != std::string::npos) fail(element.source(), "an element of " + std::string(info.name) + " must not hold a comma");
      text += (text.empty() ? "" : ",") + *one;
    }
    return text;
  }

  http::Json json(const SettingInfo& info, const toml::node& node, int depth) const {
    constexpr int kDepth = 8;
    if (const toml::table* table = node.as_table(); table && depth < kDepth) {
      http::Json::Object object;
      for (const auto& [key, value] : *table) object.emplace_back(std::string(key.str()), json(info, value, depth + 1));
      return object;
    }
    if (const auto flag = node.value_exact<bool>()) return settingKind(info.name) == SettingKind::Orders && !*flag ? http::Json() : http::Json(*flag);
    if (const auto number = node.value_exact<std::int64_t>()) return *number;
    if (const auto number = node.value_exact<double>()) return *number;
    if (const auto text = node.value_exact<std::string>()) return *text;
    fail(node.source(), std::string(info.name) + " takes a table of numbers, strings, true and false");
  }

  ProjectFile& file_;
};

std::string contentOf(const std::string& path) {
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(path.c_str(), "re"), &std::fclose);
  std::string text;
  char buffer[4096];
  if (file)
    while (const std::size_t got = std::fread(buffer, 1, sizeof buffer, file.get())) {
      text.append(buffer, got);
      if (text.size() > kMaxBytes) throw SettingError("cannot read " + path + ": it is longer than 1 MiB");
    }
  if (!file || std::ferror(file.get())) throw SettingError("cannot read " + path + ": " + std::strerror(errno));
  return text;
}

}  // namespace

ProjectFile ProjectFile::parse(std::string path, std::string_view text) {
  ProjectFile file{std::move(path), {}, {}};
  Reader(file).read(text);
  return file;
}

std::optional<ProjectFile> ProjectFile::find() {
  std::error_code trouble;                             // a folder that is gone, or may not be looked into, has none
  const std::filesystem::path here = std::filesystem::current_path(trouble);
  for (std::filesystem::path folder = here; !folder.empty(); folder = folder.parent_path()) {
    const std::filesystem::path candidate = folder / kName;
    if (std::filesystem::exists(candidate, trouble)) {
      const std::string path = folder == here ? kName : candidate.string();
      return parse(path, contentOf(path));
    }
    if (folder == folder.parent_path()) break;
  }
  return std::nullopt;
}

}  // namespace weft::crawler
