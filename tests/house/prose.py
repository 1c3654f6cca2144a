"""The prose of the project: what its documents and the comments of its public headers say, without what they show."""

import re

from suite import TOP, publicHeaders

FENCE = re.compile(r'^```.*?^```', re.DOTALL | re.MULTILINE)
INDENTED = re.compile(r'^ {4}.*', re.MULTILINE)
REMARK = re.compile(r'<!--.*?-->', re.DOTALL)
HEADING = re.compile(r'^#{1,6} +(.*?)#*$', re.MULTILINE)
LINK = re.compile(r'\]\(\s*<?([^)\s>]+)[^)]*\)|^\[[^\]]+\]: *(\S+)', re.MULTILINE)
SPAN = re.compile(r'`[^`]*`')
COMMENT = re.compile(r'(?:^|\s)//[/!]?<?(?![/!])(?! namespace )(.*)')


def documents():
    """Every document that a reader is given, as whole paths."""
    return sorted([*TOP.glob('*.md'), *(TOP / 'docs').rglob('*.md')])


def blanked(text, *patterns):
    """What the patterns find is gone, but for the ends of its lines: so that numbers of lines stay right."""
    for pattern in patterns:
        text = pattern.sub(lambda found: ' ' + '\n' * found[0].count('\n'), text)
    return text


def ofDocument(text):
    """A document without code, the addresses of its links and its remarks."""
    return re.sub(r'\]\([^)]*\)', ']', blanked(text, FENCE, REMARK, INDENTED, SPAN))


def ofHeader(text):
    """The comments of a header, without the examples in them, which are indented."""
    lines = []
    for line in text.split('\n'):
        found = COMMENT.search(line)
        lines.append('' if not found or re.match(r'\s{4}', found[1]) else found[1])
    return blanked('\n'.join(lines), SPAN)


def allOfIt():
    """(path from the top, prose) of all documents and public headers."""
    for path in documents():
        yield path.relative_to(TOP), ofDocument(path.read_text())
    for path in publicHeaders():
        yield path, ofHeader((TOP / path).read_text())


def links(text):
    """Where the links of a document lead, in order, images among them."""
    return [found[1] or found[2] for found in LINK.finditer(blanked(text, FENCE, REMARK, INDENTED, SPAN))]


def slug(title, seen):
    """The fragment by which GitHub knows a heading; `seen` is a dictionary that the headings of one document share."""
    name = re.sub(r'[^\w\- ]', '', title.strip().lower()).replace(' ', '-')
    seen[name] = seen.get(name, -1) + 1
    return f'{name}-{seen[name]}' if seen[name] else name


def headings(text):
    """The fragments of all headings of a document."""
    seen = {}
    return {slug(re.sub(r'!?\[([^\]]*)\]\([^)]*\)', r'\1', title), seen) for title in HEADING.findall(blanked(text, FENCE, REMARK))}
