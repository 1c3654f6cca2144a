// expects: react: main takes (Reactor&, std::vector<std::string>) or (Reactor&)
#include <weft/defer/react.hpp>

int run(int argc, char** argv) {
  return weft::react([](int) { return 1; }, argc, argv);
}
