#!/usr/bin/env python3
"""`weft crawl` visits exactly the pages that can be reached, on real documents. crawl_test.py PATH-OF-WEFT

nginx serves the documentation of Python and of Boost where they are installed, in the clear and over TLS. What can be reached is found by a crawl of its own, in Python, with lxml. weft crawls each with
PARSE_THREADS 0, 1 and 2, and over TLS: the same pages each time, each once, with the statuses that nginx gives."""

import json
import os
import re
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path

from lxml import html

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / 'house'))
from suite import Suite  # noqa: E402

SITES = [('Python', Path('/usr/share/doc/python3.11/html'), 'index.html'), ('Boost', Path('/usr/share/doc/libboost1.74-doc'), 'doc/html/index.html')]

CONFIG = '''
pid %(folder)s/nginx.pid;
error_log %(folder)s/error.log;
daemon off;
worker_processes 1;
events { worker_connections 256; }
http {
  include /etc/nginx/mime.types;
  access_log off;
  client_body_temp_path %(folder)s/t1; proxy_temp_path %(folder)s/t2; fastcgi_temp_path %(folder)s/t3; uwsgi_temp_path %(folder)s/t4; scgi_temp_path %(folder)s/t5;
  server { listen 127.0.0.1:%(port)d; root %(root)s; }
  server { listen 127.0.0.1:%(tls)d ssl; ssl_certificate %(folder)s/cert.pem; ssl_certificate_key %(folder)s/key.pem; root %(root)s; }
}
'''


def freePort():
    with socket.socket() as probe:
        probe.bind(('127.0.0.1', 0))
        return probe.getsockname()[1]


class Server:
    def __init__(self, folder, root):
        self.port, self.tls = freePort(), freePort()
        folder.mkdir()
        subprocess.run(['openssl', 'req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2', '-subj', '/CN=127.0.0.1', '-addext',
                        'subjectAltName=IP:127.0.0.1', '-keyout', folder / 'key.pem', '-out', folder / 'cert.pem'], check=True, stderr=subprocess.DEVNULL)
        (folder / 'nginx.conf').write_text(CONFIG % {'folder': folder, 'port': self.port, 'tls': self.tls, 'root': root})
        self.process = subprocess.Popen(['/usr/sbin/nginx', '-p', folder, '-c', folder / 'nginx.conf'], stderr=subprocess.DEVNULL)
        for _ in range(200):
            with socket.socket() as probe:
                if probe.connect_ex(('127.0.0.1', self.tls)) == 0:
                    return
            time.sleep(0.05)
        raise SystemExit('nginx does not start: ' + (folder / 'error.log').read_text())

    def stop(self):
        self.process.terminate()
        self.process.wait()


def fetch(url):
    """Status, type and body."""
    try:
        with urllib.request.urlopen(url, timeout=30) as answer:
            return answer.status, answer.headers.get_content_type(), answer.read()
    except urllib.error.HTTPError as error:
        return error.code, '', b''


def pathOf(url):
    """Its path, decoded and without empty segments: Python's urljoin loses some of these."""
    return re.sub('/+', '/', urllib.parse.unquote(urllib.parse.urlsplit(url).path))


def reachable(start):
    """Path to status, of all that the links of the pages lead to."""
    origin = urllib.parse.urlsplit(start)[:2]
    found, waiting = {}, [start]
    seen = {start}
    while waiting:
        url = waiting.pop()
        status, kind, body = fetch(url)
        found[pathOf(url)] = status
        if status != 200 or kind != 'text/html' or not body.strip():
            continue
        page = html.fromstring(body)
        bases = page.xpath('//base/@href')
        base = urllib.parse.urljoin(url, bases[0]) if bases else url
        for href in page.xpath('//a/@href | //area/@href'):
            try:
                target = urllib.parse.urlsplit(urllib.parse.urljoin(base, href.strip(' \t\r\n').replace('\n', '')))
            except ValueError:
                continue
            if target[:2] != origin:
                continue
            link = urllib.parse.urlunsplit((*origin, urllib.parse.quote(target.path or '/', safe='/%:@!$&\'()*+,;=~-._'), target.query, ''))
            if link not in seen:
                seen.add(link)
                waiting.append(link)
    return found


def crawled(weft, url, folder, *words):
    """The same by weft; and what was wrong."""
    feed = folder / 'pages.jsonl'
    done = subprocess.run([weft, 'crawl', url, '-a', 'allow=.', '-O', feed, '--nolog', *words], stdin=subprocess.DEVNULL, text=True, capture_output=True,
                          env={**os.environ, 'SSL_CERT_FILE': str(folder / 'cert.pem')})
    found, problems = {}, []
    for line in feed.read_text().splitlines():
        page = json.loads(line)
        path = pathOf(page['url'])
        if path in found:
            problems.append(f'{path} came twice')
        found[path] = page['status']
    if done.returncode != 0:
        problems.append(f'exit {done.returncode}: {done.stderr[-500:]}')
    return found, problems


def main():
    weft = sys.argv[1]
    suite = Suite()
    with tempfile.TemporaryDirectory() as name:
        for title, root, start in SITES:
            if not (root / start).exists():
                print(f'{title}: its documentation is not installed')
                continue
            folder = Path(name) / title
            server = Server(folder, root)
            try:
                clear, tls = f'http://127.0.0.1:{server.port}/{start}', f'https://127.0.0.1:{server.tls}/{start}'
                expected = reachable(clear)
                for case, url, words in [(f'PARSE_THREADS={n}', clear, ['-s', f'PARSE_THREADS={n}']) for n in (0, 1, 2)] + [('TLS', tls, ['-s', 'PARSE_THREADS=1'])]:
                    found, problems = crawled(weft, url, folder, *words)
                    problems += [f'{path} is missing ({expected[path]})' for path in expected if path not in found][:10]
                    problems += [f'{path} is too much ({found[path]})' for path in found if path not in expected][:10]
                    problems += [f'{path} has {found[path]} and not {status}' for path, status in expected.items() if found.get(path, status) != status][:10]
                    suite.check(f'{title}, {case}', problems)
                    print(f'{title}, {case}: {len(found)} pages, {sum(status == 200 for status in found.values())} of them 200')
            finally:
                server.stop()
    suite.end()


if __name__ == '__main__':
    main()
