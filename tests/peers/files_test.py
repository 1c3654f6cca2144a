#!/usr/bin/python3
"""The same folder, served by `weft serve` and by nginx: the same requests get the same statuses, fields that matter, and bytes. And curl with its ranges and conditions against `weft serve`.

files_test.py PATH-OF-WEFT. Needs Debian's curl and nginx-light. Both listen on ports of this machine that were free a moment before."""

import gzip
import http.client
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / 'house'))
from http_test import Running, freePort
from suite import Suite

WEFT = sys.argv[1]

NGINX = '''
daemon off;
master_process off;
pid %(folder)s/nginx.pid;
error_log %(folder)s/error.log;
events {}
http {
  access_log off;
  client_body_temp_path %(folder)s/body;
  proxy_temp_path %(folder)s/proxy;
  fastcgi_temp_path %(folder)s/fastcgi;
  uwsgi_temp_path %(folder)s/uwsgi;
  scgi_temp_path %(folder)s/scgi;
  types { text/html html; text/css css; text/plain txt; image/png png; application/octet-stream bin; }
  default_type application/octet-stream;
  absolute_redirect off;
  server {
    listen 127.0.0.1:%(port)d;
    root %(www)s;
    gzip_static on;
    gzip_vary on;
  }
}
'''


def makeFiles(folder):
    www = folder / 'www'
    (www / 'sub').mkdir(parents=True)
    (www / 'bare').mkdir()
    (www / 'index.html').write_text('<p>front')
    (www / 'sub' / 'index.html').write_text('<p>inner')
    (www / 'sub' / 'a b.txt').write_text('a name with a space')
    (www / 'small.txt').write_text('small')
    (www / 'empty.txt').write_text('')
    (www / 'big.bin').write_bytes(bytes(range(256)) * 4000)
    (www / 'unknown.thing').write_text('what is it?')
    (www / 'style.css').write_text('p { color: red }' * 100)
    (www / 'style.css.gz').write_bytes(gzip.compress((www / 'style.css').read_bytes()))
    (folder / 'secret.txt').write_text('secret')
    return www


def ask(port, method, path, headers):
    connection = http.client.HTTPConnection('127.0.0.1', port, timeout=20)
    connection.putrequest(method, path, skip_accept_encoding=True)
    for name, value in headers.items():
        connection.putheader(name, value)
    connection.endheaders()
    response = connection.getresponse()
    body = response.read()
    connection.close()
    return response, body


def essence(value):
    return value.split(';')[0] if value else value


def parts(response, body):
    """Of multipart/byteranges: what each part says of itself, and its bytes; the boundary is each server's own."""
    boundary = re.search(r'boundary=(\S+)', response.getheader('Content-Type')).group(1).encode()
    found = []
    for part in body.split(b'--' + boundary)[1:-1]:
        head, data = part[2:-2].split(b'\r\n\r\n', 1)
        fields = dict(line.split(': ', 1) for line in head.decode().split('\r\n'))
        found.append((fields['Content-Range'], essence(fields['Content-Type']), data))
    return found


def difference(ours, theirs):
    (response, body), (expected, expectedBody) = ours, theirs
    problems = []
    if response.status != expected.status:
        return [f'status {response.status} instead of {expected.status}']
    names = ['Location', 'Content-Range', 'Content-Encoding', 'Last-Modified']
    if expected.status in (200, 206):
        names += ['Content-Length']
    # We say these of every file, nginx only where there is a coded sibling, or no part is sent.
    for name in ('Accept-Ranges', 'Vary'):
        if expected.getheader(name) and response.getheader(name) != expected.getheader(name):
            problems.append(f'{name}: {response.getheader(name)} instead of {expected.getheader(name)}')
    if 'byteranges' in (expected.getheader('Content-Type') or ''):
        names.remove('Content-Length')
        if parts(response, body) != parts(expected, expectedBody):
            problems.append('other parts')
    elif expected.status in (200, 206):
        if essence(response.getheader('Content-Type')) != essence(expected.getheader('Content-Type')):
            problems.append(f'Content-Type {response.getheader("Content-Type")} instead of {expected.getheader("Content-Type")}')
        if body != expectedBody:
            problems.append(f'{len(body)} bytes instead of {len(expectedBody)}, or others')
    if response.getheader('ETag') and not expected.getheader('ETag') or not response.getheader('ETag') and expected.getheader('ETag'):
        problems.append(f'ETag {response.getheader("ETag")} instead of {expected.getheader("ETag")}')
    for name in names:
        if response.getheader(name) != expected.getheader(name):
            problems.append(f'{name}: {response.getheader(name)} instead of {expected.getheader(name)}')
    return problems


# Where we differ and mean to: what is not there is 404, and a Range that cannot be read is ignored (RFC 9110 section 14.2 allows either), where nginx says 400 and 416.
OTHERWISE = {('/%2e%2e/secret.txt', None): 404, ('/big.bin', 'bytes=5-2'): 200, ('/big.bin', 'bytes=a-b'): 200}


def compareWithNginx(suite, weft, nginx):
    plain = ['/', '/index.html', '/sub', '/sub?a=b', '/sub/', '/sub/a%20b.txt', '/bare/', '/small.txt', '/small.txt?query', '/empty.txt', '/big.bin', '/unknown.thing', '/missing', '/small.txt/',
             '/missing/x', '/%2e%2e/secret.txt', '/sub/../small.txt', '/sub/%2e%2e/small.txt', '/./small.txt']
    cases = [(method, path, {}) for path in plain for method in ('GET', 'HEAD')]
    cases += [('POST', '/small.txt', {'Content-Length': '0'}), ('DELETE', '/small.txt', {})]
    ranges = ['bytes=0-0', 'bytes=0-99', 'bytes=100-', 'bytes=-1', 'bytes=-99999999', 'bytes=1023999-', 'bytes=1024000-', 'bytes=5-2', 'bytes=a-b', 'lines=0-1', 'bytes=0-9,20-29', 'bytes=0-9,500000-700000,-5',
              'bytes=0-,0-,0-', 'bytes=0-5,9999999-', 'bytes=2000000-,3000000-', 'bytes= 0-4']
    cases += [('GET', '/big.bin', {'Range': value}) for value in ranges]
    cases += [('GET', '/style.css', {'Accept-Encoding': value}) for value in ('gzip', 'deflate', 'gzip;q=0', 'identity')]
    for method, path, headers in cases:
        ours = OTHERWISE.get((path, headers.get('Range')))
        if ours:
            status = ask(weft, method, path, headers)[0].status
            suite.check(f'otherwise than nginx: {method} {path} {headers}', [] if status == ours else [f'status {status} instead of {ours}'])
            continue
        suite.check(f'as nginx: {method} {path} {headers}', difference(ask(weft, method, path, headers), ask(nginx, method, path, headers)))
    # Conditions, each server with the tag and date that it gave itself.
    def conditional(port, make):
        first, _ = ask(port, 'GET', '/big.bin', {})
        return ask(port, 'GET', '/big.bin', make(first.getheader('ETag'), first.getheader('Last-Modified')))
    old = 'Sun, 06 Nov 1994 08:49:37 GMT'
    conditions = {
        'If-None-Match': lambda tag, date: {'If-None-Match': tag},
        'If-None-Match, weak': lambda tag, date: {'If-None-Match': 'W/' + tag},
        'If-None-Match, a list': lambda tag, date: {'If-None-Match': f'"x", {tag}'},
        'If-None-Match, another': lambda tag, date: {'If-None-Match': '"x"'},
        'If-None-Match, any': lambda tag, date: {'If-None-Match': '*'},
        'If-Modified-Since': lambda tag, date: {'If-Modified-Since': date},
        'If-Modified-Since, old': lambda tag, date: {'If-Modified-Since': old},
        'both, and they differ': lambda tag, date: {'If-None-Match': '"x"', 'If-Modified-Since': date},
        'If-Match': lambda tag, date: {'If-Match': tag},
        'If-Match, another': lambda tag, date: {'If-Match': '"x"'},
        'If-Unmodified-Since': lambda tag, date: {'If-Unmodified-Since': date},
        'If-Unmodified-Since, old': lambda tag, date: {'If-Unmodified-Since': old},
        'If-Range': lambda tag, date: {'Range': 'bytes=0-9', 'If-Range': tag},
        'If-Range, another': lambda tag, date: {'Range': 'bytes=0-9', 'If-Range': '"x"'},
        'If-Range, a date': lambda tag, date: {'Range': 'bytes=0-9', 'If-Range': date},
        'If-Range, an old date': lambda tag, date: {'Range': 'bytes=0-9', 'If-Range': old},
    }
    for name, make in conditions.items():
        suite.check(f'as nginx: {name}', difference(conditional(weft, make), conditional(nginx, make)))


def curl(*words):
    return subprocess.run(['curl', '--noproxy', '*', '-sS', *map(str, words)], capture_output=True, timeout=60)


def talkToCurl(suite, port, folder, www):
    url = f'http://127.0.0.1:{port}/'
    big = (www / 'big.bin').read_bytes()
    wants = lambda got, expected: [] if got == expected else [f'{got[:80]!r} instead of {expected[:80]!r}']
    suite.check('curl: a range', wants(curl('-r', '10-19', url + 'big.bin').stdout, big[10:20]))
    half = folder / 'half'
    half.write_bytes(big[:500_000])
    curl('-C', '-', '-o', half, url + 'big.bin')
    suite.check('curl: a download that is resumed', wants(half.read_bytes(), big))
    tag, out = folder / 'tag', folder / 'out'
    curl('--etag-save', tag, '-o', out, url + 'small.txt')
    suite.check('curl: a tag that is the same', wants(curl('--etag-compare', tag, '-w', '%{http_code}', url + 'small.txt').stdout, b'304'))
    suite.check('curl: a date that is the same', wants(curl('-z', www / 'small.txt', '-w', '%{http_code}', url + 'small.txt').stdout, b'304'))
    suite.check('curl: several on one connection', wants(curl(url + 'small.txt', url + 'big.bin', url + 'empty.txt', url + 'small.txt').stdout, b'small' + big + b'small'))
    suite.check('curl: compressed', wants(curl('--compressed', url + 'style.css').stdout, (www / 'style.css').read_bytes()))
    suite.check('curl: no way out', wants(curl('--path-as-is', '-w', '%{http_code}', '-o', '/dev/null', url + '../secret.txt').stdout, b'404'))
    suite.check('curl: HTTP/1.0', wants(curl('--http1.0', url + 'small.txt').stdout, b'small'))


def main():
    suite = Suite()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        www = makeFiles(folder)
        port = freePort()
        (folder / 'nginx.conf').write_text(NGINX % {'folder': folder, 'www': www, 'port': port})
        with Running('/usr/sbin/nginx', '-c', folder / 'nginx.conf', '-e', folder / 'error.log', port=port), \
             Running(WEFT, 'serve', www, '--port', weftPort := freePort(), '--quiet', port=weftPort):
            compareWithNginx(suite, weftPort, port)
            talkToCurl(suite, weftPort, folder, www)
    suite.end()


if __name__ == '__main__':
    main()
