#!/usr/bin/python3
"""HTTP/2 with other people's programs: our Agent and `weft fetch` talk to nginx and nghttpd; curl, nghttp and h2load talk to our Site.

http2_test.py PATH-OF-WEFT PATH-OF-HTTP2_PEER. Needs Debian's curl, nginx-light, nghttp2-client, nghttp2-server and openssl. Every server listens on a port of this machine that was
free a moment before."""

import os
import re
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / 'house'))
from suite import Suite

WEFT, PEER = sys.argv[1:3]

NGINX = '''
daemon off;
master_process off;
pid %(folder)s/nginx.pid;
error_log %(folder)s/error.log;
events {}
http {
  access_log %(folder)s/access.log;
  client_body_temp_path %(folder)s/body;
  proxy_temp_path %(folder)s/proxy;
  fastcgi_temp_path %(folder)s/fastcgi;
  uwsgi_temp_path %(folder)s/uwsgi;
  scgi_temp_path %(folder)s/scgi;
  http2_max_concurrent_streams 20;
  keepalive_requests 100000;
  server {
    listen 127.0.0.1:%(tls)d ssl http2;
    listen 127.0.0.1:%(plain)d http2;
    ssl_certificate %(folder)s/server.pem;
    ssl_certificate_key %(folder)s/server.key;
    root %(folder)s/www;
    location /few { keepalive_requests 10; alias %(folder)s/www/small.html; }
  }
}
'''


def freePort():
    with socket.socket() as one:
        one.bind(('127.0.0.1', 0))
        return one.getsockname()[1]


class Running:
    """A program that serves, ended with the block. `said`: its first line, if it is to be read."""

    def __init__(self, *words, port=None, **how):
        self.process = subprocess.Popen([str(word) for word in words], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **how)
        self.said = '' if port else self.process.stdout.readline()
        for _ in range(500 if port else 0):
            try:
                socket.create_connection(('127.0.0.1', port), 1).close()
                return
            except OSError:
                if self.process.poll() is not None:
                    raise RuntimeError(f'{words[0]} does not serve: {self.process.stdout.read()}')
                time.sleep(0.01)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()


def run(*words):
    clean = {name: value for name, value in os.environ.items() if 'proxy' not in name.lower()}
    return subprocess.run([str(word) for word in words], capture_output=True, text=True, timeout=120, env=clean)


def prints(result, text):
    return [] if result.returncode == 0 and text in result.stdout else [f'exit code {result.returncode}: {result.stdout[-500:]} {result.stderr[-500:]}']


def makeFiles(folder):
    www = folder / 'www'
    www.mkdir()
    (www / 'small.html').write_text('<p>small')
    (www / 'big.bin').write_bytes(bytes(range(256)) * 40_000)
    subprocess.run(['openssl', 'req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2', '-subj', '/CN=localhost', '-addext',
                    'subjectAltName=DNS:localhost', '-keyout', folder / 'server.key', '-out', folder / 'server.pem'], check=True, capture_output=True)
    return www


def askNginx(suite, folder):
    tls, plain = freePort(), freePort()
    (folder / 'nginx.conf').write_text(NGINX % {'folder': folder, 'tls': tls, 'plain': plain})
    with Running('/usr/sbin/nginx', '-p', folder, '-c', folder / 'nginx.conf', port=tls):
        secure, known = f'https://localhost:{tls}', f'http://127.0.0.1:{plain}'
        result = run(WEFT, 'fetch', '-i', '--cacert', folder / 'server.pem', f'{secure}/small.html')
        suite.check('nginx: weft fetch speaks HTTP/2 with it, verified', prints(result, 'HTTP/2 200') + prints(result, '<p>small'))
        suite.check('nginx: 200 requests at once, 20 streams a connection', prints(run(PEER, 'ask', 200, f'{secure}/small.html'), '200 answers, 1600 bytes'))
        suite.check('nginx: by prior knowledge', prints(run(PEER, 'ask', '--known', 20, f'{known}/small.html'), '20 answers, 160 bytes, 1 connections'))
        suite.check('nginx: 10 times 10 MB at once', prints(run(PEER, 'ask', 10, f'{secure}/big.bin'), '10 answers, 102400000 bytes, 1 connections'))
        suite.check('nginx: ends its connections after ten requests, and none is lost', prints(run(PEER, 'ask', 100, f'{secure}/few'), '100 answers, 800 bytes'))
        result = run(PEER, 'send', 300_000, f'{secure}/small.html')
        suite.check('nginx: a body is refused by its 405', prints(result, '405 HTTP/2'))
        log = (folder / 'access.log').read_text()
        suite.check('nginx: says that it was HTTP/2', [] if log.count('HTTP/2.0" 200') >= 330 else [log[-300:]])
        crawled = run(WEFT, 'crawl', f'{secure}/small.html', '-o', folder / 'pages.jsonl', '-s', 'ADDRESS_GUARD_ENABLED=false')
        suite.check('nginx: a certificate that nobody vouches for fails a crawl', [] if crawled.returncode != 0 else [crawled.stderr[-300:]])
        environment = {**os.environ, 'SSL_CERT_FILE': str(folder / 'server.pem')}
        for how, version in (('HTTP2_ENABLED=true', '2.0'), ('HTTP2_ENABLED=false', '1.1')):
            (folder / 'access.log').write_text('')
            crawled = subprocess.run([WEFT, 'crawl', f'{secure}/small.html', '-o', folder / 'pages.jsonl', '-s', how], capture_output=True, text=True, timeout=60, env=environment)
            log = (folder / 'access.log').read_text()
            suite.check(f'nginx: weft crawl with {how}', [] if crawled.returncode == 0 and f'GET /small.html HTTP/{version}" 200' in log else [crawled.stderr[-500:] + log])


def askNghttpd(suite, folder):
    port = freePort()
    with Running('nghttpd', '--no-tls', '-d', folder / 'www', '-a', '127.0.0.1', '-m', 30, '--echo-upload', port, port=port):
        site = f'http://127.0.0.1:{port}'
        suite.check('nghttpd: 100 requests at once', prints(run(PEER, 'ask', '--known', 100, f'{site}/small.html'), '100 answers, 800 bytes'))
        suite.check('nghttpd: 10 MB', prints(run(PEER, 'ask', '--known', 2, f'{site}/big.bin'), '2 answers, 20480000 bytes, 1 connections'))
        result = run(PEER, 'send', '--known', 300_000, f'{site}/small.html')
        suite.check('nghttpd: a body comes back as it was sent', [] if result.stdout == '200 HTTP/2 ' + 'x' * 300_000 + '\n' else [result.stdout[:200] + result.stderr])
    port = freePort()
    with Running('nghttpd', '-d', folder / 'www', '-a', '127.0.0.1', '--trailer', 'x-sum: 42', port, folder / 'server.key', folder / 'server.pem', port=port):
        suite.check('nghttpd: over TLS, with trailers', prints(run(PEER, 'ask', 10, f'https://localhost:{port}/small.html'), '10 answers, 80 bytes, 1 connections'))


def serveOthers(suite, folder):
    with Running(PEER, 'serve', folder / 'ca.pem') as server:
        plain, secure = re.findall(r'127.0.0.1:(\d+)', server.said)
        curl = lambda *words: run('curl', '-sS', '--noproxy', '*', '--cacert', folder / 'ca.pem', *words)
        suite.check('curl: HTTP/2 over TLS', prints(curl(f'https://localhost:{secure}/'), 'hello over HTTP/2'))
        suite.check('curl: HTTP/1.1 over TLS', prints(curl('--http1.1', f'https://localhost:{secure}/'), 'hello over HTTP/1'))
        suite.check('curl: by prior knowledge', prints(curl('--http2-prior-knowledge', f'http://127.0.0.1:{plain}/'), 'hello over HTTP/2'))
        suite.check('curl: an upgrade that is asked for in HTTP/1.1 is not taken', prints(curl('--http2', f'http://127.0.0.1:{plain}/'), 'hello over HTTP/1'))
        (folder / 'upload').write_bytes(b'x' * 3_000_000)
        suite.check('curl: an upload', prints(curl('-T', folder / 'upload', f'https://localhost:{secure}/count'), '3000000'))
        suite.check('curl: asks first', prints(curl('-H', 'Expect: 100-continue', '-T', folder / 'upload', f'https://localhost:{secure}/count'), '3000000'))
        suite.check('curl: 10 MB', prints(curl('-o', folder / 'big', '-w', '%{http_version} %{size_download}', f'https://localhost:{secure}/big'), '2 10000000'))
        suite.check('curl: a body in pieces', prints(curl('-o', folder / 'big', '-w', '%{size_download}', f'https://localhost:{secure}/pieces'), '3000000'))
        suite.check('curl: HEAD', prints(curl('-I', f'https://localhost:{secure}/big'), 'content-length: 10000000'))
        result = run('nghttp', '-nv', '--no-verify-peer', f'https://localhost:{secure}/', f'https://localhost:{secure}/empty')
        suite.check('nghttp: two streams', prints(result, ':status: 200') + prints(result, ':status: 204'))
        result = run('nghttp', '-nv', '-d', folder / 'upload', f'http://127.0.0.1:{plain}/count')
        suite.check('nghttp: an upload by prior knowledge', prints(result, ':status: 200'))
        result = run('nghttp', '-n', '-s', '-m', 50, '--no-dep', f'http://127.0.0.1:{plain}/pieces')
        suite.check('nghttp: fifty streams of pieces', [] if result.returncode == 0 and result.stdout.count('200') >= 50 else [result.stdout[-500:] + result.stderr])
        for url in (f'https://127.0.0.1:{secure}/', f'http://127.0.0.1:{plain}/'):
            result = run('h2load', '-n', 20_000, '-c', 10, '-m', 32, url)
            suite.check(f'h2load: 20,000 requests on ten connections, {url[:5]}', prints(result, '20000 succeeded, 0 failed, 0 errored'))
        result = run('h2load', '-n', 40, '-c', 2, '-m', 10, f'http://127.0.0.1:{plain}/big')
        suite.check('h2load: 40 times 10 MB', prints(result, '40 succeeded, 0 failed, 0 errored'))


def main():
    suite = Suite()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        os.chmod(folder, 0o755)
        makeFiles(folder)
        askNginx(suite, folder)
        askNghttpd(suite, folder)
        serveOthers(suite, folder)
    suite.end()


if __name__ == '__main__':
    main()
