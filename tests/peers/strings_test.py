"""Netstrings and lines between weft and Twisted, in both roles; socat talks to the echo sample."""

import re
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / 'house'))
from suite import Suite

from twisted.internet import defer, endpoints, protocol, reactor, threads
from twisted.protocols.basic import LineReceiver, NetstringReceiver

PEER, ECHO = sys.argv[1:3]
STRINGS = [b'hello', b'', b'a,b:c', b'x' * 5000, b'1:2,', b'\xc3\xbcber', b'y' * 16384]
suite = Suite()


class Collecting:
    """Sends all strings, collects as many answers, and hangs up."""

    def __init__(self, strings):
        self.strings, self.answers, self.done = strings, [], defer.Deferred()

    def connectionMade(self):
        for string in self.strings:
            self.send(string)

    def received(self, string):
        self.answers.append(string)
        if len(self.answers) == len(self.strings):
            self.transport.loseConnection()

    def connectionLost(self, reason):
        self.done.callback(self.answers)


class NetstringClient(Collecting, NetstringReceiver):
    MAX_LENGTH = 99999
    send = NetstringReceiver.sendString
    stringReceived = Collecting.received


class LineClient(Collecting, LineReceiver):
    send = LineReceiver.sendLine
    lineReceived = Collecting.received


class NetstringServer(NetstringReceiver):
    def stringReceived(self, string):
        self.sendString(string[::-1])


class LineServer(LineReceiver):
    def lineReceived(self, line):
        self.sendLine(line.upper())


class Raw(protocol.Protocol):
    """Sends bytes as they are and waits for the end."""

    def __init__(self, data):
        self.data, self.came, self.done = data, b'', defer.Deferred()

    def connectionMade(self):
        self.transport.write(self.data)

    def dataReceived(self, data):
        self.came += data

    def connectionLost(self, reason):
        self.done.callback(self.came)


@defer.inlineCallbacks
def talk(port, client):
    yield endpoints.connectProtocol(endpoints.TCP4ClientEndpoint(reactor, '127.0.0.1', port), client)
    result = yield client.done.addTimeout(60, reactor)
    return result


def ask(kind, port):
    run = subprocess.run([PEER, kind, f'tcp:127.0.0.1:{port}'], input=b'\n'.join(STRINGS) + b'\n', capture_output=True, timeout=60)
    return run.returncode, run.stdout.split(b'\n')[:-1]


def expect(name, got, wanted):
    suite.check(name, '' if got == wanted else f'got {got!r:.300}\nnot {wanted!r:.300}')


@defer.inlineCallbacks
def main(reactor):
    ours = subprocess.Popen([PEER, 'serve'], stdout=subprocess.PIPE)
    echo = subprocess.Popen([ECHO, '--listen', 'tcp:0:interface=127.0.0.1'], stdout=subprocess.PIPE)
    try:
        netstrings, lines = map(int, re.findall(rb'127\.0\.0\.1:(\d+)', ours.stdout.readline()))
        answers = yield talk(netstrings, NetstringClient(STRINGS + [b'z' * 99999]))
        expect("Twisted's NetstringReceiver asks ours", answers, [string[::-1] for string in STRINGS] + [b'z' * 99999])
        answers = yield talk(lines, LineClient(STRINGS))
        expect("Twisted's LineReceiver asks ours", answers, [string.upper() for string in STRINGS])
        came = yield talk(netstrings, Raw(b'2:ab,05:hello,1:x,'))
        expect('our netstring server hangs up at a leading zero', came, b'2:ba,')
        came = yield talk(lines, Raw(b'ok\r\n' + b'x' * 20000))
        expect('our line server hangs up at a line too long', came, b'OK\r\n')

        for kind, server, wanted in (('netstrings', NetstringServer, [string[::-1] for string in STRINGS]),
                                     ('lines', LineServer, [string.upper() for string in STRINGS])):
            port = yield endpoints.TCP4ServerEndpoint(reactor, 0, interface='127.0.0.1').listen(protocol.Factory.forProtocol(server))
            status, answers = yield threads.deferToThread(ask, kind, port.getHost().port)
            expect(f"our {kind} client asks Twisted's server", (status, answers), (0, wanted))
            yield port.stopListening()

        port = int(re.search(rb'127\.0\.0\.1:(\d+)', echo.stdout.readline())[1])
        sent = b'from socat\n' * 10000
        run = yield threads.deferToThread(subprocess.run, ['socat', '-t', '60', '-', f'TCP:127.0.0.1:{port}'], input=sent, capture_output=True, timeout=60)
        expect('socat gets back from the echo sample what it sends', (run.returncode, run.stdout), (0, sent))
    finally:
        for program in (ours, echo):
            program.terminate()
            program.wait(60)
    expect('both of our servers end by the signal', [ours.returncode, echo.returncode], [143, 143])


def end(outcome):
    suite.check('nothing went wrong on the way', outcome.getTraceback() if outcome else '')
    reactor.stop()


reactor.callWhenRunning(lambda: main(reactor).addBoth(end))
reactor.run()
suite.end()
