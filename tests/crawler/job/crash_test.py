#!/usr/bin/env python3
"""A job survives kill -9: nothing is lost, nothing comes twice. crash_test.py PATH-OF-WEFT [SEED]

Crawls a site that nginx serves (the Boost documentation where it is installed, else 1,500 generated pages) with `weft crawl --job`, kills it at 20 seeded points and goes on each time. The
witnesses: nginx's log, the feed, and a crawl without a job. Prints what the job costs in CPU."""

import csv
import gzip
import io
import json
import os
import random
import socket
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / 'house'))
from suite import Suite  # noqa: E402

BOOST = Path('/usr/share/doc/libboost1.74-doc')
KILLS = 20
KILLS_OF_FORMATS = 5
FIELDS = ('url', 'status', 'title', 'links', 'bytes')
FORMATS = ('csv', 'xml', 'jsonl.gz', 'csv.gz', 'json.zst')
CONCURRENCY = 16

CONFIG = '''
pid %(folder)s/nginx.pid;
error_log %(folder)s/error.log;
daemon off;
worker_processes 1;
events { worker_connections 256; }
http {
  include /etc/nginx/mime.types;
  log_format path '$request_uri';
  access_log %(folder)s/access.log path;
  client_body_temp_path %(folder)s/t1; proxy_temp_path %(folder)s/t2; fastcgi_temp_path %(folder)s/t3; uwsgi_temp_path %(folder)s/t4; scgi_temp_path %(folder)s/t5;
  server { listen 127.0.0.1:%(port)d; root %(root)s; }
}
'''


def generate(root):
    """1,500 pages, each with links to a few others; every one can be reached."""
    root.mkdir()
    for i in range(1500):
        links = ''.join(f'<a href="{n}.html">{n}</a> ' for n in (2 * i + 1, 2 * i + 2, i // 3, (i * 7) % 1500) if n < 1500)
        (root / f'{i}.html').write_text(f'<title>Page {i}</title>{links}' + 'words ' * 500)


class Site:
    def __init__(self, folder):
        with socket.socket() as probe:
            probe.bind(('127.0.0.1', 0))
            port = probe.getsockname()[1]
        boost = (BOOST / 'doc' / 'html' / 'index.html').exists()
        if not boost:
            generate(folder / 'site')
        self.url = f'http://127.0.0.1:{port}/' + ('doc/html/index.html' if boost else '0.html')
        (folder / 'nginx.conf').write_text(CONFIG % {'folder': folder, 'port': port, 'root': BOOST if boost else folder / 'site'})
        self.log = folder / 'access.log'
        self.process = subprocess.Popen(['/usr/sbin/nginx', '-p', folder, '-c', folder / 'nginx.conf'], stderr=subprocess.DEVNULL)
        for _ in range(200):
            with socket.socket() as probe:
                if probe.connect_ex(('127.0.0.1', port)) == 0:
                    return
            time.sleep(0.05)
        raise SystemExit('nginx does not start: ' + (folder / 'error.log').read_text())

    def requests(self):
        """So many were answered since the log was emptied."""
        with open(self.log, 'rb') as file:
            return sum(block.count(b'\n') for block in iter(lambda: file.read(1 << 20), b''))

    def empty(self):
        os.truncate(self.log, 0)


def pages(feed):
    """URL to what was found there, and what is wrong with the file."""
    found, problems = {}, []
    for number, line in enumerate(feed.read_bytes().split(b'\n')[:-1], 1):
        try:
            page = json.loads(line)
        except ValueError:
            problems.append(f'line {number} is torn: {line[:100]}')
            continue
        page.pop('depth', None)  # by which of two ways a page was found first is chance
        if page['url'] in found:
            problems.append(f'{page["url"]} is there twice')
        found[page['url']] = page
    if not feed.read_bytes().endswith(b'\n'):
        problems.append('the last line is torn')
    return found, problems


def rows(feed):
    """What a feed of another format holds: a tuple of texts for each page."""
    if feed.suffix == '.zst':
        data = subprocess.run(['/usr/bin/zstd', '-dcq', feed], capture_output=True, check=True).stdout
    else:
        data = gzip.decompress(feed.read_bytes()) if feed.suffix == '.gz' else feed.read_bytes()
    if '.csv' in feed.name:
        header, *lines = csv.reader(io.StringIO(data.decode(), newline=''))
        return [tuple(line) for line in lines] if tuple(header) == FIELDS else [header]
    if '.xml' in feed.name:
        return [tuple(item.findtext(field) or '' for field in FIELDS) for item in xml.etree.ElementTree.fromstring(data)]
    pages = json.loads(data) if '.json.' in feed.name else [json.loads(line) for line in data.splitlines()]
    return [tuple(str(page[field]) for field in FIELDS) for page in pages]


def differences(feed, expected):
    """What is wrong with such a feed."""
    try:
        found = sorted(rows(feed))
    except (OSError, ValueError, EOFError, subprocess.CalledProcessError, xml.etree.ElementTree.ParseError) as error:
        return [f'{feed.name}: {error}']
    if found == expected:
        return []
    return [f'{feed.name}: {len(found)} rows of {len(expected)}, {len(set(found))} of them different'] + [f'{feed.name}: {row}' for row in sorted(set(found) ^ set(expected))[:3]]


def main():
    weft = sys.argv[1]
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else 20
    chance = random.Random(seed)
    suite = Suite()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        site = Site(folder)
        try:
            def crawl(feed, *words):
                return subprocess.Popen([weft, 'crawl', site.url, '-c', str(CONCURRENCY), '-O', folder / feed, '--nolog', *words], stdin=subprocess.DEVNULL,
                                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

            def finish(process):
                """Its exit status, and the CPU seconds that it took."""
                _, status, usage = os.wait4(process.pid, 0)
                process.returncode = os.waitstatus_to_exitcode(status)
                return process.returncode, usage.ru_utime + usage.ru_stime

            plain, _ = finish(crawl('plain.jsonl'))
            expected, problems = pages(folder / 'plain.jsonl')
            total = site.requests()
            suite.check('a crawl without a job', problems + ([] if plain in (0, 3) and len(expected) > 1000 else [f'exit {plain}, {len(expected)} pages']))

            site.empty()
            points = sorted(chance.sample(range(1, total), KILLS))
            kills, refused = 0, ''
            for number, point in enumerate(points):
                process = crawl('job.jsonl', '--job', folder / 'job')
                while process.poll() is None and site.requests() < point:
                    time.sleep(0.001)
                if number == KILLS // 2 and process.poll() is None:
                    refused = subprocess.run([weft, 'crawl', site.url, '-O', folder / 'other.jsonl', '--nolog', '--job', folder / 'job'], stdin=subprocess.DEVNULL,
                                             text=True, capture_output=True).stderr
                    if f'is in use by process {process.pid}' in refused:
                        refused = ''
                if process.poll() is None:
                    process.kill()
                    kills += 1
                process.wait()
            last, _ = finish(crawl('job.jsonl', '--job', folder / 'job'))
            found, problems = pages(folder / 'job.jsonl')
            fetched = site.requests()
            missing = [f'{url} is missing' for url in expected if url not in found]
            strange = [f'{url} is too much' for url in found if url not in expected]
            other = [f'{url}: {found[url]} and not {page}' for url, page in expected.items() if url in found and found[url] != page]
            note = [f'seed {seed}, killed after {points} requests']
            suite.check('it was killed', [] if kills >= KILLS // 2 else [f'{kills} times only'] + note)
            suite.check('the last run ends as a crawl without a job does', [] if last == plain else [f'exit {last} and not {plain}'] + note)
            suite.check('a second process is refused, and told by whom', refused)
            suite.check('every item once, and no torn line', (problems[:5] + note) if problems else [])
            suite.check('exactly the pages of the crawl without a job', ((missing + strange + other)[:5] + note) if missing or strange or other else [])
            twice = fetched - total
            # Each run asks for robots.txt.
            suite.check('what is fetched twice is at most what was in flight', [] if twice <= kills * (CONCURRENCY + 1) else [f'{twice} requests more, {kills} kills'] + note)
            print(f'{len(found)} pages, {kills} kills, {twice} fetched twice')

            # All other formats at once: each is cut back to what was committed.
            site.empty()
            formats = [format for format in FORMATS if format != 'json.zst' or os.path.exists('/usr/bin/zstd')]
            words = ['--job', folder / 'formats', '-s', 'FEED_EXPORT_FIELDS=' + ','.join(FIELDS)] + [word for format in formats[1:] for word in ('-O', folder / f'all.{format}')]
            points = sorted(chance.sample(range(1, total), KILLS_OF_FORMATS))
            for point in points:
                process = crawl('all.' + formats[0], *words)
                while process.poll() is None and site.requests() < point:
                    time.sleep(0.001)
                process.kill()
                process.wait()
            finish(crawl('all.' + formats[0], *words))
            wanted = sorted(tuple(str(page[field]) for field in FIELDS) for page in expected.values())
            problems = [problem for format in formats for problem in differences(folder / f'all.{format}', wanted)]
            suite.check('every format holds each item once: ' + ', '.join(formats), problems + [f'seed {seed}, killed after {points} requests'] if problems else [])

            costs = {'without': [], 'with': []}
            for turn in range(5):
                costs['without'].append(finish(crawl('cpu.jsonl'))[1])
                costs['with'].append(finish(crawl(f'cpu{turn}.jsonl', '--job', folder / f'cpu{turn}'))[1])
            least = {name: min(times) for name, times in costs.items()}
            print(f'CPU: {least["without"]:.2f} s without a job, {least["with"]:.2f} s with one: {100 * (least["with"] / least["without"] - 1):+.1f} %')
        finally:
            site.process.terminate()
            site.process.wait()
    suite.end()


if __name__ == '__main__':
    main()
