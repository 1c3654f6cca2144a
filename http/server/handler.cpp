#include <weft/http/server/handler.hpp>

#include <memory>
#include <utility>

namespace weft::http {
namespace {

struct Layered {
  Layer layer;
  Handler inner;
};

}  // namespace

Handler layered(Layer layer, Handler inner) {
  auto both = std::make_shared<const Layered>(Layered{std::move(layer), std::move(inner)});
  return [both = std::move(both)](Request&& request) { return both->layer(std::move(request), both->inner); };
}

}  // namespace weft::http
