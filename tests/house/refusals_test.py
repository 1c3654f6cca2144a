#!/usr/bin/env python3
"""Programs that must not compile, and must say why: tests/refusals/*.cpp, each with lines "// expects: words" that the
compiler's message must hold. refusals_test.py INCLUDE_FOLDER; WEFT_CXX names the compiler."""

import re
import sys

from suite import TOP, Suite, compile, inParallel

EXPECTS = re.compile(r'^// expects: (.+)$', re.MULTILINE)


def check(path):
    expected = EXPECTS.findall(path.read_text())
    if not expected:
        return ['has no line "// expects: words"']
    good, said = compile('-std=c++20', '-fsyntax-only', '-I', sys.argv[1], path)
    if good:
        return ['compiles']
    return [f'the compiler did not say "{words}" but\n{said[:4000]}' for words in expected if words not in said]


def main():
    suite = Suite()
    programs = sorted((TOP / 'tests' / 'refusals').glob('*.cpp'))
    for path, problems in zip(programs, inParallel(check, programs)):
        suite.check(f'{path.name} is refused in words', problems)
    suite.end()


if __name__ == '__main__':
    main()
