#!/usr/bin/python3
"""The dashboard of a crawl in a headless Chromium: its graphs, its buttons, the report that stays. What it shows and does is held against what the crawled site sees.

dashboard_test.py PATH-OF-WEFT [FOLDER-FOR-SCREENSHOTS]. Needs Debian's chromium-headless-shell. The site and the dashboard listen on ports of the system's choice on this machine."""

import json
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / 'house'))
from devtools import SECONDS, Browser
from suite import Suite

WEFT = sys.argv[1]


class Site(ThreadingHTTPServer):
    """Pages without end, each of which takes 0.2 s; some fail, and one tries to get into the dashboard."""

    daemon_threads = True

    class Handler(BaseHTTPRequestHandler):
        protocol_version = 'HTTP/1.1'

        def do_GET(self):
            site = self.server
            with site.lock:
                site.starts.append(time.monotonic())
                site.inFlight += 1
                site.most = max(site.most, site.inFlight)
            time.sleep(0.2)                        # the site is slow: what is tested waits for what it sees
            number = int(re.search(r'\d+|$', self.path).group() or 0)
            status = 404 if number % 10 == 7 else 500 if number % 25 == 13 else 200
            links = ''.join(f'<a href="/{2 * number + step}">{step}</a>' for step in (1, 2, 3))
            body = f'''<!doctype html><title>Page {number} &lt;img src=x onerror="console.error('in')"&gt;</title>{links}<a href="/{number}?<script>console.error('in')</script>7">x</a>{'x' * 300}'''.encode()
            self.send_response(status)
            self.send_header('Content-Type', 'text/html')
            self.send_header('Content-Length', str(len(body)))
            self.end_headers()
            with site.lock:
                site.inFlight -= 1
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    def __init__(self):
        super().__init__(('127.0.0.1', 0), Site.Handler)
        self.lock = threading.Lock()
        self.starts, self.inFlight, self.most = [], 0, 0
        self.url = f'http://127.0.0.1:{self.server_port}/'
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def handle_error(self, *_):
        pass


def wants(got, wanted):
    return None if got == wanted else f'{got!r} instead of {wanted!r}'


def until(condition, what):
    end = time.monotonic() + SECONDS
    while not (value := condition()):
        if time.monotonic() > end:
            raise RuntimeError(f'not within the time: {what}')
        time.sleep(0.02)
    return value


def ask(url, **headers):
    with urllib.request.urlopen(urllib.request.Request(url, headers=headers), timeout=SECONDS) as answer:
        return answer.headers, answer.read().decode()


def refusal(url, data=b'{}', **headers):
    try:
        urllib.request.urlopen(urllib.request.Request(url, data=data, headers={'Content-Type': 'application/json', **headers}), timeout=SECONDS)
    except urllib.error.HTTPError as error:
        return error.code
    return None


def photograph(page, folder, name):
    for scheme in ('light', 'dark'):
        page.prefer(scheme)
        page.screenshot(folder / f'{name}-{scheme}.png')


def figures(suite, page, site, url):
    page.waitFor('shown && shown.series.pages.length >= 4 && shown.pages > 10 && shown.recent_errors.length && shown.recent_items.length')
    drawn = page.evaluate('[...document.querySelectorAll("#charts figure")].map(figure => [figure.querySelector("figcaption").firstChild.textContent, figure.querySelector("path").getAttribute("d").split("L").length])')
    suite.check('every graph has its points', [f'{title}: {points}' for title, points in drawn if points < 3] or wants(len(drawn), 6))
    inside = page.evaluate('''[...document.querySelectorAll("path.line")].every(path => { const box = path.getBBox(); return box.x >= 0 && box.y >= 0 && box.x + box.width <= 440 && box.y + box.height <= 150 })''')
    suite.check('and none leaves its frame', wants(inside, True))
    row = page.evaluate('document.querySelector("#hosts tr:nth-child(2)").innerText.split("\\t")')
    suite.check('the host is there, with what it does', wants([row[0], re.fullmatch(r'\d of 2', row[1]) is not None, int(row[3].replace(',', '')) > 10], ['127.0.0.1', True, True]))
    suite.check('so are statuses, errors and items', wants(page.evaluate('[$("statuses").innerText.includes("404"), $("errors").innerText.includes("404"), $("items").innerText.includes(\'"title":"Page \')]'), [True] * 3))
    suite.check('and the settings', wants('CONCURRENT_REQUESTS' in page.text('#settings'), True))
    suite.check('what a page writes stays text', wants(page.evaluate('document.querySelectorAll("main img, main script").length'), 0))
    types, text = ask(url + 'metrics')
    answers = int(re.search(r'^weft_host_responses_total{host="127.0.0.1"} (\d+)$', text, re.M).group(1))
    suite.check('metrics: OpenMetrics, with what the site saw', wants([types['Content-Type'].split(';')[0], text.endswith('\n# EOF\n'), 10 < answers <= len(site.starts)], ['application/openmetrics-text', True, True]))


def steering(suite, page, site):
    def state(name):
        page.waitFor(f'document.getElementById("state").textContent == "{name}"')

    page.click('[data-action=pause]')
    state('paused')
    until(lambda: site.inFlight == 0, 'the site is left alone')
    page.waitFor('shown.in_flight == 0')
    seen = len(site.starts)
    elapsed = page.evaluate('shown.elapsed')
    page.waitFor(f'shown.elapsed > {elapsed + 2}')
    suite.check('pause: the site is not asked any more', wants(len(site.starts), seen))
    suite.check('pause: the button is off, and the other is on', wants(page.evaluate('["pause", "resume", "stop"].map(action => document.querySelector(`[data-action=${action}]`).disabled)'), [True, False, False]))
    page.click('[data-action=resume]')
    state('running')
    until(lambda: len(site.starts) > seen + 5, 'the site is asked again')

    suite.check('the site has seen two at once until now', wants(site.most, 2))
    for field in ('concurrency', 'host_concurrency'):
        page.evaluate(f'document.getElementById("{field}").value = ""')
        page.type(f'#{field}', '5')
    page.click('#apply')
    page.waitFor('shown.concurrency == 5 && shown.host_concurrency == 5')
    until(lambda: site.most >= 5, 'five at once')
    until(lambda: len(site.starts) > seen + 50, 'many of them')
    suite.check('concurrency: five at once', wants(site.most, 5))
    page.evaluate('document.getElementById("delay").value = ""')
    page.type('#delay', '2\n')
    page.waitFor('shown.delay == 2')
    until(lambda: site.inFlight == 0, 'what was in flight has ended')
    seen = len(site.starts)
    until(lambda: len(site.starts) >= seen + 3, 'three more')
    gaps = [after - before for before, after in zip(site.starts[seen:], site.starts[seen + 1:])]
    suite.check('delay: requests are two seconds apart', [f'{gap:.2f} s' for gap in gaps if gap < 1])
    page.waitFor('document.querySelector("#hosts tr:nth-child(2)").innerText.includes("between requests (DOWNLOAD_DELAY)")')
    page.evaluate('document.getElementById("concurrency").value = "0"; document.getElementById("controls").noValidate = true')
    page.click('#apply')
    page.waitFor('document.getElementById("answer").textContent.includes("concurrency must be a whole number from 1 to 1000")')
    suite.check('a setting that cannot be is refused, and said', [error for error in page.takeErrors() if '400' not in error])


def strangers(suite, browser, page, site, url):
    token = page.evaluate('token')
    suite.check('without the token nobody steers', wants(refusal(url + 'control/stop'), 403))
    suite.check('nor from elsewhere with it', wants(refusal(url + 'control/stop', Origin=site.url.rstrip('/'), **{'X-Weft-Token': token}), 403))
    suite.check('nor by another name of this machine', wants(refusal(url + 'control/stop', Host='rebound.example', **{'X-Weft-Token': token}), 403))
    other = browser.open(site.url)
    got = other.evaluate(f'fetch("{url}control/stop", {{method: "POST", mode: "no-cors", body: "{{}}"}}).then(answer => answer.type)')
    read = other.evaluate(f'fetch("{url}snapshot.json").then(() => "read", () => "refused")')
    suite.check('nor does a page of another origin, which can read nothing either', wants([got, read], ['opaque', 'refused']))
    other.close()
    suite.check('so the crawl goes on', wants(json.loads(ask(url + 'snapshot.json')[1])['state'], 'running'))


def main():
    suite = Suite()
    with tempfile.TemporaryDirectory() as name, Browser() as browser:
        folder = Path(name)
        pictures = Path(sys.argv[2]) if len(sys.argv) > 2 else folder
        site, report, log = Site(), folder / 'report.html', folder / 'log'
        with open(log, 'w') as errors:
            crawl = subprocess.Popen([WEFT, 'crawl', site.url, '-c', '2', '-s', 'ROBOTSTXT_OBEY=false', '-s', 'RANDOMIZE_DOWNLOAD_DELAY=false', '-s', 'RETRY_ENABLED=false', '--dashboard', '--report', report,
                                      '-o', folder / 'items.jsonl'], stdin=subprocess.DEVNULL, stdout=errors, stderr=errors)
        try:
            url = until(lambda: re.search(r'The dashboard is at (http://127\.0\.0\.1:\d+/)', log.read_text()), 'the dashboard').group(1)
            page = browser.open(url)
            page.size(1280, 900)
            figures(suite, page, site, url)
            steering(suite, page, site)
            strangers(suite, browser, page, site, url)
            photograph(page, pictures, 'dashboard')
            crawl.send_signal(signal.SIGUSR1)
            until(lambda: '[weft.crawler.state]' in log.read_text() or 'weft.crawler.state' in log.read_text(), 'the state in the log')
            suite.check('SIGUSR1: the log tells the state', wants(re.search(r'127\.0\.0\.1: [\d,]+ responses, \d+ errors, [\d,]+ pending; ', log.read_text()) is not None, True))
            page.click('[data-action=stop]')
            page.waitFor('document.getElementById("state").textContent == "ended: shutdown"')
            suite.check('stop: the crawl ends as it does by a signal', wants(crawl.wait(SECONDS), 5))
            suite.check('stop: the page shows its end, and its buttons are off', wants(page.evaluate('[...document.querySelectorAll("button")].every(button => button.disabled)'), True))
            suite.check('no errors on the page', page.takeErrors())
            ended = page.evaluate('shown')
            page.goto(report.as_uri())
            suite.check('the report shows the same', wants(page.evaluate('const data = JSON.parse($("data").textContent); [data.pages, data.items, data.state, data.spider]'),
                                                           [ended['pages'], ended['items'], 'ended', ended['spider']]))
            suite.check('with graphs, and no buttons', wants(page.evaluate('[document.querySelectorAll("#charts path.line").length, document.getElementById("controls").offsetHeight]'), [7, 0]))
            photograph(page, pictures, 'report')
            page.size(420, 900)
            page.screenshot(pictures / 'report-narrow.png')
            suite.check('a narrow window has all of it, too', wants(page.evaluate('document.documentElement.scrollWidth <= 420'), True))
            text = report.read_text()
            suite.check('it asks for nothing from elsewhere', re.findall(r'(?:src|href)="[^"]*"', text.split('id="data"')[0]))
            suite.check('no errors in the report', page.takeErrors())
        finally:
            crawl.kill()
            crawl.wait()
            site.shutdown()
    suite.end()


if __name__ == '__main__':
    main()
