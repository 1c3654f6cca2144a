"""What the house's own tests share: where things are, and counting checks."""

import os
import re
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

TOP = Path(__file__).resolve().parents[2]
FLOORS = ['core', 'defer', 'net', 'http', 'crawler']  # a floor sees itself and those before it
COMPILER = os.environ.get('WEFT_CXX', 'g++').split()
WARNINGS = ['-std=c++20', '-Wall', '-Wextra', '-Wpedantic', '-Werror']


class Suite:
    """Counts checks, prints those that fail, and ends the program with "N passed, N failed"."""

    def __init__(self):
        self.passed = self.failed = 0

    def check(self, name, problems):
        """A check passes when its list of problems (or its one text) is empty."""
        if not problems:
            self.passed += 1
            return
        self.failed += 1
        print(f'FAILED: {name}')
        for problem in [problems] if isinstance(problems, str) else problems:
            print('  ' + problem.rstrip().replace('\n', '\n  '))

    def end(self):
        print(f'{self.passed} passed, {self.failed} failed')
        sys.exit(1 if self.failed or not self.passed else 0)


def sources(pattern='*.[ch]pp'):
    """The floors' files, as paths from the top; but for the templates of the command, which are its users'."""
    return sorted(path.relative_to(TOP) for floor in FLOORS for path in (TOP / floor).rglob(pattern) if 'templates' not in path.parts)


def publicHeaders():
    """What is installed: every header but those in internal/ and of the command (as in the top meson.build)."""
    return [path for path in sources('*.hpp') if not {'internal', 'command'} & set(path.parts)]


def compile(*words):
    """Runs the compiler; gives (did it succeed, what it said)."""
    done = subprocess.run(COMPILER + [str(word) for word in words], stdin=subprocess.DEVNULL, text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    return done.returncode == 0, done.stdout


def inParallel(function, items):
    with ThreadPoolExecutor(os.cpu_count() or 2) as pool:
        return list(pool.map(function, items))
