#!/usr/bin/python3
"""A headless Chromium at our servers: the pages of the samples (chat over WebSockets, clock of server-sent events, upload, office with login, cookies and listings), and HTTP/2 over TLS. What a page shows is
held against what its server says.

browser_test.py FOLDER-OF-THE-SAMPLES PATH-OF-HTTP2_PEER. Needs Debian's chromium-headless-shell and openssl. Every server listens on a port of the system's choice on this machine."""

import base64
import hashlib
import random
import re
import ssl
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / 'house'))
from devtools import SECONDS, Browser
from suite import Suite

SAMPLES, HTTP2_PEER = Path(sys.argv[1]), sys.argv[2]


class Server:
    """A program that serves, whose output can be waited for; ended with the block."""

    def __init__(self, folder, *words, port=0):
        self.output = Path(tempfile.mkstemp(dir=folder)[1])
        listen = ['--listen', f'tcp:{port}:interface=127.0.0.1'] if str(SAMPLES) in str(words[0]) else []
        with open(self.output, 'w') as output:
            self.process = subprocess.Popen([str(word) for word in (*words, *listen)], stdin=subprocess.DEVNULL, stdout=output, stderr=output)
        self.ports = [int(found) for found in re.findall(r'on 127\.0\.0\.1:(\d+)', self.waitFor(r'on 127\.0\.0\.1:\d+.*\n'))]
        self.url = f'http://127.0.0.1:{self.ports[0]}/'

    def said(self):
        return self.output.read_text()

    def waitFor(self, pattern):
        """Waits until the program has said that, and gives the whole match."""
        end = time.monotonic() + SECONDS
        while True:
            gone = self.process.poll() is not None
            if found := re.search(pattern, self.said()):
                return found.group()
            if gone or time.monotonic() > end:
                raise RuntimeError(f'{pattern!r} was not said: {self.said()!r}')
            time.sleep(0.01)

    def stop(self):
        self.process.terminate()
        return self.process.wait(SECONDS)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()


def wants(got, wanted):
    return None if got == wanted else f'{got!r} instead of {wanted!r}'


def chat(suite, browser, folder):
    lines = 'document.getElementById("lines").textContent'
    with Server(folder, SAMPLES / 'http_websocket_chat') as server:
        ann, bob = browser.open(server.url), browser.open(server.url)
        ann.type('#line', 'Ann\n')
        ann.waitFor(lines + ' == "* Ann has come\\n"')
        bob.type('#line', 'Bob')
        bob.click('button')
        ann.waitFor(lines + '.includes("* Bob has come\\n")')
        ann.type('#line', 'Grüße & <b>Küsse</b> 🙂\n')
        bob.waitFor(lines + '.includes("Ann: ")')
        bob.type('#line', 'Danke\n')
        for page in (ann, bob):
            page.waitFor(lines + '.includes("Bob: ")')
        suite.check('chat: two tabs talk to each other', wants(bob.evaluate(lines), '* Bob has come\nAnn: Grüße & <b>Küsse</b> 🙂\nBob: Danke\n'))
        third = browser.open(server.url)
        third.type('#line', 'Bob\n')
        third.waitFor(lines + '.includes("ended")')
        suite.check('chat: a name that is taken is refused, with the reason', wants(third.evaluate(lines), '* the connection has ended: that name is taken\n'))
        suite.check('chat: no errors', third.takeErrors())
        third.close()
        bob.evaluate('location.href = "about:blank"')
        ann.waitFor(lines + '.includes("* Bob has gone\\n")')
        suite.check('chat: who leaves the page leaves the room', wants(ann.evaluate(lines).splitlines()[-1], '* Bob has gone'))
        bob.close()
        server.stop()
        ann.waitFor(lines + '.includes("the connection has ended")')
        suite.check('chat: the server goes away, and the page says so', wants(ann.evaluate(lines).count('* the connection has ended'), 1))
        suite.check('chat: no errors', ann.takeErrors())
        ann.close()


def clock(suite, browser, folder):
    ticks = '[...document.querySelectorAll("#ticks li")].map(tick => tick.textContent).join()'
    with Server(folder, SAMPLES / 'http_sse_clock') as server:
        page = browser.open(server.url)
        page.waitFor(ticks + ' == "1,2"')
        suite.check('clock: ticks arrive', wants([page.text('#state'), page.text('#time')[-4:]], ['Connected', ' GMT']))
        suite.check('clock: no errors', page.takeErrors())
        suite.check('clock: the server knows one listener', wants(len(re.findall('listens', server.said())), 1))
        server.stop()
        page.waitFor('document.getElementById("state").textContent == "The server is gone; trying again"')
    with Server(folder, SAMPLES / 'http_sse_clock', port=server.ports[0]) as server:
        server.waitFor('127.0.0.1:\\d+ listens')
        page.waitFor(ticks + '.startsWith("1,2,1")')
        suite.check('clock: connects again by itself', wants(page.text('#state'), 'Connected'))
        suite.check('clock: no errors but for the server that was not there', [error for error in page.takeErrors() if 'net::ERR_' not in error])
        page.close()
        server.waitFor('127.0.0.1:\\d+ has gone')


def upload(suite, browser, folder):
    kept, source = folder / 'kept', folder / 'source'
    kept.mkdir()
    source.mkdir()
    files = {'pictures of Köln.bin': random.Random(7).randbytes(4_000_000), 'empty.txt': b''}
    for name, content in files.items():
        (source / name).write_bytes(content)
    with Server(folder, SAMPLES / 'http_upload', kept, '--most', 6) as server:
        page = browser.open(server.url)
        page.setFiles('input[type=file]', *(source / name for name in files))
        page.type('input[name=note]', 'from a holiday')
        page.uploadAt(8_000_000)                              # else the bar would be full at once
        page.evaluate('seen = []; new MutationObserver(() => { const bar = document.querySelector("progress"); seen.push(bar.hidden ? -1 : bar.value / bar.max) })'
                      '.observe(document.querySelector("progress"), {attributes: true})')
        page.click('button')
        answer = page.waitFor('document.getElementById("answer").textContent')
        suite.check('upload: the page says what was kept', wants(answer.strip(), 'Kept pictures of Köln.bin, 4000000 bytes. Kept empty.txt, 0 bytes. Noted: from a holiday'))
        seen = page.evaluate('seen')
        suite.check('upload: the bar grows to its end', None if seen[-1] == 1 and seen == sorted(seen) and len(set(seen)) > 2 else seen)
        suite.check('upload: every byte is on the disk', [name for name, content in files.items() if (kept / name).read_bytes() != content])
        suite.check('upload: the server tells how far it is', wants(re.findall(r'(\d+) % of (\d+) bytes', server.said())[-1][0], '100'))
        suite.check('upload: no errors', page.takeErrors())

        (source / 'large.bin').write_bytes(bytes(7_000_000))
        page.goto(server.url)
        page.setFiles('input[type=file]', source / 'large.bin')
        page.click('button')
        page.waitFor('document.getElementById("answer").textContent')
        errors = page.takeErrors()
        suite.check('upload: what is too large is refused, and nothing of it stays', wants(sorted(file.name for file in kept.iterdir()), sorted(files)))
        suite.check('upload: the console knows the refusal alone', [error for error in errors if '413' not in error and 'net::ERR_' not in error])
        page.close()


def office(suite, browser, folder):
    www, log = folder / 'www', folder / 'office.log'
    (www / 'a folder').mkdir(parents=True)
    (www / 'a folder' / 'rates & dates.txt').write_text('Grüße aus dem Büro')
    with Server(folder, SAMPLES / 'http_office', www, '--log', log) as server:
        page = browser.open(server.url)
        page.goto(server.url)
        suite.check('office: a cookie makes the second visit', wants(page.text().strip(), 'Visit 2'))
        suite.check('office: which no script can read', wants([page.evaluate('document.cookie'), len(page.call('Network.getCookies')['cookies'])], ['', 1]))
        page.goto(server.url + 'files/')
        shade = 'getComputedStyle(document.body)'
        suite.check('office: a listing has its own style', wants(page.evaluate(shade + '.maxWidth') != 'none', True))
        page.click('a[href*="a%20folder"]')
        page.waitForLoad()
        page.click('a[href*="rates"]')
        page.waitForLoad()
        suite.check('office: folders and files are opened by clicks', wants([page.text(), page.evaluate('document.contentType'), page.evaluate('location.pathname')],
                                                                            ['Grüße aus dem Büro', 'text/plain', '/files/a%20folder/rates%20%26%20dates.txt']))
        page.goto(server.url + 'nothing')
        suite.check('office: an error has its page', wants(page.text().strip(), 'Sorry: 404 Not Found'))
        suite.check('office: no errors but this', [error for error in page.takeErrors() if '404' not in error])
        page.logIn('ann', 'wrong')
        page.goto(server.url + 'private')
        suite.check('office: a wrong password opens nothing', wants('alone' in page.text(), False))
        page.logIn('ann', 'secret')
        page.goto(server.url + 'private')
        suite.check('office: a login by digest', wants(page.text().strip(), 'For ann alone'))
        page.goto(server.url + 'private')
        suite.check('office: which the browser remembers', wants(page.text().strip(), 'For ann alone'))
        suite.check('office: no errors but the wrong password', [error for error in page.takeErrors() if '401' not in error])
        suite.check('office: what a script sends arrives', wants(page.evaluate('fetch("/notes", {method: "POST", body: "x".repeat(1000)}).then(answer => answer.text())'), '1000 bytes\n'))
        page.close()
        server.stop()
    asked = [(path, int(status)) for path, status in re.findall(r'"GET (\S+) HTTP/1\.1" (\d{3})', log.read_text())]
    wanted = [('/', 200), ('/', 200), ('/files/', 200), ('/files/a%20folder/', 200), ('/files/a%20folder/rates%20%26%20dates.txt', 200), ('/nothing', 404)]
    suite.check("office: the server's log tells the same", wants(asked[:6], wanted) or wants([status for path, status in asked if path == '/private'][-2:], [200, 200]))


def overTls(suite, page, port):
    page.goto(f'https://localhost:{port}/')
    suite.check('HTTP/2: the page says so', wants(page.text().strip(), 'hello over HTTP/2'))
    suite.check('HTTP/2: so does the browser', wants(page.evaluate('performance.getEntriesByType("navigation")[0].nextHopProtocol'), 'h2'))
    got = page.evaluate('''(async () => {
      const bodies = await Promise.all([...Array(30).keys()].map(at => fetch(at == 0 ? "/big" : at < 6 ? "/pieces" : "/", {cache: "no-store"}).then(answer => answer.arrayBuffer())));
      const counted = await fetch("/count", {method: "POST", body: new Blob(["y".repeat(3000000)])}).then(answer => answer.text());
      const hops = new Set(performance.getEntriesByType("resource").map(entry => entry.nextHopProtocol));
      return [bodies.map(body => body.byteLength).reduce((a, b) => a + b), counted, [...hops].join()] })()''')
    suite.check('HTTP/2: thirty bodies at once, and one sent', wants(got, [10_000_000 + 5 * 3_000_000 + 24 * 18, '3000000', 'h2']))
    suite.check('HTTP/2: what is left half way is no harm', wants(page.evaluate('''(async () => {
      const leaving = new AbortController();
      const answer = await fetch("/big", {signal: leaving.signal});
      await answer.body.getReader().read();
      leaving.abort();
      return fetch("/").then(answer => answer.text()) })()'''), 'hello over HTTP/2\n'))
    suite.check('HTTP/2: no errors', page.takeErrors())


def keyOf(port):
    """What Chromium calls a certificate's key: the digest of its public key."""
    certificate = ssl.get_server_certificate(('127.0.0.1', port))
    pem = subprocess.run(['openssl', 'x509', '-pubkey', '-noout'], input=certificate, capture_output=True, text=True, check=True).stdout
    return base64.b64encode(hashlib.sha256(ssl.PEM_cert_to_DER_cert(pem.replace('PUBLIC KEY', 'CERTIFICATE'))).digest()).decode()


def main():
    suite = Suite()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with Server(folder, HTTP2_PEER, 'serve') as secure, Browser('--ignore-certificate-errors-spki-list=' + keyOf(secure.ports[1])) as browser:
            for part in (chat, clock, upload, office):
                part(suite, browser, folder)
            overTls(suite, browser.open(), secure.ports[1])
    suite.end()


if __name__ == '__main__':
    main()
