#!/usr/bin/env python3
"""The site can be made, without a word of complaint from doxygen; every document and every public header is in it; every link within it
leads to a page, and to a place on that page; nothing comes from elsewhere. site_test.py FOLDER, where to make it."""

import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote

from prose import documents
from suite import TOP, Suite, publicHeaders

sys.path.insert(0, str(TOP / 'docs/tools'))
import make_site  # noqa: E402


class Page(HTMLParser):
    """The links and the places of a page, and what it loads."""

    def __init__(self, path):
        super().__init__()
        self.links, self.places, self.loaded, self.title = [], set(), [], False
        self.feed(path.read_text())

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        self.places |= {attributes[name] for name in ('id', 'name') if attributes.get(name)}
        if tag == 'a' and attributes.get('href'):
            self.links.append(attributes['href'])
        elif attributes.get('src') or tag == 'link':
            self.loaded.append(attributes.get('src') or attributes.get('href', ''))
        self.title = self.title or tag == 'title'


def main():
    suite, folder = Suite(), Path(sys.argv[1]).resolve()
    site = make_site.make(folder)
    pages = {path: Page(path) for path in sorted(folder.rglob('*.html'))}
    problems = []
    for path, page in pages.items():
        for link in page.links:
            name, _, fragment = unquote(link).partition('#')
            if '://' in name or name.startswith('mailto:'):
                continue
            to = (path.parent / name).resolve() if name else path
            if folder not in to.parents or not to.exists():
                problems.append(f'{path.relative_to(folder)}: {link}: no such page')
            elif fragment and to in pages and fragment not in pages[to].places:
                problems.append(f'{path.relative_to(folder)}: {link}: no such place')
    suite.check('every link leads somewhere', problems[:50])
    suite.check('nothing is loaded from elsewhere',
                [f'{path.relative_to(folder)}: {name}' for path, page in pages.items() for name in page.loaded
                 if not name.startswith('data:') and not (path.parent / name).exists()][:50])
    suite.check('every page has a title', [str(path.relative_to(folder)) for path, page in pages.items() if not page.title])
    suite.check('every document is a page', [str(path.relative_to(TOP)) for path in documents() if not (folder / site.pages[path]).exists()])
    suite.check('every public header is a page', [str(path) for path in publicHeaders() if not (folder / site.pages.get(TOP / path, '?')).is_file()])
    start, reached = folder / 'index.html', set()
    waiting = [start]
    while waiting:
        path = waiting.pop()
        if path in reached or path not in pages:
            continue
        reached.add(path)
        waiting += [(path.parent / unquote(link.partition('#')[0])).resolve() for link in pages[path].links if '://' not in link and not link.startswith('#')]
    suite.check('every document and header is reached from the first page',
                [str(path) for path in [*documents(), *(TOP / header for header in publicHeaders())] if folder / site.pages.get(path, '?') not in reached])
    suite.end()


if __name__ == '__main__':
    main()
