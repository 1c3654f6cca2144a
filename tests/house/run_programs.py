#!/usr/bin/env python3
"""Runs a build folder's test programs and sums what they say.

run_programs.py FOLDER [--suite S]... [--without S]... [NAME...]

Reads the list of tests that Meson wrote, runs as many at once as there are processors, those of higher priority first, prints a line
for each as it ends and, for those that failed, what they printed. A program's count is its last line "N passed, N failed", or doctest's
summary. A crash, a timeout or a program that ran no test counts as a failure. The sums are appended to
FOLDER/test-totals ("passed failed"), the outputs are in FOLDER/test-logs. Exits with 1 if anything failed.
With --targets it only prints what ninja must build for the named tests.
"""

import argparse
import concurrent.futures
import json
import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

DOCTEST = re.compile(r'test cases:\s*\d+ \|\s*(\d+) passed \|\s*(\d+) failed')
TOTALS = re.compile(r'^(\d+) passed, (\d+) failed$', re.MULTILINE)
running = set()


def chosen(folder, options):
    tests = json.loads((folder / 'meson-info' / 'intro-tests.json').read_text())
    picked = []
    for test in tests:
        suites = {name.split(':')[-1] for name in test['suite']}
        if options.suite and not suites & set(options.suite) or suites & set(options.without):
            continue
        hits = [name for name in options.names if name in test['name']]
        if options.names and not hits or 'slow' in suites and hits and test['name'] not in hits:
            continue  # the slow ones are named in full
        picked.append(test)
    return sorted(picked, key=lambda test: -test['priority'])


def targets(folder, tests):
    """What ninja must build: everything in a test's command or its dependencies that lies in the build folder."""
    outputs = {}
    for target in json.loads((folder / 'meson-info' / 'intro-targets.json').read_text()):
        for name in target['filename']:
            outputs[target['id']] = outputs[name] = os.path.relpath(name, folder)
    wanted = {outputs[word] for test in tests for word in test['cmd'] + test['depends'] if word in outputs}
    return sorted(wanted)


def counted(output):
    """(passed, failed) as the program itself said, or None."""
    for pattern in (TOTALS, DOCTEST):
        found = pattern.findall(output)
        if found:
            return int(found[-1][0]), int(found[-1][1])
    return None


def run(folder, test):
    """(passed, failed, seconds, why it failed or None, output)"""
    start = time.monotonic()
    environment = {'MALLOC_PERTURB_': '165', **os.environ, **test['env']}
    log = folder / 'test-logs' / (test['name'].replace('/', '-').replace(' ', '-') + '.log')
    why = None
    with log.open('wb') as sink:
        process = subprocess.Popen(test['cmd'], cwd=test['workdir'], env=environment, stdin=subprocess.DEVNULL,
                                   stdout=sink, stderr=subprocess.STDOUT, start_new_session=True)
        running.add(process)
        limit = test['timeout'] * float(os.environ.get('WEFT_TEST_PATIENCE', 1))
        try:
            process.wait(limit if limit > 0 else None)
        except subprocess.TimeoutExpired:
            why = f'stopped after {limit:.0f} s'
        stop(process)
        running.discard(process)
    output = log.read_text(errors='replace')
    counts = counted(output)
    passed, failed = counts or (0, 0)
    if why is None and process.returncode < 0:
        why = f'ended by {signal.Signals(-process.returncode).name}'
    elif why is None and process.returncode > 0 and failed == 0:
        why = f'exit status {process.returncode}'
    elif why is None and counts is None:
        passed = 1  # a program that only says yes or no by its exit status
    elif why is None and passed + failed == 0:
        why = 'ran no test'
    if why and failed == 0:
        failed = 1
    if failed and why is None:
        why = f'{failed} failed'
    return passed, failed, time.monotonic() - start, why, output


def stop(process):
    """Ends whatever is left of the program's process group."""
    try:
        os.killpg(process.pid, signal.SIGKILL)
    except ProcessLookupError:
        pass
    process.wait()


def interrupted(*_):
    """Ctrl-C: the programs have sessions of their own and do not see it, so they are ended here."""
    for process in list(running):
        stop(process)
    os._exit(130)


def main():
    signal.signal(signal.SIGINT, interrupted)
    signal.signal(signal.SIGTERM, interrupted)
    parser = argparse.ArgumentParser()
    parser.add_argument('folder', type=Path)
    parser.add_argument('names', nargs='*')
    parser.add_argument('--suite', action='append', default=[])
    parser.add_argument('--without', action='append', default=[])
    parser.add_argument('--targets', action='store_true')
    options = parser.parse_intermixed_args()
    folder = options.folder.resolve()
    tests = chosen(folder, options)
    if options.targets:
        print('\n'.join(targets(folder, tests)))
        return 0
    if options.names and not tests:
        print(f'No test is called {" or ".join(options.names)}.')
    (folder / 'test-logs').mkdir(exist_ok=True)

    passed = failed = 0
    width = max((len(test['name']) for test in tests), default=0)
    parallel = [test for test in tests if test['is_parallel']]
    alone = [test for test in tests if not test['is_parallel']]
    for group, workers in ((parallel, os.cpu_count() or 2), (alone, 1)):
        with concurrent.futures.ThreadPoolExecutor(workers) as pool:
            jobs = {pool.submit(run, folder, test): test['name'] for test in group}
            for job in concurrent.futures.as_completed(jobs):
                good, bad, seconds, why, output = job.result()
                passed, failed = passed + good, failed + bad
                mark = f'  FAILED: {why}' if why else ''
                print(f'  {jobs[job]:{width}}  {good:5} passed {bad:3} failed  {seconds:6.1f} s{mark}', flush=True)
                if why:
                    lines = output.rstrip().split('\n')
                    if len(lines) > 150:
                        lines[75:-75] = [f'... {len(lines) - 150} lines left out ...']
                    print('\n'.join('    | ' + line for line in lines), flush=True)
    with (folder / 'test-totals').open('a') as totals:
        totals.write(f'{passed} {failed}\n')
    return 1 if failed else 0


if __name__ == '__main__':
    sys.exit(main())
