#!/usr/bin/env python3
"""Every public header compiles alone and when included twice, without warnings, and brings no heavy library with it.

headers_test.py BUILD_FOLDER CACHE_FOLDER. A header that is the first include of a file of the build has compiled alone there, with the
same warnings: only the others are compiled here. The cache remembers, per header, the state of all that it includes, so that a
second run compiles only what has changed. WEFT_CXX names the compiler.
"""

import hashlib
import json
import re
import sys
from pathlib import Path

from suite import COMPILER, TOP, WARNINGS, Suite, compile, inParallel, publicHeaders

INCLUDE = re.compile(r'^#\s*include\s+[<"]([^>"]+)[>"]', re.MULTILINE)
SYSTEM = {'netinet/in.h', 'netinet/tcp.h', 'sys/socket.h', 'sys/types.h'}  # beside the standard library's, which have neither slash nor dot


def includes(file):
    return INCLUDE.findall(file.read_text())


def strangers(header):
    """What it includes that is neither weft's, nor the standard library's, nor small."""
    return [name for name in includes(TOP / header)
            if not name.startswith('weft/') and name not in SYSTEM and re.search(r'[./]', name)]


def compiledFirst(build):
    """The headers that some file of the build includes before all others."""
    found = set()
    for entry in json.loads((build / 'compile_commands.json').read_text()):
        file = Path(entry['directory']) / entry['file']
        if file.exists():  # but for what the build itself writes
            found.update(includes(file)[:1])
    return found


def state(files):
    """A digest of the files' contents, or None when one is gone."""
    digest = hashlib.sha256(' '.join(COMPILER + WARNINGS).encode())
    for file in files:
        try:
            digest.update(hashlib.sha256(Path(file).read_bytes()).digest())
        except OSError:
            return None
    return digest.hexdigest()


def compileAlone(header, include, cache):
    """What the compiler says of it."""
    remembered = cache / (str(header).replace('/', '-') + '.json')
    try:
        known = json.loads(remembered.read_text())
        if known['state'] == state(known['files']):
            return []
    except (OSError, ValueError):
        pass
    unit = cache / (str(header).replace('/', '-') + '.cpp')
    unit.write_text(f'#include <weft/{header}>\n' * 2 + 'int main() {}\n')
    listing = unit.with_suffix('.d')
    good, said = compile(*WARNINGS, '-fsyntax-only', '-MD', '-MF', listing, '-I', include, unit)
    if not good:
        return [said]
    files = listing.read_text().replace('\\\n', ' ').split(':', 1)[1].split()
    ours = [file for file in files if '/weft/' in file]
    remembered.write_text(json.dumps({'files': ours, 'state': state(ours)}))
    return []


def main():
    suite = Suite()
    build, cache = Path(sys.argv[1]), Path(sys.argv[2])
    cache.mkdir(parents=True, exist_ok=True)
    headers = publicHeaders()
    done = compiledFirst(build)
    left = [header for header in headers if f'weft/{header}' not in done]
    said = dict(zip(left, inParallel(lambda header: compileAlone(header, build / 'include', cache), left)))
    for header in headers:
        suite.check(f'<weft/{header}> compiles alone', said.get(header, []))
        suite.check(f'<weft/{header}> may be included twice', [] if '#pragma once' in (TOP / header).read_text() else ['it has no #pragma once'])
        suite.check(f'<weft/{header}> is light', strangers(header))
    suite.end()


if __name__ == '__main__':
    main()
