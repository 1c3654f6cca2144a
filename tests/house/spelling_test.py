#!/usr/bin/env python3
"""The documents and the comments of public headers are spelt as aspell's British dictionary does, or as words.txt says: the
field's own words, and names. An entry stands for its plural too, and one in lower case for itself with a capital. Names of code
are left out: everything with an underscore, a digit, a dot, a bracket or a capital inside."""

import re
import subprocess

from prose import allOfIt
from suite import TOP, Suite

CODE = re.compile(r'\S*(?:://|::|->|[_/\\@=<>{}+\d]|[a-z][A-Z]|[a-z]\.[a-z]|\(\))\S*|\b\w+\(|\b[A-Z][A-Z]+s?\b|(?<!\w)(?:--?|\.)\w[\w.-]*|"[^"\s]+"')
WORD = re.compile(r"[^\W\d_]{2,}(?:['’](?!s\b)[^\W\d_]+)?")
LIST = TOP / 'tests/house/words.txt'


def forms(word):
    """The entries that allow a word."""
    return {form for plain in (word, word.removesuffix('s')) for form in (plain, plain[:1].lower() + plain[1:])}


def strange(words):
    """Those of the words that the dictionary does not know."""
    found = subprocess.run(['aspell', 'list', '--lang=en_GB', '--encoding=utf-8'], input='\n'.join(words), text=True,
                           capture_output=True, check=True)
    return set(found.stdout.split())


def main():
    suite = Suite()
    places = {}                                        # by path: [(line, word)]
    for path, prose in allOfIt():
        places[path] = [(number, found[0]) for number, line in enumerate(prose.split('\n'), 1)
                        for found in WORD.finditer(CODE.sub(' ', line))]
    entries = LIST.read_text().split('\n')[:-1]
    allowed, used = set(entries), set()
    unknown = strange(sorted({word for words in places.values() for _, word in words}))
    for path, words in places.items():
        problems = []
        for number, word in words:
            if word not in unknown:
                continue
            entry = forms(word) & allowed
            used |= entry
            if not entry:
                problems.append(f'line {number}: {word}')
        suite.check(f'{path} is spelt right (a term of the field goes into {LIST.relative_to(TOP)})', problems)
    suite.check('words.txt is sorted and has each word once',
                [f'{after} stands after {before}' for before, after in zip(entries, entries[1:]) if before >= after])
    suite.check('every word of words.txt is used', sorted(allowed - used))
    suite.end()


if __name__ == '__main__':
    main()
