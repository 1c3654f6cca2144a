"""Titles and links of every page of two document sets: as our scanner, our tree and lxml read them."""

import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / 'house'))
from suite import Suite

from lxml import etree

FOLDERS = ['/usr/share/doc/python3.11/html', '/usr/share/doc/libboost1.74-doc']
BLANKS = ' \t\n\r\f'
suite = Suite()


def ours(peer, paths):
    """(path, {kind: [values]}) for each page."""
    output = subprocess.run([peer], input='\n'.join(map(str, paths)), capture_output=True, text=True, check=True, encoding='utf-8').stdout
    pages = []
    for line in output.split('\n'):
        kind, _, value = line.partition(' ')
        value = value.replace('\\\\', '\0').replace('\\n', '\n').replace('\\r', '\r').replace('\0', '\\')
        if kind == 'page':
            pages.append((value, {'title': [], 'link': [], 'tree-title': [], 'tree-link': []}))
        elif kind == 'encoding':
            pages[-1][1]['encoding'] = value
        elif kind:
            pages[-1][1][kind].append(value)
    return pages


def theirs(path, encoding):
    text = Path(path).read_bytes().decode(encoding, 'replace').lstrip('\ufeff')
    root = etree.fromstring(text.encode('utf-8'), etree.HTMLParser(encoding='utf-8', huge_tree=True))
    titles = root.xpath('//title')
    title = ' '.join(''.join(titles[0].itertext()).split()) if titles else ''
    return title, [str(href).strip(BLANKS) for href in root.xpath('//a/@href | //area/@href')]


for folder in FOLDERS:
    paths = sorted(path for path in Path(folder).rglob('*') if path.suffix in ('.html', '.htm') and path.is_file())
    suite.check(folder, '' if len(paths) > 100 else f'{folder} has no pages: install the package it belongs to')
    different = 0
    pages = ours(sys.argv[1], paths)
    suite.check(f'{folder}: every page was read', '' if len(pages) == len(paths) else f'{len(pages)} of {len(paths)}')
    for path, page in pages:
        name = str(Path(path).relative_to(folder))
        tree_links = [href.strip(BLANKS) for href in page['tree-link']]
        tree_title = (page['tree-title'] + [''])[0]
        suite.check(f'{name}: scanner and tree agree', '' if (page['title'], page['link']) == ([tree_title], tree_links) else f'{page}')
        title, links = theirs(path, page['encoding'])
        problems = []
        if title != tree_title:
            problems.append(f'title {tree_title!r}, lxml {title!r}')
        if links != tree_links:
            at = next((i for i, (a, b) in enumerate(zip(links, tree_links)) if a != b), min(len(links), len(tree_links)))
            problems.append(f'{len(tree_links)} links, lxml {len(links)}; link {at}: {tree_links[at:at + 2]}, lxml {links[at:at + 2]}')
        different += bool(problems)
        suite.check(f'{name}: lxml agrees', problems)
    print(f'{folder}: {len(pages)} pages, {different} differ from lxml')
suite.end()
