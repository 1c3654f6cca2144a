#!/usr/bin/env python3
"""docs/reference/ says what the code says now, and lists every public header. references_test.py WEFT, the program."""

import difflib
import sys

from suite import TOP, Suite, publicHeaders

sys.path.insert(0, str(TOP / 'docs/tools'))
import references  # noqa: E402


def main():
    suite = Suite()
    made = references.pages(sys.argv[1])
    for name, text in made.items():
        path = references.FOLDER / name
        held = path.read_text() if path.exists() else ''
        difference = difflib.unified_diff(held.splitlines(), text.splitlines(), str(path.relative_to(TOP)), 'the code', lineterm='', n=0)
        suite.check(f'{name} is up to date (docs/tools/references.py makes it anew)', '\n'.join(list(difference)[:20]))
    suite.check('docs/reference/ holds nothing else', sorted({path.name for path in references.FOLDER.iterdir()} - set(made)))
    suite.check('every public header is listed', [str(header) for header in publicHeaders() if f'(../../{header})' not in made['headers.md']])
    suite.end()


if __name__ == '__main__':
    main()
