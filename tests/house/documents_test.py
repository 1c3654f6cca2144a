#!/usr/bin/env python3
"""What the documents show is what the build compiles. A C++ block under a line

    <!-- samples/quotes.cpp [readme-spider] -->

must equal the region between "// [readme-spider]" and "// [/readme-spider]" of that file; every C++ block must have such a line (but
those of the tutorial, which a test of its own types and compiles). Links to files of the project must lead somewhere, those with a fragment to a heading; and every document in docs/
can be reached from the two README.md."""

import re
import textwrap

from prose import documents, headings, links
from suite import TOP, Suite

BLOCK = re.compile(r'(?:<!-- (\S+) \[(\S+)\] -->\n+)?```cpp\n(.*?)```', re.DOTALL)


def region(file, name):
    """The lines between the two marks, without their common indentation, or None."""
    found = re.search(rf'^[ \t]*// \[{re.escape(name)}\]\n(.*?)^[ \t]*// \[/{re.escape(name)}\]',
                      (TOP / file).read_text(), re.DOTALL | re.MULTILINE)
    return textwrap.dedent(found.group(1)) if found else None


def leads(document, link):
    """Where a link of a document leads: (whole path, what is wrong with it or None)."""
    name, _, fragment = link.partition('#')
    path = (document.parent / name).resolve() if name else document
    if not path.exists():
        return path, f'{link}: there is no such file'
    if TOP not in path.parents and path != TOP:
        return path, f'{link}: leads out of the project'
    if fragment and path.suffix == '.md' and fragment not in headings(path.read_text()):
        return path, f'{link}: {path.relative_to(TOP)} has no such heading'
    return path, None


def main():
    suite = Suite()
    found = headings("# A `b_c` x (y), Z's: 1.1\n## A\n## A\n```\n# no\n```\n## [l](x.md) - q\n")
    suite.check("headings are known by GitHub's fragments", sorted(found ^ {'a-b_c-x-y-zs-11', 'a', 'a-1', 'l---q'}))
    linked = {}                                        # by document: those that it leads to
    for document in documents():
        path, text = document.relative_to(TOP), document.read_text()
        for file, name, block in BLOCK.findall(text):
            if not file:
                if path.name != 'tutorial.md':
                    suite.check(f'{path}: a block names its source', f'no "<!-- file [region] -->" above:\n{block}')
                continue
            source = region(file, name) if (TOP / file).exists() else None
            suite.check(f'{path} quotes {file} [{name}]',
                        'there is no such region' if source is None else
                        f'the region reads\n{source}' if source != block else '')
        found = [leads(document, link) for link in links(text) if '://' not in link and not link.startswith('mailto:')]
        suite.check(f'{path}: links lead somewhere', [problem for _, problem in found if problem])
        linked[document] = [target for target, _ in found]

    reached, open_ends = set(), [TOP / 'README.md', TOP / 'docs/README.md']
    while open_ends:
        document = open_ends.pop()
        if document not in reached:
            reached.add(document)
            open_ends += linked.get(document, [])
    for document in documents():
        suite.check(f'{document.relative_to(TOP)} can be reached from README.md or docs/README.md',
                    '' if document in reached else 'no link leads to it')
    suite.end()


if __name__ == '__main__':
    main()
