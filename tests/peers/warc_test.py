#!/usr/bin/env python3
"""A crawl that was recorded is replayed, and others can read the record. warc_test.py PATH-OF-WEFT

nginx serves a part of Python's documentation, by gzip and in chunks. weft crawls it with --warc. A reader written here takes the file apart by the rules of ISO 28500, and finds in it the bytes that
nginx sends. Then nginx is stopped, and --replay gives the same items byte for byte; strace sees no socket. A file that was cut replays what is whole."""

import base64
import gzip
import hashlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import zlib
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / 'house'))
import crawl_test  # noqa: E402
from suite import Suite  # noqa: E402

DOCS = Path('/usr/share/doc/python3.11/html')
PAGES = 60


def records(file):
    """Fields and block of each record, each a gzip member of its own. Raises unless they keep to the standard."""
    data, found = file.read_bytes(), []
    while data:
        member = zlib.decompressobj(31)
        text = member.decompress(data)
        assert member.eof, 'a member does not end'
        data = member.unused_data
        head, _, rest = text.partition(b'\r\n\r\n')
        version, *lines = head.decode().split('\r\n')
        assert version == 'WARC/1.1', version
        fields = dict(line.split(': ', 1) for line in lines)
        assert len(fields) == len(lines), f'a field stands twice: {lines}'
        length = int(fields['Content-Length'])
        block = rest[:length]
        assert rest[length:] == b'\r\n\r\n', 'a record does not end in two empty lines'
        assert re.fullmatch(r'<urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}>', fields['WARC-Record-ID']), fields
        assert re.fullmatch(r'\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z', fields['WARC-Date']), fields
        digest = lambda part: 'sha1:' + base64.b32encode(hashlib.sha1(part).digest()).decode()
        if 'WARC-Block-Digest' in fields:
            assert fields['WARC-Block-Digest'] == digest(block), fields
        if 'WARC-Payload-Digest' in fields:
            assert fields['WARC-Payload-Digest'] == digest(block.partition(b'\r\n\r\n')[2]), fields
        found.append((fields, block))
    return found


def prepare(folder):
    """A small site: pages of the documentation, all linked from the first, one redirect, one page that is not there, and a robots.txt."""
    site = folder / 'site'
    (site / 'folder').mkdir(parents=True)
    names = sorted(path.name for path in (DOCS / 'library').glob('*.html'))[:PAGES]
    for name in names:
        shutil.copy(DOCS / 'library' / name, site / name)
    links = ''.join(f'<a href="{name}">{name}</a>\n' for name in [*names, 'folder', 'missing.html', 'private/'])
    (site / 'index.html').write_text(f'<title>All</title>{links}')
    (site / 'folder' / 'index.html').write_text('<title>Folder</title>')
    (site / 'robots.txt').write_text('User-agent: *\nDisallow: /private/\nDisallow: /genindex\nCrawl-delay: 0\n')
    return site, names


def main():
    suite = Suite()
    weft = sys.argv[1]
    if not DOCS.exists() or not Path('/usr/sbin/nginx').exists():
        print('skipped: there is no nginx, or no python3-doc')
        sys.exit(77)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)                            # nginx's worker is another user
        site, names = prepare(folder)
        crawl_test.CONFIG = crawl_test.CONFIG.replace('access_log off;', 'access_log off; gzip on; gzip_min_length 1;')
        server = crawl_test.Server(folder / 'nginx', site)
        start = f'http://127.0.0.1:{server.port}/'

        def crawl(items, *options, prefix=()):
            return subprocess.run([*prefix, weft, 'crawl', start, '-O', folder / items, '-s', 'CONCURRENT_REQUESTS=1', '-s', 'LOG_LEVEL=WARNING', '-s', 'DEPTH_LIMIT=2', *options], capture_output=True, text=True, timeout=120)

        warc = folder / 'site.warc.gz'
        live = crawl('live.jsonl', '--warc', warc)
        suite.check('the crawl is recorded', '' if live.returncode in (0, 3) else live.stderr)
        try:
            found = records(warc)
            problem = ''
        except AssertionError as error:
            found, problem = [], str(error)
        suite.check('every record keeps to ISO 28500', problem)
        responses = {fields['WARC-Target-URI']: (fields, block) for fields, block in found if fields['WARC-Type'] == 'response'}
        requests = [fields for fields, _ in found if fields['WARC-Type'] == 'request']
        suite.check('it begins with warcinfo', '' if found and found[0][0]['WARC-Type'] == 'warcinfo' else str(found[:1]))
        suite.check('each response has its request', '' if {fields['WARC-Concurrent-To'] for fields in requests} == {fields['WARC-Record-ID'] for fields, _ in responses.values()} else f'{len(requests)} requests, {len(responses)} responses')
        wrong = []
        for page in names:
            fields, block = responses.get(start + page, ({}, b''))
            head, _, body = block.partition(b'\r\n\r\n')
            if b'Content-Encoding: gzip' in head:
                body = gzip.decompress(body)
            if body != (site / page).read_bytes() or fields.get('WARC-IP-Address') != '127.0.0.1':
                wrong.append(page)
        suite.check('each page is there as nginx sent it', wrong)
        suite.check('robots.txt, a redirect and a 404 are there', [path for path, status in [('robots.txt', b'200'), ('folder', b'301'), ('folder/', b'200'), ('missing.html', b'404')]
                                                                   if not responses.get(start + path, ({}, b''))[1].startswith(b'HTTP/1.1 ' + status)])
        suite.check('what robots.txt forbids is not', [uri for uri in responses if 'private' in uri])

        small = folder / 'small'
        small.mkdir()
        if subprocess.run(['mount', '-t', 'tmpfs', '-o', 'size=128k', 'tmpfs', small], capture_output=True).returncode == 0:
            try:
                full = crawl('full.jsonl', '--warc', small / 'full.warc.gz')
                suite.check('a full disk ends the crawl, and says so', '' if full.returncode == 5 and 'full.warc.gz: No space left on device' in full.stderr and 'exchanges are not recorded' in full.stderr else full.stderr)
                try:
                    whole = len(records(small / 'full.warc.gz'))
                    suite.check('what is recorded until then is whole', '' if whole > 2 else f'{whole} records')
                except AssertionError as error:
                    suite.check('what is recorded until then is whole', str(error))
            finally:
                subprocess.run(['umount', small], check=True)

        for number, name in [(signal.SIGINT, 'SIGINT'), (signal.SIGKILL, 'SIGKILL')]:
            stopped = folder / f'{name}.warc.gz'
            process = subprocess.Popen([weft, 'crawl', start, '-O', folder / 'stopped.jsonl', '--warc', stopped, '-s', 'DOWNLOAD_DELAY=0.02', '--nolog'], stderr=subprocess.DEVNULL)
            while not stopped.exists() or stopped.stat().st_size < 20000:
                time.sleep(0.01)
            process.send_signal(number)
            process.wait(timeout=60)
            resumed = crawl('resumed.jsonl', '--warc', stopped)
            try:
                uris = [fields['WARC-Target-URI'] for fields, _ in records(stopped) if fields['WARC-Type'] == 'response']
                suite.check(f'after {name} the file is whole, and is gone on with', '' if uris.count(start) == 2 and resumed.returncode in (0, 3) else resumed.stderr)
            except AssertionError as error:
                suite.check(f'after {name} the file is whole, and is gone on with', str(error))

        server.stop()
        strace = shutil.which('strace')
        traced = folder / 'strace'
        again = crawl('again.jsonl', '--replay', warc, prefix=[strace, '-f', '-e', 'trace=%network', '-o', traced] if strace else [])
        suite.check('the replay ends as the crawl did', '' if again.returncode == live.returncode else again.stderr)
        suite.check('the items are the same, byte for byte', '' if (folder / 'again.jsonl').read_bytes() == (folder / 'live.jsonl').read_bytes() and (folder / 'live.jsonl').stat().st_size > 1000 else again.stderr)
        if strace:
            opened = [line for line in traced.read_text().splitlines() if re.search(r'(socket|connect)\(AF_INET', line) or 'socket(AF_INET' in line]
            suite.check('no socket is opened', opened[:3])

        unknown = subprocess.run([weft, 'crawl', start + 'unknown', '--replay', warc, '-O', folder / 'unknown.jsonl', '-s', 'LOG_LEVEL=WARNING'], capture_output=True, text=True, timeout=60)
        suite.check('what is not in the file is named', '' if unknown.returncode == 4 and f'GET {start}unknown is not in {warc}' in unknown.stderr else f'{unknown.returncode}: {unknown.stderr}')

        warc.write_bytes(warc.read_bytes()[:-40])
        torn = crawl('torn.jsonl', '--replay', warc)
        suite.check('a file that was cut replays what is whole, and says so', '' if 'was not written in full' in torn.stderr and (folder / 'torn.jsonl').stat().st_size > 1000 else torn.stderr)
        both = crawl('both.jsonl', '--replay', warc, '--warc', folder / 'b.warc')
        suite.check('recording a replay is refused', '' if both.returncode == 2 and 'leave out either' in both.stderr else both.stderr)
        none = crawl('none.jsonl', '--replay', folder / 'none.warc')
        suite.check('a file that is not there is named', '' if none.returncode == 1 and 'none.warc: No such file' in none.stderr else none.stderr)
    suite.end()


if __name__ == '__main__':
    main()
