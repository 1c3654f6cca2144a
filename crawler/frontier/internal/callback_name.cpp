#include <weft/crawler/frontier/internal/callback_name.hpp>

#include <weft/crawler/spider.hpp>

#include <elf.h>
#include <link.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <cstring>
#include <vector>

namespace weft::crawler {

namespace {

// A pointer to member function as the Itanium ABI has it (section 2.3): the address of the function, or, with the lowest bit set, its place in the virtual table; and what is
// added to `this`.
struct Method {
  std::uintptr_t pointer;
  std::ptrdiff_t adjustment;
};
template <class C> Method methodOf(const C& callback) noexcept {
  static_assert(sizeof(C) == sizeof(Method) && std::is_trivially_copyable_v<C>);
  Method method;
  std::memcpy(&method, &callback, sizeof method);
  return method;
}
template <class C> C fromMethod(const Method& method) noexcept {
  C callback;
  std::memcpy(static_cast<void*>(&callback), &method, sizeof callback);
  return callback;
}

struct Module {
  std::uintptr_t base = 0, from = 0, to = 0;
  std::string buildId;
};

// The program and its shared libraries.
std::vector<Module> modules() {
  std::vector<Module> all;
  dl_iterate_phdr(
      [](dl_phdr_info* info, std::size_t, void* into) {
        Module module;
        module.base = info->dlpi_addr;
        module.from = UINTPTR_MAX;
        for (int i = 0; i < info->dlpi_phnum; ++i) {
          const auto& header = info->dlpi_phdr[i];
          const std::uintptr_t begin = info->dlpi_addr + header.p_vaddr;
          if (header.p_type == PT_LOAD) {
            module.from = std::min(module.from, begin);
            module.to = std::max(module.to, begin + header.p_memsz);
          } else if (header.p_type == PT_NOTE) {
            for (std::uintptr_t at = begin; at + sizeof(ElfW(Nhdr)) <= begin + header.p_memsz;) {
              const auto* note = reinterpret_cast<const ElfW(Nhdr)*>(at);
              const std::uintptr_t content = at + sizeof *note + ((note->n_namesz + 3) & ~3u);
              if (note->n_type == NT_GNU_BUILD_ID && note->n_namesz == 4) {
                constexpr char kDigits[] = "0123456789abcdef";
                for (std::size_t b = 0; b < std::min<std::size_t>(note->n_descsz, 16); ++b) {
                  const unsigned char byte = reinterpret_cast<const unsigned char*>(content)[b];
                  module.buildId += kDigits[byte >> 4];
                  module.buildId += kDigits[byte & 15];
                }
              }
              at = content + ((note->n_descsz + 3) & ~3u);
            }
          }
        }
        static_cast<std::vector<Module>*>(into)->push_back(std::move(module));
        return 0;
      },
      &all);
  return all;
}

std::string hex(std::uintptr_t value) {
  char text[24];
  return std::string(text, std::to_chars(text, text + sizeof text, value, 16).ptr);
}

template <class C, class Names> std::string nameOf(const Names& names, C callback) {
  for (const auto& [name, named] : names)
    if (named == callback) return "name:" + name;
  const Method method = methodOf(callback);
  const auto all = modules();
  const bool isVirtual = method.pointer & 1;
  for (const Module& module : all) {
    if (!isVirtual && (method.pointer < module.from || method.pointer >= module.to)) continue;
    return "place:" + module.buildId + ":" + (isVirtual ? "v" : "f") + ":" + hex(isVirtual ? method.pointer : method.pointer - module.base) + ":" + std::to_string(method.adjustment);
  }
  return "unknown";
}

template <class C, class Names> std::optional<C> findNamed(const Names& names, std::string_view text) {
  if (text.starts_with("name:")) {
    const auto found = names.find(std::string(text.substr(5)));
    return found == names.end() ? std::nullopt : std::optional<C>(found->second);
  }
  std::array<std::string_view, 5> parts;
  for (std::string_view& part : parts) {
    const std::size_t colon = text.find(':');
    part = text.substr(0, colon);
    text = colon == std::string_view::npos ? std::string_view() : text.substr(colon + 1);
  }
  Method method{};
  if (parts[0] != "place" || parts[1].empty()) return std::nullopt;
  if (std::from_chars(parts[3].data(), parts[3].data() + parts[3].size(), method.pointer, 16).ec != std::errc()) return std::nullopt;
  if (std::from_chars(parts[4].data(), parts[4].data() + parts[4].size(), method.adjustment).ec != std::errc()) return std::nullopt;
  for (const Module& module : modules()) {
    if (module.buildId != parts[1]) continue;
    if (parts[2] == "f") method.pointer += module.base;
    return fromMethod<C>(method);
  }
  return std::nullopt;
}

}  // namespace

std::string callbackName(const Spider& spider, Callback callback) { return nameOf(spider.callbacks, callback); }
std::string callbackName(const Spider& spider, Errback errback) { return nameOf(spider.errbacks, errback); }
std::optional<Callback> callbackOf(const Spider& spider, std::string_view name) { return findNamed<Callback>(spider.callbacks, name); }
std::optional<Errback> errbackOf(const Spider& spider, std::string_view name) { return findNamed<Errback>(spider.errbacks, name); }

}  // namespace weft::crawler
