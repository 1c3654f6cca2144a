#!/usr/bin/env python3
"""Every public header compiles alone and when included twice, without warnings, and brings no heavy library with it.

headers_test.py INCLUDE_FOLDER CACHE_FOLDER. The cache remembers, per header, the state of all that it includes, so that a
second run compiles only what has changed. WEFT_CXX names the compiler.
"""

import hashlib
import json
import sys
from pathlib import Path

from suite import COMPILER, TOP, WARNINGS, Suite, compile, inParallel, publicHeaders

HEAVY = ('/asio.hpp', '/asio/', '/openssl/', '/llhttp.h', '/libxml/', '/sqlite3.h', '/re2/', '/unicode/')


def state(files):
    """A digest of the files' contents, or None when one is gone."""
    digest = hashlib.sha256(' '.join(COMPILER + WARNINGS).encode())
    for file in files:
        try:
            digest.update(hashlib.sha256(Path(file).read_bytes()).digest())
        except OSError:
            return None
    return digest.hexdigest()


def check(header, include, cache):
    """What is wrong with the header."""
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
    heavy = [file for file in files if any(word in file for word in HEAVY) and '/weft/' not in file]
    if heavy:
        return [f'brings {heavy[0]} and {len(heavy) - 1} more files of heavy libraries']
    ours = [file for file in files if '/weft/' in file]
    remembered.write_text(json.dumps({'files': ours, 'state': state(ours)}))
    return []


def main():
    suite = Suite()
    include, cache = Path(sys.argv[1]), Path(sys.argv[2])
    cache.mkdir(parents=True, exist_ok=True)
    headers = publicHeaders()
    for header, problems in zip(headers, inParallel(lambda header: check(header, include, cache), headers)):
        suite.check(f'<weft/{header}> compiles alone and twice, and is light', problems)
    suite.end()


if __name__ == '__main__':
    main()
