"""A headless Chromium, driven over the DevTools protocol (https://chromedevtools.github.io/devtools-protocol/) by a pipe, so without a port; needs Debian's chromium-headless-shell.

    with Browser() as browser:
        page = browser.open('http://127.0.0.1:8080/')
        page.click('button')
        page.waitFor('document.title == "Done"')
        assert not page.takeErrors()

Everything waits with a deadline, and one thread does it all: what the browser tells is read while something is waited for."""

import base64
import fcntl
import json
import os
import select
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path

CHROMIUM = 'chromium-headless-shell'
SECONDS = 60     # how long anything may take on a machine that is busy
FLAGS = ['--remote-debugging-pipe', '--no-first-run', '--no-default-browser-check', '--no-proxy-server', '--disable-gpu', '--disable-dev-shm-usage', '--disable-extensions', '--disable-sync',
         '--disable-background-networking', '--disable-component-update', '--disable-default-apps', '--disable-background-timer-throttling', '--disable-renderer-backgrounding',
         '--disable-backgrounding-occluded-windows', '--force-color-profile=srgb', '--password-store=basic', '--window-size=1200,900',
         '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost']     # nothing beyond this machine is asked


class BrowserError(Exception):
    """The browser refused a command, died, or a page threw."""


class TimedOut(BrowserError):
    pass


def highPipe():
    """A pipe whose two numbers are above those that a shell gives away."""
    low = os.pipe()
    high = [fcntl.fcntl(end, fcntl.F_DUPFD_CLOEXEC, 10) for end in low]
    for end in low:
        os.close(end)
    return high


class Browser:
    """A browser with a profile of its own, which goes with it."""

    def __init__(self, *flags):
        self.folder = Path(tempfile.mkdtemp(prefix='devtools-'))
        self.pages = {}          # by session
        self.answers = {}        # by number: None while it is awaited
        self.number = 0
        self.unread = b''
        (theirIn, self.out), (self.incoming, theirOut) = highPipe(), highPipe()
        words = [CHROMIUM, *FLAGS, *flags, f'--user-data-dir={self.folder}/profile', *(['--no-sandbox'] if os.geteuid() == 0 else []), 'about:blank']
        try:
            with open(self.folder / 'log', 'wb') as log:     # it wants its pipe to be 3 and 4, which are taken here: bash moves them
                self.process = subprocess.Popen(['bash', '-c', f'exec "$0" "$@" 3<&{theirIn} 4>&{theirOut} {theirIn}<&- {theirOut}>&-', *words], pass_fds=(theirIn, theirOut), stdin=subprocess.DEVNULL,
                                                stdout=log, stderr=log, start_new_session=True)
        finally:
            os.close(theirIn)
            os.close(theirOut)
        try:
            self.version = self.call('Browser.getVersion')['product']
        except BaseException:
            self.close()
            raise

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def open(self, url='about:blank'):
        """A new tab, loaded."""
        target = self.call('Target.createTarget', url='about:blank')['targetId']
        session = self.call('Target.attachToTarget', targetId=target, flatten=True)['sessionId']
        page = self.pages[session] = Page(self, target, session)
        page.start()
        if url != 'about:blank':
            page.goto(url)
        return page

    def close(self):
        """Ends every process of it and removes its profile. Twice does no harm."""
        if self.folder is None:
            return
        try:
            self.call('Browser.close', deadline=time.monotonic() + 10)
            self.process.wait(10)
        except (BrowserError, OSError, subprocess.TimeoutExpired):
            pass
        try:
            os.killpg(self.process.pid, signal.SIGKILL)      # what is left of it
        except ProcessLookupError:
            pass
        self.process.wait(10)
        os.close(self.out)
        os.close(self.incoming)
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder = None

    def call(self, method, session=None, deadline=None, **parameters):
        """Sends a command and gives its result."""
        number = self.send(method, session, **parameters)
        self.answers[number] = None
        try:
            self.pump(lambda: self.answers[number] is not None, method, deadline)
            answer = self.answers[number]
        finally:
            del self.answers[number]
        if 'error' in answer:
            raise BrowserError(f'{method}: {answer["error"]["message"]}')
        return answer['result']

    def send(self, method, session=None, **parameters):
        """Sends a command whose result nobody needs."""
        self.number += 1
        message = {'id': self.number, 'method': method, 'params': parameters, **({'sessionId': session} if session else {})}
        rest = json.dumps(message).encode() + b'\0'
        try:
            while rest:
                rest = rest[os.write(self.out, rest):]
        except BrokenPipeError:
            raise BrowserError(f'{method}: the browser is gone\n{self.log()}') from None
        return self.number

    def pump(self, done, what, deadline=None):
        """Reads what the browser tells until done() is true."""
        deadline = deadline or time.monotonic() + SECONDS
        while not done():
            readable, _, _ = select.select([self.incoming], [], [], max(0, deadline - time.monotonic()))
            if not readable:
                raise TimedOut(f'{what}: not within the time\n{self.log()}')
            piece = os.read(self.incoming, 1 << 16)
            if not piece:
                raise BrowserError(f'{what}: the browser is gone\n{self.log()}')
            *messages, self.unread = (self.unread + piece).split(b'\0')
            for message in map(json.loads, messages):
                if message.get('id') in self.answers:
                    self.answers[message['id']] = message
                elif message.get('sessionId') in self.pages and 'method' in message:
                    self.pages[message['sessionId']].event(message['method'], message['params'])

    def log(self):
        """The last that the browser itself said."""
        lines = (self.folder / 'log').read_text(errors='replace').splitlines()
        return '\n'.join(line for line in lines if 'dbus' not in line)[-2000:]


class Page:
    """A tab. Everything that its console calls an error, and every exception that nobody caught, is kept for takeErrors()."""

    def __init__(self, browser, target, session):
        self.browser, self.target, self.session = browser, target, session
        self.errors = []
        self.loaded = False
        self.credentials = None

    def start(self):
        for domain in ('Page', 'Runtime', 'Log', 'DOM', 'Network'):
            self.call(domain + '.enable')
        self.call('Emulation.setFocusEmulationEnabled', enabled=True)      # a tab behind another one behaves as one in front

    def call(self, method, **parameters):
        return self.browser.call(method, self.session, **parameters)

    def event(self, method, parameters):
        if method == 'Page.loadEventFired':
            self.loaded = True
        elif method == 'Runtime.exceptionThrown':
            self.errors.append(described(parameters['exceptionDetails']))
        elif method == 'Runtime.consoleAPICalled' and parameters['type'] in ('error', 'assert'):
            self.errors.append(' '.join(str(word.get('value', word.get('description'))) for word in parameters['args']))
        elif method == 'Log.entryAdded' and parameters['entry']['level'] == 'error':
            self.errors.append(f'{parameters["entry"]["text"]} {parameters["entry"].get("url", "")}'.rstrip())
        elif method == 'Fetch.requestPaused':
            self.browser.send('Fetch.continueRequest', self.session, requestId=parameters['requestId'])
        elif method == 'Fetch.authRequired':
            user, password = self.credentials
            self.credentials = ('', '')                                    # a server that asks again does not take them
            answer = {'response': 'ProvideCredentials', 'username': user, 'password': password} if user else {'response': 'CancelAuth'}
            self.browser.send('Fetch.continueWithAuth', self.session, requestId=parameters['requestId'], authChallengeResponse=answer)

    def goto(self, url):
        """Loads a page to its end."""
        self.loaded = False
        said = self.call('Page.navigate', url=url)
        if said.get('errorText'):
            raise BrowserError(f'{url}: {said["errorText"]}')
        self.waitForLoad(url)

    def waitForLoad(self, what='loading'):
        self.browser.pump(lambda: self.loaded, what)

    def evaluate(self, expression):
        """The value of an expression of JavaScript, which has to fit into JSON; of a promise what it brings."""
        said = self.call('Runtime.evaluate', expression=expression, awaitPromise=True, returnByValue=True, userGesture=True)
        if 'exceptionDetails' in said:
            raise BrowserError(f'{expression}: {described(said["exceptionDetails"])}')
        return said['result'].get('value')

    def waitFor(self, expression, seconds=SECONDS):
        """Asks until the expression is true, and gives its value."""
        deadline = time.monotonic() + seconds
        while True:
            value = self.evaluate(expression)
            if value:
                return value
            if time.monotonic() > deadline:
                raise TimedOut(f'{expression} is still {value!r} after {seconds} s. The page: {self.text()!r}, its errors: {self.errors}')
            try:                                                           # meanwhile, events are read
                self.browser.pump(lambda: False, expression, time.monotonic() + 0.02)
            except TimedOut:
                pass

    def text(self, selector='body'):
        return self.evaluate(f'document.querySelector({json.dumps(selector)})?.innerText')

    def click(self, selector):
        """Presses and releases the mouse in the middle of the element, as a hand would: what lies above it gets the click."""
        x, y = self.evaluate(f'(() => {{ const e = document.querySelector({json.dumps(selector)}); if (!e) throw Error("no such element"); e.scrollIntoView({{block: "center", behavior: "instant"}});'
                             ' const r = e.getBoundingClientRect(); return [r.x + r.width / 2, r.y + r.height / 2] })()')
        self.loaded = False
        for kind in ('mousePressed', 'mouseReleased'):
            self.call('Input.dispatchMouseEvent', type=kind, x=x, y=y, button='left', clickCount=1)

    def type(self, selector, text):
        """Clicks into a field and writes; a line break presses Enter."""
        self.click(selector)
        for at, line in enumerate(text.split('\n')):
            if at:
                for kind in ('keyDown', 'keyUp'):
                    self.call('Input.dispatchKeyEvent', type=kind, key='Enter', code='Enter', windowsVirtualKeyCode=13, text='\r')
            if line:
                self.call('Input.insertText', text=line)

    def setFiles(self, selector, *files):
        root = self.call('DOM.getDocument')['root']['nodeId']
        node = self.call('DOM.querySelector', nodeId=root, selector=selector)['nodeId']
        self.call('DOM.setFileInputFiles', nodeId=node, files=[str(file) for file in files])

    def logIn(self, user, password):
        """What to say, once, when a server asks for a password."""
        self.credentials = (user, password)
        self.call('Fetch.enable', handleAuthRequests=True)

    def uploadAt(self, bytesPerSecond):
        self.call('Network.emulateNetworkConditions', offline=False, latency=0, downloadThroughput=-1, uploadThroughput=bytesPerSecond)

    def prefer(self, scheme):
        """'light' or 'dark'."""
        self.call('Emulation.setEmulatedMedia', features=[{'name': 'prefers-color-scheme', 'value': scheme}])

    def size(self, width, height):
        self.call('Emulation.setDeviceMetricsOverride', width=width, height=height, deviceScaleFactor=1, mobile=False)

    def screenshot(self, file, whole=True):
        """A PNG of the page, the whole of it or what the window shows."""
        Path(file).write_bytes(base64.b64decode(self.call('Page.captureScreenshot', format='png', captureBeyondViewport=whole)['data']))

    def takeErrors(self):
        """The errors so far, which are forgotten."""
        self.evaluate('0')                                                 # what is under way comes first
        taken, self.errors = self.errors, []
        return taken

    def close(self):
        self.browser.call('Target.closeTarget', targetId=self.target)
        del self.browser.pages[self.session]


def described(details):
    """An exception as one text."""
    thrown = details.get('exception', {})
    return thrown.get('description') or str(thrown.get('value', details.get('text')))
