// The program: each spider of this project that WEFT_SPIDER made known. Its --help lists the options.
#include <weft/crawler/run_spider.hpp>

int main(int argc, char** argv) { return weft::runSpiders(argc, argv); }
