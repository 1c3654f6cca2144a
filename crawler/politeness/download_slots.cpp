#include <weft/crawler/politeness/download_slots.hpp>

#include <weft/crawler/settings.hpp>
#include <weft/http/json.hpp>

#include <utility>

namespace weft::crawler {

namespace {

[[noreturn]] void refuse(const std::string& problem) {
  throw SettingError("DOWNLOAD_SLOTS: " + problem + "; it looks like this: {\"example.com\": {\"concurrency\": 1, \"delay\": 2.5, \"randomize_delay\": false}}");
}

}  // namespace

DownloadSlots parseDownloadSlots(std::string_view text) {
  DownloadSlots slots;
  if (text.empty()) return slots;
  http::Json json;
  try {
    json = http::Json::parse(text);
  } catch (const http::JsonError& error) {
    refuse(error.what());
  }
  if (!json.isObject()) refuse("must be a JSON object");
  for (const auto& [name, value] : json.object()) {
    if (!value.isObject()) refuse("the value of \"" + name + "\" must be an object");
    DownloadSlot& slot = slots[name];
    for (const auto& [field, given] : value.object()) {
      if (field == "concurrency" && given.isInteger() && given.integer() >= 1 && given.integer() <= 1'000'000) slot.concurrency = static_cast<int>(given.integer());
      else if (field == "delay" && given.isNumber() && given.number() >= 0 && given.number() <= 1e6) slot.delay = given.number();
      else if (field == "randomize_delay" && given.isBool()) slot.randomizeDelay = given.boolean();
      else if (field == "concurrency") refuse("the concurrency of \"" + name + "\" must be a whole number of at least 1");
      else if (field == "delay") refuse("the delay of \"" + name + "\" must be a number of seconds");
      else if (field == "randomize_delay") refuse("the randomize_delay of \"" + name + "\" must be true or false");
      else refuse("\"" + name + "\" has a field \"" + field + "\"; there are concurrency, delay and randomize_delay");
    }
  }
  return slots;
}

}  // namespace weft::crawler
