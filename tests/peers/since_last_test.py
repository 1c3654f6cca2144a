#!/usr/bin/env python3
"""A job that is crawled again gives what has changed. since_last_test.py PATH-OF-WEFT

nginx serves a part of Python's documentation, and writes down what it was asked. The second crawl of the unchanged site is answered by 304s alone and gives no items; of a site with ten changed pages exactly
those are given. The same where nginx has neither ETag nor Last-Modified, and a crawl that is killed and gone on with loses none."""

import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / 'house'))
import crawl_test  # noqa: E402
from suite import Suite  # noqa: E402

DOCS = Path('/usr/share/doc/python3.11/html/library')
PAGES = 100


class Site:
    """A chain of pages: each links to the next one alone, so that nothing is found unless the links of unchanged pages are followed."""

    def __init__(self, folder, validators):
        self.root = folder / 'site'
        self.root.mkdir(parents=True)
        self.root.chmod(0o755)
        sources = sorted(DOCS.glob('*.html'))[:PAGES]
        for number, source in enumerate(sources):
            text = re.sub(r'href="[^"]*"', '', source.read_text())
            (self.root / f'{number}.html').write_text(f'<a href="{number + 1}.html">next</a>' + text if number + 1 < len(sources) else text)
        (self.root / 'robots.txt').write_text('User-agent: *\nDisallow: /private/\n')
        crawl_test.CONFIG = crawl_test.CONFIG.replace('access_log off;', "log_format brief '$status $uri'; access_log %(folder)s/access.log brief;").replace('root %(root)s; }\n  server', ('root %(root)s; ' + validators + ' }\n  server'))
        self.access = folder / 'nginx' / 'access.log'
        self.server = crawl_test.Server(folder / 'nginx', self.root)
        self.start = f'http://127.0.0.1:{self.server.port}/0.html'

    def asked(self):
        """Statuses by path since the last call, robots.txt left out."""
        time.sleep(0.1)
        lines = [line.split() for line in self.access.read_text().splitlines()]
        self.access.write_text('')
        return [(int(status), path) for status, path in lines if path != '/robots.txt']


def main():
    suite = Suite()
    weft = sys.argv[1]
    if not DOCS.exists() or not Path('/usr/sbin/nginx').exists():
        print('skipped: there is no nginx, or no python3-doc')
        sys.exit(77)
    config = crawl_test.CONFIG
    for title, validators in [('with validators', ''), ('without', 'etag off; if_modified_since off; add_header Last-Modified "";')]:
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            folder.chmod(0o755)
            crawl_test.CONFIG = config
            site = Site(folder, validators)

            def command(job):
                return [weft, 'crawl', site.start, '--job', folder / job, '--since-last', '-O', folder / 'items.jsonl', '-s', 'LOG_LEVEL=WARNING', '--report', folder / 'report.json']

            def crawl(job='job'):
                result = subprocess.run(command(job), capture_output=True, text=True, timeout=120)
                pages = sorted(int(re.search(r'/(\d+)\.html', json.loads(line)['url'])[1]) for line in (folder / 'items.jsonl').read_text().splitlines())
                return result, pages, json.loads((folder / 'report.json').read_text())['stats']

            try:
                result, pages, stats = crawl()
                suite.check(f'{title}: the first run gives all', '' if result.returncode == 0 and pages == list(range(PAGES)) else f'{len(pages)} pages: {result.stderr}')
                site.asked()
                result, pages, stats = crawl()
                asked = site.asked()
                wanted = 200 if validators else 304
                suite.check(f'{title}: the second asks for every page, and gives none', '' if result.returncode == 0 and pages == [] and len(asked) == PAGES and {status for status, _ in asked} == {wanted}
                            else f'{pages} {asked[:3]} {result.stderr}')
                suite.check(f'{title}: they count as unchanged', '' if stats.get('since_last/unchanged') == PAGES and 'since_last/changed' not in stats else str(stats))
                changed = list(range(5, 100, 10))
                for number in changed:
                    path = site.root / f'{number}.html'
                    path.write_text(path.read_text() + '<p>news')
                    os.utime(path, (time.time() + 5, time.time() + 5))
                result, pages, stats = crawl()
                suite.check(f'{title}: of ten changed pages exactly those', '' if result.returncode == 0 and pages == changed else f'{pages} {result.stderr}')
                result, pages, stats = crawl()
                suite.check(f'{title}: and then none', pages and str(pages))

                # Killed in the middle: what is given in all, by the run and by the one that goes on with it, is every changed page.
                changed = list(range(0, 100, 3))
                for number in changed:
                    path = site.root / f'{number}.html'
                    path.write_text(path.read_text() + '<p>more news')
                    os.utime(path, (time.time() + 10, time.time() + 10))
                process = subprocess.Popen([*command('job'), '-s', 'DOWNLOAD_DELAY=0.02'], stderr=subprocess.DEVNULL)
                items = folder / 'items.jsonl'
                site.asked()
                while len(site.asked()) == 0 or not items.exists() or items.read_bytes().count(b'\n') < 5:
                    if process.poll() is not None:
                        break
                process.send_signal(signal.SIGKILL)
                process.wait()
                result, pages, stats = crawl()
                suite.check(f'{title}: killed and gone on with, each changed page is given once', '' if pages == changed else f'{pages} {result.stderr}')
                result, pages, stats = crawl()
                suite.check(f'{title}: and the next run gives none', '' if pages == [] else str(pages))
                if not validators:
                    size = sum(path.stat().st_size for path in (folder / 'job').iterdir() if path.name.startswith('pages.sqlite'))
                    text = sum(path.stat().st_size for path in site.root.glob('*.html'))
                    print(f'{PAGES} pages of {text // PAGES} bytes: {size // PAGES} bytes each in pages.sqlite')
            finally:
                site.server.stop()
    with tempfile.TemporaryDirectory() as name:
        for words, code, text in [(['--since-last'], 2, '--since-last needs a job'), (['--since-last', '--job', name, '-s', 'HTTPCACHE_ENABLED=true'], 2, 'leave out either')]:
            result = subprocess.run([weft, 'crawl', 'http://127.0.0.1:9/', *words], capture_output=True, text=True, timeout=60)
            suite.check(f'{words} is refused', '' if result.returncode == code and text in result.stderr else result.stderr)
        (Path(name) / 'journal.db').write_text('')
        result = subprocess.run([weft, 'crawl', 'http://127.0.0.1:9/', '--since-last', '--job', name], capture_output=True, text=True, timeout=60)
        suite.check('a job that was begun without it is refused', '' if result.returncode == 1 and 'begun without --since-last' in result.stderr else f'{result.returncode} {result.stderr}')
    suite.end()


if __name__ == '__main__':
    main()
