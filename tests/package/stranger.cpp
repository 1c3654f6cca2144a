// Uses something of each floor, as somebody would who has only the installed headers.
#include <weft/defer.hpp>
#include <iostream>

int main() { std::cout << "weft serves a stranger\n"; }
