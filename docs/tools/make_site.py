#!/usr/bin/env python3
"""Makes docs/site: all documents and the reference of the interface, as pages that need nothing from elsewhere.

    docs/tools/make_site.py [FOLDER]

The folder, docs/site unless named, is made anew. `weft serve docs/site` shows it. Needs Debian's cmark-gfm and doxygen."""

import html
import os
import re
import shutil
import subprocess
import sys
import tempfile
import xml.etree.ElementTree
from pathlib import Path

TOP = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(TOP / 'tests/house'))
from prose import documents, slug  # noqa: E402
from references import purpose  # noqa: E402
from suite import publicHeaders  # noqa: E402

INDEX = TOP / 'docs/README.md'
OMITTED = re.compile(r'<script.*?</script>\n?|<div class="(?:levels|summary)">.*?</div>|<img [^>]*>', re.DOTALL)
KEYWORDS = ('alignas|auto|bool|break|case|catch|char|class|co_await|co_return|co_yield|concept|const|constexpr|const_cast|continue|decltype|default|delete|do|double|dynamic_cast|else|enum|'
            'explicit|extern|false|final|float|for|friend|if|inline|int|long|mutable|namespace|new|noexcept|nullptr|operator|override|private|protected|public|requires|return|short|signed|'
            'sizeof|static|static_assert|static_cast|std|struct|switch|template|this|throw|true|try|typename|unsigned|using|virtual|void|while')
CODE = re.compile(rf'(?P<c>//[^\n]*|/\*.*?\*/)|(?P<s>R"\((?:.|\n)*?\)"|"(?:[^"\\\n]|\\.)*"|\'(?:[^\'\\\n]|\\.)\')|(?P<p>^[ \t]*#\w+)|(?P<k>\b(?:{KEYWORDS})\b)|(?P<n>\b\d[\w.\']*)',
                  re.MULTILINE | re.DOTALL)

FIELD = re.compile(r'^(  \w[\w:<>,&*. ]* \w+(?:\{\}| = [^;]*)?; +)// ')        # a member with a plain comment behind it


def coloured(code):
    """C++ as HTML, with its comments, texts, keywords and numbers marked."""
    out, at = [], 0
    for found in CODE.finditer(code):
        out.append(html.escape(code[at:found.start()], False) + f'<span class="{found.lastgroup}">{html.escape(found[0], False)}</span>')
        at = found.end()
    return ''.join(out) + html.escape(code[at:], False)


class Site:
    def __init__(self, folder):
        self.folder = folder
        self.pages = {path: self.placeOf(path) for path in documents()}    # by source, the place in the site
        self.wanted = []                               # files that a page leads to, and that have no page yet
        self.chapters = self.readChapters()

    @staticmethod
    def placeOf(path):
        """Where the page of a document stands: docs/net.md is net.html."""
        if path == INDEX:
            return Path('index.html')
        inside = path.relative_to(TOP)
        return (inside.relative_to('docs') if inside.parts[0] == 'docs' else Path(inside.name.lower())).with_suffix('.html')

    def readChapters(self):
        """The navigation: [(heading, [(title, place)])], as the index has it."""
        chapters = [('', [('weft', self.pages[TOP / 'README.md']), ('All pages', Path('index.html')), ('Interface', Path('api/annotated.html'))])]
        for line in INDEX.read_text().splitlines():
            if line.startswith('## '):
                chapters.append((line[3:], []))
            elif line.startswith('- '):
                for title, link in re.findall(r'\[([^\]]+)\]\(([^)]+)\)', line):
                    path = (INDEX.parent / link).resolve()
                    if path in self.pages:
                        chapters[-1][1].append((title[0].upper() + title[1:], self.pages[path]))
        return chapters

    def frame(self, title, place, root):
        """What stands before and behind the body of a page."""
        menu = ''
        for heading, entries in self.chapters:
            menu += (f'<h2>{html.escape(heading)}</h2>' if heading else '') + '<ul>' + ''.join(
                f'<li><a href="{root}{to}"{" aria-current=page" if to == place else ""}>{html.escape(name)}</a></li>' for name, to in entries) + '</ul>\n'
        return (f'<!DOCTYPE html>\n<html lang="en-GB">\n<head>\n<meta charset="utf-8">\n<meta name="viewport" content="width=device-width, initial-scale=1">\n'
                f'<title>{title}</title>\n<link rel="stylesheet" href="{root}site.css">\n<link rel="icon" href="data:,">\n</head>\n<body>\n'
                f'<a class="skip" href="#text">To the text</a>\n<a class="pages" href="#pages">All pages</a>\n<nav id="pages">\n<p>weft</p>\n{menu}</nav>\n<main id="text">\n',
                '</main>\n</body>\n</html>\n')

    def write(self, place, title, body):
        path = self.folder / place
        path.parent.mkdir(parents=True, exist_ok=True)
        before, behind = self.frame(html.escape(title) + (' · weft' if title != 'weft' else ''), place, '../' * (len(place.parts) - 1))
        path.write_text(before + body + behind)

    def address(self, link, source, place):
        """Where a link of a source leads within the site."""
        name, _, fragment = link.partition('#')
        if '://' in link or link.startswith('mailto:') or not name:
            return link
        path = (source.parent / name).resolve()
        if path not in self.pages:
            inside = path.relative_to(TOP)
            if path.is_file() and path.suffix in ('.svg', '.png'):
                self.pages[path] = Path('pictures') / path.name
                (self.folder / 'pictures').mkdir(exist_ok=True)
                shutil.copy(path, self.folder / 'pictures')
            else:
                self.pages[path] = Path('source') / (inside / 'index.html' if path.is_dir() else f'{inside}.html')
                self.wanted.append(path)
        return os.path.relpath(self.pages[path], place.parent) + ('#' + fragment if fragment else '')

    def document(self, source):
        place, text = self.pages[source], source.read_text()
        body = subprocess.run(['cmark-gfm', '-e', 'table', '--unsafe'], input=re.sub(r'<!--.*?-->\n*', '', text, flags=re.DOTALL), text=True, capture_output=True, check=True).stdout
        seen, sections = {}, []

        def heading(found):
            level, inner = found[1], found[2]
            name = slug(html.unescape(re.sub(r'<[^>]+>', '', inner)), seen)
            if level == '2':
                sections.append(f'<li><a href="#{name}">{re.sub(r"</?a[^>]*>", "", inner)}</a></li>')
            return f'<h{level} id="{name}">{inner}</h{level}>'

        body = re.sub(r'<h(\d)>(.*?)</h\1>', heading, body)
        body = re.sub(r'(<(?:a|img) [^>]*?(?:href|src)=")([^"]*)"', lambda found: found[1] + html.escape(self.address(html.unescape(found[2]), source, place)) + '"', body)
        body = re.sub(r'<pre><code class="language-cpp">(.*?)</code></pre>', lambda found: f'<pre><code>{coloured(html.unescape(found[1]))}</code></pre>', body, flags=re.DOTALL)
        body = body.replace('<table>', '<div class="wide"><table>').replace('</table>', '</table></div>')
        if len(sections) > 2:
            body = body.replace('</h1>', f'</h1>\n<details class="sections"><summary>On this page</summary><ul>{"".join(sections)}</ul></details>', 1)
        title = re.search(r'^# (.*)', text, re.MULTILINE)[1].replace('`', '')
        self.write(place, title, body)

    def sourcePage(self, path):
        """A file of the project that a page leads to, or a folder of them."""
        place, inside = self.pages[path], path.relative_to(TOP)
        if path.is_dir():
            entries = sorted(entry for entry in path.iterdir() if not entry.name.startswith('.') and entry.name != '__pycache__')
            body = ''.join(f'<li><a href="{self.address(str(entry), path, place)}">{html.escape(entry.name)}{"/" if entry.is_dir() else ""}</a></li>' for entry in entries)
            self.write(place, str(inside), f'<h1>{html.escape(str(inside))}</h1>\n<ul>{body}</ul>\n')
        else:
            text = path.read_text()
            code = coloured(text) if path.suffix in ('.cpp', '.hpp') else html.escape(text, False)
            self.write(place, str(inside), f'<h1>{html.escape(str(inside))}</h1>\n<pre><code>{code}</code></pre>\n')

    def interface(self):
        """doxygen's pages of the public headers, in our frame. A word of complaint ends the program."""
        with tempfile.TemporaryDirectory() as work:
            work = Path(work)
            for header in publicHeaders():
                copy = work / 'weft' / header
                copy.parent.mkdir(parents=True, exist_ok=True)
                copy.write_text(f'/** @file\n@brief {escaped(purpose(header))} */ ' + '\n'.join(readable(line) for line in (TOP / header).read_text().split('\n')))
            before, behind = self.frame('$title', Path('api/annotated.html'), '$relpath^../')
            (work / 'header.html').write_text(before + '<div class="api">\n<p class="ways"><a href="$relpath^annotated.html">Classes</a> <a href="$relpath^namespaces.html">Namespaces</a> '
                                              '<a href="$relpath^files.html">Headers</a></p>\n<div>\n')
            (work / 'footer.html').write_text('</div>\n' + behind)
            settings = {'INPUT': work / 'weft', 'OUTPUT_DIRECTORY': self.folder, 'STRIP_FROM_PATH': work, 'STRIP_FROM_INC_PATH': work, 'HTML_HEADER': work / 'header.html',
                        'HTML_FOOTER': work / 'footer.html', 'HTML_STYLESHEET': TOP / 'docs/tools/site.css', 'GENERATE_TAGFILE': work / 'tags'}
            (work / 'Doxyfile').write_text((TOP / 'docs/Doxyfile').read_text() + ''.join(f'{name} = "{value}"\n' for name, value in settings.items()))
            done = subprocess.run(['doxygen', work / 'Doxyfile'], cwd=work, text=True, capture_output=True)
            complaints = [line.replace(f'{work}/weft/', '') for line in done.stderr.splitlines() if not re.search(r'Member .* is not documented|^ *$', line)]
            if done.returncode or complaints:
                sys.exit('doxygen says:\n' + '\n'.join(complaints[:200]))
            for compound in xml.etree.ElementTree.parse(work / 'tags').iter('compound'):
                if compound.get('kind') == 'file':
                    header = (compound.findtext('path') + compound.findtext('name')).removeprefix('weft/').removeprefix(f'{work}/weft/')
                    self.pages[TOP / header] = Path('api') / compound.findtext('filename')
        self.tidy(self.folder / 'api')

    @staticmethod
    def tidy(folder):
        """doxygen's pages without their scripts and pictures, and without links to places that it has left out."""
        for leftover in [path for path in folder.iterdir() if path.suffix != '.html']:
            leftover.unlink()
        pages = {path.name: OMITTED.sub('', path.read_text()).replace(' style="display:none;"', '') for path in folder.iterdir()}
        places = {name: set(re.findall(r' (?:id|name)="([^"]+)"', text)) for name, text in pages.items()}
        for name, text in pages.items():
            def link(found, name=name):
                to, _, fragment = found[1].partition('#')
                lost = (to or name) not in places or (fragment and fragment not in places[to or name])
                return found[2] if lost and '/' not in to else found[0]
            (folder / name).write_text(re.sub(r'<a class="el" href="([^"]*)"[^>]*>(.*?)</a>', link, text, flags=re.DOTALL))

    def make(self):
        self.interface()
        for source in documents():
            self.document(source)
        while self.wanted:
            self.sourcePage(self.wanted.pop())


def escaped(text):
    """Text in which doxygen sees neither its commands, nor HTML, nor an address in our http::."""
    text = re.sub(r'(?<![\w:])http::(?=\w)', 'weft::http::', text)
    return re.sub(r'[@\\%#]|<(?=[A-Za-z/!])|(?<!\w)::(?=\w)', lambda found: '\\' + found[0], text)


def readable(line):
    """A line of a header as doxygen takes it: what our comments say is plain text, but for `code` and indented examples; what stands behind a member is about it."""
    line = FIELD.sub(r'\1///< ', line)
    if re.match(r' +friend [\w: ]+;', line):
        return ''
    found = re.match(r'(.*?///<?)(.*)', line)
    if not found or re.match(r' {5}', found[2]):
        return line
    parts = found[2].split('`')
    return found[1] + '`'.join(part if at % 2 and len(parts) % 2 else escaped(part) for at, part in enumerate(parts))


def make(folder):
    """Makes the site in a folder that is empty, not there, or an older site. Gives the Site, whose `pages` say what became of which file."""
    folder = Path(folder).resolve()
    if folder.exists() and not (folder / 'site.css').exists() and any(folder.iterdir()):
        sys.exit(f'{folder} is in the way: it is not empty, and no site of ours')
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    shutil.copy(TOP / 'docs/tools/site.css', folder)
    site = Site(folder)
    site.make()
    return site


if __name__ == '__main__':
    make(sys.argv[1] if len(sys.argv) > 1 else TOP / 'docs/site')
