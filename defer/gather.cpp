#include <weft/defer/gather.hpp>

namespace weft {
namespace {

std::string groupText(const std::vector<Failure>& failures) {
  if (failures.empty()) return "none of no Deferreds succeeded: the list was empty";
  std::string text = "all " + std::to_string(failures.size()) + " failed:";
  for (const Failure& failure : failures) {
    if (text.size() > 500) return text + " ...";
    text += std::string(" [") + failure.what() + ']';
  }
  return text;
}

}  // namespace

FirstError::FirstError(std::size_t index, Failure failure)
    : DeferError("number " + std::to_string(index) + " failed: " + failure.what()), index(index), subFailure(std::move(failure)) {}

FailureGroup::FailureGroup(std::vector<Failure> list) : DeferError(groupText(list)), failures(std::move(list)) {}

}  // namespace weft
