#!/usr/bin/env python3
"""What ./test counts: run_programs.py against programs that pass, fail, crash, hang and say nothing."""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from suite import Suite

DOCTEST = 'echo "[doctest] test cases: 7 | 5 passed | 2 failed | 0 skipped"; exit 1'
CASES = [  # name, shell program, passed, failed, words in the report
    ('doctest that passes', 'echo "[doctest] test cases:  3 |  3 passed | 0 failed | 1 skipped"', 3, 0, '3 passed'),
    ('doctest that fails', DOCTEST, 5, 2, '2 failed'),
    ('script that passes', 'echo "100 passed, 1 failed"; echo "4 passed, 0 failed"', 4, 0, '4 passed'),
    ('script that fails but exits with 0', 'echo "4 passed, 1 failed"', 4, 1, '1 failed'),
    ('passes, then crashes', 'echo "4 passed, 0 failed"; kill -SEGV $$', 4, 1, 'ended by SIGSEGV'),
    ('passes, then leaves with 3', 'echo "4 passed, 0 failed"; exit 3', 4, 1, 'exit status 3'),
    ('hangs', 'echo "4 passed, 0 failed"; sleep 60', 4, 1, 'stopped after 1 s'),
    ('runs no test', 'echo "[doctest] test cases: 0 | 0 passed | 0 failed | 0 skipped"', 0, 1, 'ran no test'),
    ('only exits with 0', 'true', 1, 0, '1 passed'),
    ('only exits with 1', 'echo oh no; exit 1', 0, 1, 'oh no'),
    ('leaves a child behind', 'sleep 60 & echo "1 passed, 0 failed"', 1, 0, '1 passed'),
    ('reads its input', 'cat; echo "1 passed, 0 failed"', 1, 0, '1 passed'),
]


def run(folder, *words):
    environment = {**os.environ, 'WEFT_TEST_PATIENCE': '1'}  # ./test --all gives its programs more; here the limit itself is tested
    return subprocess.run([sys.executable, Path(__file__).with_name('run_programs.py'), folder, *words], text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=environment)


def main():
    suite = Suite()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / 'meson-info').mkdir()
        (folder / 'meson-info' / 'intro-tests.json').write_text(json.dumps([
            {'name': case[0], 'cmd': ['sh', '-c', case[1]], 'env': {}, 'suite': ['weft:odd' if index % 2 else 'weft:even'],
             'workdir': None, 'timeout': 1 if case[0] == 'hangs' else 30, 'is_parallel': index % 3 > 0, 'priority': 0,
             'depends': []} for index, case in enumerate(CASES)]))
        totals = folder / 'test-totals'

        def expect(name, words, passed, failed, report=''):
            totals.unlink(missing_ok=True)
            done = run(folder, *words)
            counted = totals.read_text().split()
            good = counted == [str(passed), str(failed)] and done.returncode == (failed > 0) and report in done.stdout
            suite.check(name, '' if good else f'status {done.returncode}, counted {counted}\n{done.stdout}')

        for name, _, passed, failed, report in CASES:
            expect(name, [name], passed, failed, report)
        expect('all of them', [], sum(case[2] for case in CASES), sum(case[3] for case in CASES))
        odd = CASES[1::2]
        expect('one suite', ['--suite', 'odd'], sum(case[2] for case in odd), sum(case[3] for case in odd))
        expect('all but one suite', ['--without', 'even'], sum(case[2] for case in odd), sum(case[3] for case in odd))
        expect('a name that no test has', ['no such test'], 0, 0, 'No test is called')
    suite.end()


if __name__ == '__main__':
    main()
