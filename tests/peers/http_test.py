#!/usr/bin/python3
"""Our HTTP client and other people's servers and proxies: `weft fetch` and `weft crawl` talk to nginx, Python's http.server, twisted.web, tinyproxy and microsocks; curl and
Twisted's Agent talk to `weft demo`.

http_test.py PATH-OF-WEFT. Needs Debian's curl, nginx-light, tinyproxy, microsocks, openssl and python3-twisted, hence Debian's own python3. Every server listens on a port of this
machine that was free a moment before."""

import json
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

WEFT = sys.argv[1]

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
  types { text/html html; application/json json; application/octet-stream bin; }
  gzip on;
  gzip_types *;
  keepalive_requests 2;
  server {
    listen 127.0.0.1:%(port)d;
    listen 127.0.0.1:%(tls)d ssl;
    ssl_certificate %(folder)s/server.pem;
    ssl_certificate_key %(folder)s/server.key;
    root %(folder)s/www;
    location /moved { return 301 /plain.html; }
    location /round { return 302 /round; }
    location /teapot { return 418 "short and stout"; }
    location /secret { auth_basic "the vault"; auth_basic_user_file %(folder)s/users; alias %(folder)s/www/plain.html; }
    location /through { proxy_pass http://127.0.0.1:%(behind)d/plain.html; proxy_http_version 1.1; proxy_buffering off; chunked_transfer_encoding on; }
    location /cookie { add_header Set-Cookie "visits=$cookie_visits+"; return 200 "$cookie_visits"; }
    location /once { keepalive_timeout 0; try_files /plain.html =404; }
  }
}
'''

TWISTED = '''
import sys
from twisted.internet import endpoints, reactor
from twisted.web import resource, server
class Echo(resource.Resource):
    isLeaf = True
    def render(self, request):
        request.setHeader(b'Content-Type', b'text/plain')
        for _ in range(3): request.write(request.method + b' ' + request.content.read() + b';')     # without a length: in chunks
        request.finish()
        return server.NOT_DONE_YET
def listening(port): print('listening on', port.getHost().port, flush=True)
endpoints.TCP4ServerEndpoint(reactor, 0, interface='127.0.0.1').listen(server.Site(Echo())).addCallback(listening)
reactor.run()
'''

TINYPROXY = '''
Port %(port)d
Listen 127.0.0.1
Timeout 60
LogFile "%(folder)s/tinyproxy.log"
LogLevel Connect
MaxClients 50
BasicAuth me secret
ConnectPort %(tls)d
'''


def freePort():
    with socket.socket() as one:
        one.bind(('127.0.0.1', 0))
        return one.getsockname()[1]


class Running:
    """A program that serves, ended with the block."""

    def __init__(self, *words, port=None, **how):
        self.process = subprocess.Popen([str(word) for word in words], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, **how)
        self.port = port
        if port is None:
            self.port = int(re.search(r'(\d+)', self.process.stdout.readline()).group(1))
        for _ in range(500):
            try:
                socket.create_connection(('127.0.0.1', self.port), 1).close()
                return
            except OSError:
                if self.process.poll() is not None:
                    break
                time.sleep(0.01)
        raise RuntimeError(f'{words[0]} does not serve: {self.process.stdout.read()}')

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()


def fetch(*words, environment=None):
    clean = {name: value for name, value in os.environ.items() if 'proxy' not in name.lower()}
    return subprocess.run([WEFT, 'fetch', *map(str, words)], capture_output=True, text=True, timeout=60, env={**clean, **(environment or {})})


def makeFiles(folder):
    www = folder / 'www'
    www.mkdir()
    (www / 'plain.html').write_text('<!doctype html><title>Plain</title>' + '<p>quite a lot of text</p>' * 200)
    (www / 'koi8.html').write_bytes('<meta charset=koi8-r><p>привет'.encode('koi8-r'))
    (www / 'data.json').write_text(json.dumps({'a': 1}))
    (www / 'big.bin').write_bytes(bytes(range(256)) * 40_000)
    (folder / 'users').write_text('me:' + subprocess.run(['openssl', 'passwd', '-apr1', 'secret'], capture_output=True, text=True, check=True).stdout)
    subprocess.run(['openssl', 'req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2', '-subj', '/CN=localhost', '-addext',
                    'subjectAltName=DNS:localhost', '-keyout', folder / 'server.key', '-out', folder / 'server.pem'], check=True, capture_output=True)
    return www


def wants(run, output, status=0):
    """What is wrong with a run: its exit code, or what it printed."""
    problems = []
    if run.returncode != status:
        problems.append(f'exit code {run.returncode}: {run.stderr.strip()}')
    if output is not None and run.stdout != output:
        problems.append(f'printed {run.stdout[:200]!r}, not {output[:200]!r}')
    return problems


def talkToNginx(suite, folder, www, port, tls):
    site, secure = f'http://127.0.0.1:{port}', f'https://localhost:{tls}'
    page = (www / 'plain.html').read_text()
    suite.check('nginx: a page, which it compresses', wants(fetch(f'{site}/plain.html'), page))
    run = fetch('-v', f'{site}/plain.html')
    suite.check('nginx: a line says what was fetched', [] if re.search(r'GET \S+/plain.html 200: \d+ bytes', run.stderr) else [run.stderr])
    run = fetch('-I', f'{site}/plain.html')
    suite.check('nginx: HEAD has a head and no body', [] if run.stdout.startswith('HTTP/1.1 200 OK\n') and '<p>' not in run.stdout else [run.stdout])
    suite.check('nginx: a page in koi8-r is text in UTF-8', wants(fetch('--text', f'{site}/koi8.html'), '<meta charset=koi8-r><p>привет'))
    suite.check('nginx: 10 MB into a file', wants(fetch('-o', folder / 'big', f'{site}/big.bin'), '') +
                ([] if (folder / 'big').read_bytes() == (www / 'big.bin').read_bytes() else ['another file']))
    suite.check('nginx: a redirect is followed', wants(fetch(f'{site}/moved'), page))
    run = fetch('-i', '--no-redirects', f'{site}/moved')
    suite.check('nginx: or not', [] if run.stdout.startswith('HTTP/1.1 301 ') and 'Location: ' in run.stdout else [run.stdout])
    run = fetch(f'{site}/round')
    suite.check('nginx: a redirect to itself is an error', wants(run, '', 1) + ([] if 'round' in run.stderr else [run.stderr]))
    suite.check('nginx: a status of 400 or more is exit code 3, and its body is printed', wants(fetch(f'{site}/teapot'), 'short and stout', 3))
    suite.check('nginx: a login by --user', wants(fetch('-u', 'me:secret', f'{site}/secret'), page))
    suite.check('nginx: a login in the URL', wants(fetch(f'http://me:secret@127.0.0.1:{port}/secret'), page))
    suite.check('nginx: a wrong password is its 401', wants(fetch('-u', 'me:wrong', f'{site}/secret'), None, 3))
    suite.check('nginx: chunks, passed on from another server', wants(fetch(f'{site}/through'), page))
    jar = folder / 'jar'
    printed = [fetch('-b', jar, f'{site}/cookie').stdout for _ in range(3)]
    suite.check('nginx: cookies are kept in a file from one run to the next', [] if printed == ['', '+', '++'] else [str(printed)])
    cache = folder / 'cache'
    fetch('--cache', cache, f'{site}/plain.html')
    before = (folder / 'access.log').read_text().count('/plain.html')
    suite.check('nginx: a page out of the cache', wants(fetch('--cache', cache, f'{site}/plain.html'), page))
    log = (folder / 'access.log').read_text()
    suite.check('nginx: which nginx was not asked for, or said 304', [] if log.count('/plain.html') == before or ' 304 ' in log else ['it was sent again'])
    suite.check('nginx: TLS with an authority of our own', wants(fetch('--cacert', folder / 'server.pem', f'{secure}/plain.html'), page))
    run = fetch(f'{secure}/plain.html')
    suite.check('nginx: TLS that nobody vouches for is refused', wants(run, '', 1) + ([] if 'certificate' in run.stderr else [run.stderr]))
    suite.check('nginx: unless anything is accepted', wants(fetch('-k', f'{secure}/plain.html'), page))
    run = fetch('--cacert', folder / 'server.pem', f'https://127.0.0.1:{tls}/plain.html')
    suite.check('nginx: the certificate is not for 127.0.0.1', wants(run, '', 1) + ([] if '127.0.0.1' in run.stderr else [run.stderr]))
    run = subprocess.run([WEFT, 'crawl', f'{site}/once', '-o', folder / 'once.jsonl'], capture_output=True, text=True, timeout=60)
    suite.check('nginx: a server that closes after each answer is crawled', [] if run.returncode == 0 else [run.stderr])


def talkToPython(suite, folder, www):
    with Running(sys.executable, '-u', '-c', 'import http.server, sys; s = http.server.ThreadingHTTPServer(("127.0.0.1", 0), http.server.SimpleHTTPRequestHandler); '
                 'print(s.server_port, flush=True); s.serve_forever()', cwd=www) as server:
        site = f'http://127.0.0.1:{server.port}'
        suite.check("http.server: a page over HTTP/1.0", wants(fetch(f'{site}/plain.html'), (www / 'plain.html').read_text()))
        suite.check("http.server: JSON", wants(fetch(f'{site}/data.json'), '{"a": 1}'))
        suite.check("http.server: what is not there is its 404", wants(fetch(f'{site}/nothing'), None, 3))
        suite.check("http.server: a method that it does not know is its 501", wants(fetch('-d', 'a=b', f'{site}/plain.html'), None, 3))


def talkToTwisted(suite, folder, www):
    with Running(sys.executable, '-u', '-c', TWISTED) as server:
        site = f'http://127.0.0.1:{server.port}/'
        suite.check('twisted.web: a response in chunks', wants(fetch(site), 'GET ;GET ;GET ;'))
        suite.check('twisted.web: a form', wants(fetch('-d', 'a=b', site), 'POST a=b;POST ;POST ;'))
        suite.check('twisted.web: JSON by PUT', wants(fetch('-X', 'PUT', '--json', '{"a":1}', site), 'PUT {"a":1};PUT ;PUT ;'))
        (folder / 'upload').write_text('x' * 300_000)
        run = fetch('--data-file', folder / 'upload', site)
        suite.check('twisted.web: a file is sent', [] if run.stdout == 'POST ' + 'x' * 300_000 + ';POST ;POST ;' else [run.stderr + run.stdout[:100]])


def talkThroughProxies(suite, folder, www, port, tls):
    site, secure = f'http://127.0.0.1:{port}', f'https://localhost:{tls}'
    page = (www / 'plain.html').read_text()
    trust = ['--cacert', folder / 'server.pem']
    at = freePort()
    (folder / 'tinyproxy.conf').write_text(TINYPROXY % {'port': at, 'folder': folder, 'tls': tls})
    with Running('tinyproxy', '-d', '-c', folder / 'tinyproxy.conf', port=at):
        proxy = f'http://me:secret@127.0.0.1:{at}'
        suite.check('tinyproxy: forwards http', wants(fetch('-x', proxy, f'{site}/plain.html'), page))
        suite.check('tinyproxy: a tunnel for https', wants(fetch('-x', proxy, *trust, f'{secure}/plain.html'), page))
        suite.check('tinyproxy: found in the environment', wants(fetch(f'{site}/plain.html', environment={'http_proxy': proxy}), page))
        run = fetch(f'{site}/plain.html', environment={'http_proxy': f'http://127.0.0.1:{freePort()}', 'no_proxy': '127.0.0.1'})
        suite.check('tinyproxy: passed by for a host of no_proxy', wants(run, page))
        run = fetch('-x', f'http://me:wrong@127.0.0.1:{at}', *trust, f'{secure}/plain.html')
        suite.check('tinyproxy: refuses a wrong login, and the error hides it', wants(run, '', 1) + ([] if ('407' in run.stderr or '401' in run.stderr) and 'wrong' not in run.stderr else [run.stderr]))
        log = (folder / 'tinyproxy.log').read_text()
        suite.check('tinyproxy: has seen the forwarded request and the tunnel', [] if f'GET {site}/plain.html' in log and f'CONNECT localhost:{tls}' in log else [log[-500:]])
    at = freePort()
    with Running('microsocks', '-i', '127.0.0.1', '-p', at, '-u', 'me', '-P', 'secret', port=at):
        for scheme in ('socks5', 'socks5h'):
            proxy = f'{scheme}://me:secret@127.0.0.1:{at}'
            suite.check(f'microsocks: http by {scheme}', wants(fetch('-x', proxy, f'{site}/plain.html'), page))
            suite.check(f'microsocks: https by {scheme}', wants(fetch('-x', proxy, *trust, f'{secure}/plain.html'), page))
        run = fetch('-x', f'socks5h://me:wrong@127.0.0.1:{at}', f'{site}/plain.html')
        suite.check('microsocks: refuses a wrong login', wants(run, '', 1) + ([] if 'refused the login of me' in run.stderr else [run.stderr]))
        run = fetch('--retry', 0, '-x', f'socks5h://me:secret@127.0.0.1:{at}', f'http://127.0.0.1:{freePort()}/')
        suite.check('microsocks: nobody listens there', wants(run, '', 1) + ([] if 'connection refused' in run.stderr else [run.stderr]))


TWISTED_CLIENT = '''
import sys
from twisted.internet import defer, task
from twisted.web import client
@defer.inlineCallbacks
def main(reactor):
    agent = client.Agent(reactor, pool=client.HTTPConnectionPool(reactor))
    for _ in range(2):
        response = yield agent.request(b'GET', sys.argv[1].encode())
        body = yield client.readBody(response)
        print(response.code, len(body))
task.react(main)
'''


def serveOthers(suite, folder):
    with Running(WEFT, 'demo', '--port', port := freePort(), port=port):
        site = f'http://127.0.0.1:{port}/'
        curl = lambda *words: subprocess.run(['curl', '-sS', '--noproxy', '*', *words], capture_output=True, text=True, timeout=60)
        page = fetch(site).stdout
        suite.check('curl: a page of the demo site', wants(curl(site), page))
        run = curl('-v', site, site + 'author/nobody')
        suite.check('curl: two requests on one connection', [] if 'Re-using existing connection' in run.stderr else [run.stderr[-500:]])
        suite.check('curl: HTTP/1.0 gets its answer and the end', wants(curl('--http1.0', site), page))
        run = curl('-I', site)
        suite.check('curl: HEAD has the length of the page', [] if f'Content-Length: {len(page.encode())}' in run.stdout else [run.stdout])
        run = subprocess.run([sys.executable, '-c', TWISTED_CLIENT, site], capture_output=True, text=True, timeout=60)
        suite.check("Twisted's Agent: a page, twice", wants(run, f'200 {len(page.encode())}\n' * 2))


def main():
    suite = Suite()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        os.chmod(folder, 0o755)
        www = makeFiles(folder)
        port, tls = freePort(), freePort()
        with Running(sys.executable, '-u', '-c', 'import http.server; s = http.server.ThreadingHTTPServer(("127.0.0.1", 0), http.server.SimpleHTTPRequestHandler); '
                     'print(s.server_port, flush=True); s.serve_forever()', cwd=www) as behind:
            (folder / 'nginx.conf').write_text(NGINX % {'folder': folder, 'port': port, 'tls': tls, 'behind': behind.port})
            with Running('/usr/sbin/nginx', '-p', folder, '-c', folder / 'nginx.conf', port=port):
                talkToNginx(suite, folder, www, port, tls)
                talkThroughProxies(suite, folder, www, port, tls)
        talkToPython(suite, folder, www)
        talkToTwisted(suite, folder, www)
        serveOthers(suite, folder)
    suite.end()


if __name__ == '__main__':
    main()
