#!/usr/bin/python3
"""Other people's clients at our servers: curl, ab, wrk, Python's http.client, Twisted's Agent; and slowhttptest, while somebody else asks.

http_server_test.py FOLDER-OF-THE-SAMPLES. Needs Debian's curl, apache2-utils, wrk, python3-twisted and slowhttptest. The servers listen on ports of this machine that were free a moment before."""

import http.client
import json
import re
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / 'house'))
from http_test import Running, freePort
from suite import Suite

SAMPLES = Path(sys.argv[1])

TWISTED = '''
import sys
from io import BytesIO
from twisted.internet import defer, protocol, reactor
from twisted.web.client import Agent, FileBodyProducer, HTTPConnectionPool, readBody
from twisted.web.http_headers import Headers

API, OFFICE = sys.argv[1].encode(), sys.argv[2].encode()
made = []

class Leaves(protocol.Protocol):
    """Goes after the first piece."""
    def __init__(self, done):
        self.done = done
    def dataReceived(self, data):
        self.transport.abortConnection()
    def connectionLost(self, reason):
        if not self.done.called:
            self.done.callback(None)

@defer.inlineCallbacks
def main():
    pool = HTTPConnectionPool(reactor)
    build = pool._newConnection
    def counted(key, endpoint):
        made.append(key)
        return build(key, endpoint)
    pool._newConnection = counted
    agent = Agent(reactor, pool=pool)
    for _ in range(50):
        response = yield agent.request(b"GET", API + b"/authors/Jane%20Austen")
        body = yield readBody(response)
    print("get", response.code, body.decode().strip())
    print("connections", len(made))
    response = yield agent.request(b"POST", API + b"/authors", Headers({b"Content-Type": [b"application/json"]}), FileBodyProducer(BytesIO(b'{"name": "Twisted", "born": 2001}')))
    body = yield readBody(response)
    print("post", response.code, body.decode().strip())
    response = yield agent.request(b"GET", API + b"/authors/nobody")
    body = yield readBody(response)
    print("error", response.code, body.decode().strip())
    response = yield agent.request(b"GET", OFFICE + b"/files/big.bin")
    body = yield readBody(response)
    print("big", response.code, len(body))
    response = yield agent.request(b"GET", OFFICE + b"/files/big.bin")
    gone = defer.Deferred()
    response.deliverBody(Leaves(gone))
    yield gone
    response = yield agent.request(b"GET", OFFICE + b"/files/page.html")
    body = yield readBody(response)
    print("after", response.code, len(body))
    yield pool.closeCachedConnections()

def failed(failure):
    print("failed", failure.getTraceback())

main().addErrback(failed).addBoth(lambda _: reactor.stop())
reactor.run()
'''


def wants(got, wanted):
    return None if got == wanted else f'{got!r} instead of {wanted!r}'


def has(text, part):
    return None if part in text else f'{part!r} is not in {text!r}'


def run(*command, timeout=120, **more):
    return subprocess.run([str(word) for word in command], capture_output=True, text=True, timeout=timeout, **more)


def talkToCurl(suite, api, office, folder):
    def curl(*words):
        return run('curl', '-sS', '--max-time', 30, *words).stdout

    status = ('-w', ' %{http_code}')
    suite.check('curl: GET', wants(curl(*status, api + '/authors/Mark%20Twain'), '{"name":"Mark Twain","born":1835}\n 200'))
    suite.check('curl: HEAD', has(curl('-I', api + '/authors/Mark%20Twain'), '\nContent-Length: 34\n'))
    suite.check('curl: POST', wants(curl(*status, '--json', '{"name": "curl", "born": 1996}', api + '/authors'), '{"name":"curl","born":1996}\n 201'))
    suite.check('curl: PUT in chunks',
                wants(curl(*status, '-X', 'PUT', '-H', 'Transfer-Encoding: chunked', '--data', '{"born": 1997}', api + '/authors/curl'), '{"name":"curl","born":1997}\n 200'))
    suite.check('curl: 100-continue', wants(curl(*status, '-H', 'Expect: 100-continue', '--json', '{"born": 1998}', '-X', 'PUT', api + '/authors/curl'), '{"name":"curl","born":1998}\n 200'))
    body = folder / 'too-long.json'
    body.write_text('"' + 'x' * 2_000_000 + '"')
    uploaded = curl('-o', folder / 'out', '-w', '%{http_code} %{size_upload}', '--json', f'@{body}', api + '/authors')
    suite.check('curl: a body that is too long is refused', has(uploaded, '413 '))
    suite.check('curl: DELETE', wants(curl(*status, '-X', 'DELETE', api + '/authors/curl'), ' 204'))
    suite.check('curl: a range', wants(curl('-r', '10-19', office + '/files/page.html'), 'x' * 10))
    coded = curl('-D', folder / 'head', '--compressed', office + '/files/page.html')
    suite.check('curl: compressed', wants(coded, 'x' * 50_000) or has((folder / 'head').read_text(), 'Content-Encoding: br'))
    suite.check('curl: digest authentication', wants(curl('--digest', '-u', 'ann:secret', office + '/private'), 'For ann alone\n'))
    suite.check('curl: a wrong password', has(curl(*status, '--digest', '-u', 'ann:wrong', office + '/private'), ' 401'))
    jar = folder / 'jar'
    curl('-c', jar, '-b', jar, office + '/')
    suite.check('curl: a session by its cookie', has(curl('-c', jar, '-b', jar, office + '/'), '<p>Visit 2'))
    suite.check('curl: HTTP/1.0', wants(curl('--http1.0', *status, api + '/authors/Mark%20Twain'), '{"name":"Mark Twain","born":1835}\n 200'))
    many = curl(*[api + '/authors/Mark%20Twain'] * 20, '-w', '%{num_connects}')
    suite.check('curl: twenty on one connection', wants(many.count('1835'), 20) or wants(re.findall(r'(\d)(?=\{|$)', many), ['1'] + ['0'] * 19))


def load(suite, hello):
    for name, words in [('kept', ['-k']), ('not kept', [])]:
        out = run('ab', *words, '-q', '-n', 3000, '-c', 30, hello + '/').stdout
        figures = dict(re.findall(r'^([A-Z][^:]+):\s+(\d+)', out, re.M))
        suite.check(f'ab: 3,000 requests, connections {name}', wants([figures.get('Complete requests'), figures.get('Failed requests'), figures.get('Keep-Alive requests', '0')],
                                                                   ['3000', '0', '3000' if words else '0']))
    out = run('wrk', '-t', 1, '-c', 50, '-d', 2, hello + '/').stdout
    suite.check('wrk: answers, and no errors', None if re.search(r'[1-9]\d* requests in', out) and 'errors' not in out and 'Non-2xx' not in out else out)


def talkToPython(suite, port):
    connection = http.client.HTTPConnection('127.0.0.1', port, timeout=30)
    connection.connect()
    first = connection.sock
    for _ in range(100):
        connection.request('GET', '/authors/Jane%20Austen')
        response = connection.getresponse()
        body = response.read()
    suite.check('http.client: a hundred on one connection', wants((response.status, body, connection.sock is first), (200, b'{"name":"Jane Austen","born":1775}\n', True)))
    connection.request('GET', '/authors/nobody')
    response = connection.getresponse()
    response.read()
    suite.check('http.client: an error keeps the connection', wants((response.status, connection.sock is first), (404, True)))
    connection.request('POST', '/authors', body=iter([b'{"name": "py",', b' "born": 1991}']), encode_chunked=True, headers={'Transfer-Encoding': 'chunked'})
    response = connection.getresponse()
    suite.check('http.client: a body in chunks', wants((response.status, json.loads(response.read())), (201, {'name': 'py', 'born': 1991})))
    connection.close()
    with socket.create_connection(('127.0.0.1', port), timeout=30) as pipe:
        pipe.sendall(b'GET /authors/Jane%20Austen HTTP/1.1\r\nHost: a\r\n\r\n' * 49 + b'GET /authors/nobody HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n')
        everything = b''
        while piece := pipe.recv(65536):
            everything += piece
    suite.check('sockets: fifty at once, in their order', wants((everything.count(b'HTTP/1.1 200 OK'), everything.count(b'HTTP/1.1 404'), everything.rindex(b'HTTP/1.1 ') == everything.rindex(b'HTTP/1.1 404')), (49, 1, True)))


def talkToTwisted(suite, api, office, folder):
    script = folder / 'twisted_client.py'
    script.write_text(TWISTED)
    out = run('/usr/bin/python3', script, api, office)
    said = dict(line.split(' ', 1) for line in out.stdout.splitlines() if ' ' in line)
    for what, wanted in [('get', '200 {"name":"Jane Austen","born":1775}'), ('connections', '1'), ('post', '201 {"name":"Twisted","born":2001}'),
                         ('error', '404 {"error":"there is no author of that name"}'), ('big', '200 8000000'), ('after', '200 50000')]:
        suite.check(f'Twisted: {what}', wants(said.get(what, out.stdout + out.stderr), wanted))


class Slow:
    """slowhttptest in one of its modes, against a server of its own."""

    MODES = {'headers': ['-H', '-i', '2'], 'bodies': ['-B', '-i', '2', '-s', '4000', '-t', 'POST', '-f', 'application/json'], 'ranges': ['-R'], 'reading': ['-X', '-w', '512', '-y', '1024', '-n', '3', '-z', '32', '-k', '3']}

    def __init__(self, mode, url):
        self.mode = mode
        self.process = subprocess.Popen(['slowhttptest', *self.MODES[mode], '-c', '300', '-r', '100', '-l', '20', '-p', '3', '-u', url], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)

    def end(self):
        out, _ = self.process.communicate(timeout=120)
        return re.sub(r'\x1b\[[0-9;]*[A-Za-z]', '', out)


def slowClients(suite, folder, www):
    servers, attacks, took, bad = [], [], {}, {}
    try:
        for mode in Slow.MODES:
            port = freePort()
            log = folder / f'{mode}.log'
            servers.append(Running(SAMPLES / 'http_office', www, '--log', log, '--listen', f'tcp:{port}:interface=127.0.0.1', port=port))
            attacks.append((Slow(mode, f'http://127.0.0.1:{port}/' + {'reading': 'files/big.bin', 'bodies': 'notes'}.get(mode, 'files/page.html')), port, log))
            took[mode], bad[mode] = [], []
        end = time.monotonic() + 18
        while time.monotonic() < end:
            for attack, port, _ in attacks:
                start = time.monotonic()
                try:
                    connection = http.client.HTTPConnection('127.0.0.1', port, timeout=20)
                    connection.request('GET', '/files/page.html')
                    response = connection.getresponse()
                    if response.status != 200 or len(response.read()) != 50_000:
                        bad[attack.mode].append(response.status)
                    connection.close()
                except OSError as error:
                    bad[attack.mode].append(str(error))
                took[attack.mode].append(time.monotonic() - start)
            time.sleep(0.05)
        for attack, _, log in attacks:
            said = attack.end()
            times = sorted(took[attack.mode])
            statuses = re.findall(r'" (\d{3}) ', log.read_text())
            counts = {status: statuses.count(status) for status in sorted(set(statuses))}
            suite.check(f'slowhttptest, {attack.mode}: all {len(times)} requests of somebody else are answered', wants(bad[attack.mode], []) or (None if len(times) > 20 else said))
            print(f'  {attack.mode}: others waited {1000 * times[len(times) // 2]:.1f} ms (median), {1000 * times[-1]:.0f} ms (most); the log: {counts}')
    finally:
        for server in servers:
            server.__exit__(None, None, None)


def main():
    suite = Suite()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        www = folder / 'www'
        www.mkdir()
        (www / 'page.html').write_text('x' * 50_000)
        (www / 'big.bin').write_bytes(b'x' * 8_000_000)
        apiPort, officePort, helloPort = freePort(), freePort(), freePort()

        def at(port):
            return ('--listen', f'tcp:{port}:interface=127.0.0.1')

        with Running(SAMPLES / 'http_json_server', *at(apiPort), port=apiPort), Running(SAMPLES / 'http_hello', *at(helloPort), port=helloPort), \
             Running(SAMPLES / 'http_office', www, '--log', folder / 'log', *at(officePort), port=officePort):
            api, office = f'http://127.0.0.1:{apiPort}', f'http://127.0.0.1:{officePort}'
            talkToCurl(suite, api, office, folder)
            load(suite, f'http://127.0.0.1:{helloPort}')
            talkToPython(suite, apiPort)
            talkToTwisted(suite, api, office, folder)
        slowClients(suite, folder, www)
    suite.end()


if __name__ == '__main__':
    main()
