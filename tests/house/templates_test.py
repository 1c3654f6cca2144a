#!/usr/bin/env python3
"""What `weft startproject` and `weft genspider` write compiles and works. templates_test.py WEFT

Each template is generated and compiled by `weft runspider`. A project is begun, given a spider of each template, built with Meson as
startproject says, its test is run, and its spider crawls the demo site."""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from suite import COMPILER, Suite

weft = Path(sys.argv[1]).resolve()
KINDS = ['basic', 'crawl', 'csvfeed', 'sitemap', 'xmlfeed']


def run(*words, cwd, status=0, **environment):
    done = subprocess.run([str(word) for word in words], cwd=cwd, env={**os.environ, **environment}, stdin=subprocess.DEVNULL,
                          text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=600)
    if done.returncode != status:
        raise RuntimeError(f'{" ".join(map(str, words))}\nexit status {done.returncode}\n{done.stdout[-6000:]}')
    return done.stdout


def main():
    suite = Suite()
    work = Path(tempfile.mkdtemp(prefix='weft-templates-'))
    compiler = {'CXX': ' '.join(COMPILER)}

    def attempt(name, action):
        start = time.monotonic()
        try:
            action()
            suite.check(name, '')
            print(f'ok: {name} ({time.monotonic() - start:.1f} s)', flush=True)
        except (RuntimeError, OSError, AssertionError, subprocess.TimeoutExpired) as problem:
            suite.check(name, str(problem) or repr(problem))

    def alone(kind):
        run(weft, 'genspider', f'my_{kind}', 'shop.example', '-t', kind, cwd=work)
        said = run(weft, 'runspider', f'my_{kind}.cpp', '--list', cwd=work, WEFT_CACHE=str(work / 'cache'),
                   CXXFLAGS='-Wall -Wextra -Wpedantic -Werror', **compiler)
        assert said.endswith(f'\nmy_{kind}\n'), said

    def project():
        said = run(weft, 'startproject', 'shop', cwd=work)
        setup = re.search(r'^    (meson setup build.*) && ninja -C build$', said, re.MULTILINE)
        assert setup, said
        folder = work / 'shop'
        for kind in KINDS:
            run(weft, 'genspider', f'my_{kind}', 'https://shop.example/a', '-t', kind, cwd=folder / 'spiders')
        run(*setup.group(1).split(), '-Dwerror=true', cwd=folder, **compiler)
        run('ninja', '-C', 'build', cwd=folder)

    def tested():
        run('meson', 'test', '-C', 'build', cwd=work / 'shop')
        names = sorted([*(f'my_{kind}' for kind in KINDS), 'quotes'])
        assert run('build/shop', '--list', cwd=work / 'shop').split() == names
        assert run(weft, 'list', cwd=work / 'shop' / 'spiders').split() == names

    def crawled():
        port_file = work / 'port'
        demo = subprocess.Popen([weft, 'demo', '--port', '0', '--port-file', port_file], stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            while not (port_file.exists() and port_file.read_text().strip()):
                assert demo.poll() is None, 'weft demo ended'
                time.sleep(0.02)
            url = f'http://127.0.0.1:{port_file.read_text().strip()}/'
            run('build/shop', '--spider', 'quotes', '--url', url, '-O', 'quotes.jsonl', cwd=work / 'shop')
            # The command is at home in a project: it builds what has changed, and runs it in the folder where it was called.
            spider = work / 'shop' / 'spiders' / 'quotes.cpp'
            spider.write_text(spider.read_text() + '// changed\n')
            said = run(weft, 'crawl', 'quotes', '--url', url, '-O', 'again.jsonl', cwd=work / 'shop' / 'spiders')
            assert said.startswith('Building ') and 'Building' not in said[9:], said
            assert run(weft, 'parse', url, '--spider', 'quotes', '--nolog', cwd=work / 'shop').count('\nitem ') == 10
            assert run(weft, 'check', 'quotes', '--list', cwd=work / 'shop').startswith('quotes  parse  http://127.0.0.1:8000/  ')
            spider.write_text(spider.read_text() + 'what is this\n')
            said = run(weft, 'crawl', 'quotes', cwd=work / 'shop', status=1)
            assert 'error: ' in said and said.endswith('building build/shop failed (see above)\n'), said
        finally:
            demo.terminate()
            demo.wait()
        quotes = [json.loads(line) for line in (work / 'shop' / 'quotes.jsonl').read_text().splitlines()]
        assert (work / 'shop' / 'spiders' / 'again.jsonl').read_text().count('\n') == 108
        assert len(quotes) == 108 and all(quote['text'] and quote['author'] for quote in quotes), f'{len(quotes)} quotes'

    for kind in KINDS:
        attempt(f'the template {kind} compiles', lambda: alone(kind))
    attempt('a project with a spider of each template builds', project)
    attempt('its tests pass, and it lists its spiders', tested)
    attempt('its spider crawls the demo site, as does weft crawl in its folder', crawled)
    if not suite.failed:
        shutil.rmtree(work)
    suite.end()


if __name__ == '__main__':
    main()
