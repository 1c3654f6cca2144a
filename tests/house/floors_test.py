#!/usr/bin/env python3
"""A file includes only its own floor and those below; neither floors nor files go in circles; heavy libraries stay in .cpp
files; every include within the project is written <weft/...>; nothing is left undone."""

import re

from suite import FLOORS, TOP, Suite, sources

INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]', re.MULTILINE)
HEAVY = re.compile(r'^(asio|openssl/|llhttp|libxml/|sqlite3|nghttp2|zlib|brotli/|zstd|ares|hiredis|re2/|unicode/|fmt/|CLI/)')
UNDONE = re.compile(r'\b(TODO|FIXME|XXX|HACK|not implemented|unimplemented)\b|//.*\b(stub|placeholder)\b|// *[Ff]or now\b')
LONG = 800  # lines; styles: 400 is long, 800 is two files that have not been separated yet


def target(path):
    """The file that <weft/path> names, from the top: <weft/core.hpp> is core/core.hpp."""
    name = path.removeprefix('weft/')
    return f'{name.removesuffix(".hpp")}/{name}' if '/' not in name else name


def circle(graph):
    """One circle in the graph, as a list of its nodes, or None."""
    state, trail = {}, []

    def visit(node):
        state[node] = 'open'
        trail.append(node)
        for follower in graph.get(node, ()):
            if state.get(follower) == 'open':
                return trail[trail.index(follower):] + [follower]
            if follower not in state and (found := visit(follower)):
                return found
        state[node] = 'done'
        trail.pop()
        return None

    for node in graph:
        if node not in state and (found := visit(node)):
            return found
    return None


def main():
    suite = Suite()
    files = {str(path): [match.groups() for match in INCLUDE.finditer((TOP / path).read_text())] for path in sources()}
    graph = {}
    for file, includes in files.items():
        rank = FLOORS.index(file.split('/')[0])
        problems = []
        for quote, name in includes:
            if quote == '"' or name.split('/')[0] in FLOORS and (TOP / name).exists():  # not the system's <net/if.h>
                problems.append(f'includes {name} by another way than <weft/...>')
            if not name.startswith('weft/'):
                if file.endswith('.hpp') and '/internal/' not in file and HEAVY.match(name):
                    problems.append(f'a public header includes <{name}>')
                continue
            to = target(name)
            graph.setdefault(file, []).append(to)
            if to not in files:
                problems.append(f'includes <{name}>, which there is not')
            elif '/internal/' in to and file.endswith('.hpp') and '/internal/' not in file and '/command/' not in file:
                problems.append(f'a public header includes the private <{name}>')
            elif FLOORS.index(to.split('/')[0]) > rank:
                problems.append(f'reaches up to <{name}>')
        suite.check(f'{file} includes only what it may', problems)
    found = circle(graph)
    suite.check('no file includes itself by a detour', found and ' -> '.join(found))

    for path in sorted([*files, *(str(path.relative_to(TOP)) for folder in ('samples', 'bench', 'tests')
                                  for path in (TOP / folder).rglob('*.[ch]pp'))]):
        text = (TOP / path).read_text()
        lines = text.count('\n')
        problems = [f'line {text[:match.start()].count(chr(10)) + 1}: left undone? {match.group()}'
                    for match in UNDONE.finditer(text)] if not path.startswith('tests/') else []
        if lines > LONG and not path.startswith(('tests/', 'bench/')):
            problems.append(f'{lines} lines: more than one room')
        suite.check(f'{path} is finished', problems)
    suite.end()


if __name__ == '__main__':
    main()
