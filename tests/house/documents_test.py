#!/usr/bin/env python3
"""What the documents show is what the build compiles. A C++ block under a line

    <!-- samples/quotes.cpp [readme-spider] -->

must equal the region between "// [readme-spider]" and "// [/readme-spider]" of that file; every C++ block of README.md must
have such a line. Links to files of the project must lead somewhere."""

import re
import textwrap

from suite import TOP, Suite

BLOCK = re.compile(r'(?:<!-- (\S+) \[(\S+)\] -->\n+)?```cpp\n(.*?)```', re.DOTALL)
LINK = re.compile(r'\]\(([^)#\s]+)(?:#[^)]*)?\)')


def region(file, name):
    """The lines between the two marks, without their common indentation, or None."""
    found = re.search(rf'^[ \t]*// \[{re.escape(name)}\]\n(.*?)^[ \t]*// \[/{re.escape(name)}\]',
                      (TOP / file).read_text(), re.DOTALL | re.MULTILINE)
    return textwrap.dedent(found.group(1)) if found else None


def main():
    suite = Suite()
    for document in sorted([*TOP.glob('*.md'), *(TOP / 'docs').rglob('*.md')]):
        path, text = document.relative_to(TOP), document.read_text()
        for file, name, block in BLOCK.findall(text):
            if not file:
                if path.name == 'README.md':
                    suite.check(f'{path}: a block names its source', f'no "<!-- file [region] -->" above:\n{block}')
                continue
            source = region(file, name) if (TOP / file).exists() else None
            suite.check(f'{path} quotes {file} [{name}]',
                        'there is no such region' if source is None else
                        f'the region reads\n{source}' if source != block else '')
        broken = [link for link in LINK.findall(BLOCK.sub('', text)) if '://' not in link and not (document.parent / link).exists()]
        suite.check(f'{path}: links lead somewhere', broken)
    suite.end()


if __name__ == '__main__':
    main()
