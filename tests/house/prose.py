"""The prose of the project: what its documents and the comments of its public headers say, without what they show."""

import re

from suite import TOP, publicHeaders

FENCE = re.compile(r'^```.*?^```', re.DOTALL | re.MULTILINE)
REMARK = re.compile(r'<!--.*?-->', re.DOTALL)
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
    text = blanked(text, FENCE, REMARK)
    text = re.sub(r'^ {4}.*', '', text, flags=re.MULTILINE)
    return re.sub(r'\]\([^)]*\)', ']', blanked(text, SPAN))


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
