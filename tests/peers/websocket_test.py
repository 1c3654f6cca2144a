#!/usr/bin/python3
"""Our WebSockets and other people's: clients of Python's websockets and of Autobahn talk to our server, our client to their servers.

websocket_test.py PATH-OF-WEBSOCKET_PEER. Needs Debian's python3-websockets and python3-autobahn, hence Debian's own python3. Every server listens on a port of the system's choice
on this machine."""

import asyncio
import re
import socket
import struct
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / 'house'))
import websockets
from websockets.extensions.permessage_deflate import ClientPerMessageDeflateFactory
from suite import Suite

PEER = sys.argv[1]
BIG = 16 * 1024 * 1024

AUTOBAHN_SERVER = '''
import sys
from twisted.internet import reactor
from autobahn.twisted.websocket import WebSocketServerFactory, WebSocketServerProtocol
from autobahn.websocket.compress import PerMessageDeflateOffer, PerMessageDeflateOfferAccept
class Echo(WebSocketServerProtocol):
    def onMessage(self, payload, isBinary):
        if self.http_request_path == '/pieces':
            self.beginMessage()
            for at in range(0, len(payload), 3): self.sendMessageFrame(payload[at:at + 3])
            self.sendPing(b'in between')
            self.endMessage()
        elif self.http_request_path == '/echo': self.sendMessage(payload, isBinary)
    def onOpen(self):
        if self.http_request_path == '/close': self.sendClose(4002, 'as agreed')
        if self.http_request_path == '/masked': self.transport.write(b'\\x81\\x81abcdx')
        if self.http_request_path == '/utf8': self.transport.write(b'\\x81\\x02\\xc3\\x28')
        if self.http_request_path == '/gone': self.transport.loseConnection()
factory = WebSocketServerFactory()
factory.protocol = Echo
def accept(offers):
    for offer in offers:
        if isinstance(offer, PerMessageDeflateOffer): return PerMessageDeflateOfferAccept(offer)
factory.setProtocolOptions(perMessageCompressionAccept=accept, autoFragmentSize=7000)
port = reactor.listenTCP(0, factory, interface='127.0.0.1')
print('listening on', port.getHost().port, flush=True)
reactor.run()
'''

AUTOBAHN_CLIENT = '''
import sys
from twisted.internet import reactor
from autobahn.twisted.websocket import WebSocketClientFactory, WebSocketClientProtocol, connectWS
from autobahn.websocket.compress import PerMessageDeflateOffer, PerMessageDeflateResponse, PerMessageDeflateResponseAccept
MESSAGES = [(b'', False), (b'x', True), ('\\u03ba\\u03cc\\u03c3\\u03bc\\u03b5'.encode(), False), (b'y' * 70000, True), (bytes(range(256)) * 4096, True), (b'z' * 2000, False)]
class Client(WebSocketClientProtocol):
    answers = pongs = 0
    def onOpen(self):
        for payload, binary in MESSAGES: self.sendMessage(payload, binary)
        self.beginMessage(isBinary=True)
        for _ in range(5): self.sendMessageFrame(b'piece')
        self.sendPing(b'there?')
        self.endMessage()
    def onPong(self, payload): self.pongs += payload == b'there?'
    def onMessage(self, payload, binary):
        expected = (MESSAGES + [(b'piece' * 5, True)])[self.answers]
        if (payload, binary) != expected: print('wrong answer', self.answers)
        self.answers += 1
        if self.answers == len(MESSAGES) + 1: self.sendClose(1000, 'thanks')
    def onClose(self, clean, code, reason):
        print(self.answers, 'answers', self.pongs, 'pongs', 'clean' if clean else 'unclean', code, self.websocket_extensions_in_use)
        reactor.stop()
factory = WebSocketClientFactory(sys.argv[1])
factory.protocol = Client
def accept(response):
    if isinstance(response, PerMessageDeflateResponse): return PerMessageDeflateResponseAccept(response)
if sys.argv[2] == 'deflate': factory.setProtocolOptions(perMessageCompressionOffers=[PerMessageDeflateOffer()], perMessageCompressionAccept=accept)
connectWS(factory)
reactor.run()
'''


class Running:
    """A program that serves, ended with the block."""

    def __init__(self, *words):
        self.process = subprocess.Popen([str(word) for word in words], stdout=subprocess.PIPE, text=True)
        self.port = int(re.search(r'(\d+)', self.process.stdout.readline()).group(1))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()


def frame(first, payload, mask=b'\1\2\3\4'):
    length = bytes([0x80 | len(payload)]) if len(payload) < 126 else bytes([0x80 | 126]) + struct.pack('>H', len(payload))
    return bytes([first]) + length + mask + bytes(byte ^ mask[at % 4] for at, byte in enumerate(payload))


def closeCodeFor(port, path, *pieces):
    """Opens by hand, sends these bytes, and gives the code of the Close that comes back."""
    with socket.create_connection(('127.0.0.1', port), 10) as one:
        one.sendall(f'GET {path} HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n'.encode())
        data = b''
        while b'\r\n\r\n' not in data:
            data += one.recv(65536)
        for piece in pieces:
            one.sendall(piece)
        data = data.split(b'\r\n\r\n', 1)[1]
        while piece := one.recv(65536):
            data += piece
    return struct.unpack('>H', data[-2:])[0] if data[-4:-2] == b'\x88\x02' else data[-20:]


async def talkWithWebsockets(suite, port):
    """Python's websockets as the client."""
    base = f'ws://127.0.0.1:{port}'
    for path in '/echo', '/protocol':
        for name, extensions in (('plain', None), ('compressed', [ClientPerMessageDeflateFactory(client_max_window_bits=True)]),
                                 ('small window', [ClientPerMessageDeflateFactory(server_max_window_bits=10, client_max_window_bits=9)])):
            how = {'compression': None, 'extensions': extensions, 'max_size': 2 * BIG}
            async with websockets.connect(base + path, **how) as client:
                problems = []
                for message in ('', 'x', 'κόσμε', 'y' * 125, 'y' * 126, b'\0\xff', b'z' * 65536, 'lorem ipsum ' * 1000, b'w' * BIG):
                    await client.send(message)
                    if await client.recv() != message:
                        problems.append(f'another answer to {message[:20]!r}')
                await client.send(['one ', 'two ', 'three'])
                if await client.recv() != 'one two three':
                    problems.append('another answer to fragments')
                await asyncio.wait_for(await client.ping(), 10)
            if client.close_code != 1000:
                problems.append(f'closed with {client.close_code}')
            if bool(client.extensions) != bool(extensions):
                problems.append(f'extensions: {client.extensions}')
            suite.check(f'websockets, {path}, {name}', problems)
    async with websockets.connect(base + '/echo', subprotocols=['other', 'echo']) as client:
        suite.check('websockets: the subprotocol', [] if client.subprotocol == 'echo' else [str(client.subprotocol)])
    async with websockets.connect(base + '/close') as client:
        suite.check('websockets: a message before the end', [] if await client.recv() == 'goodbye' else ['not it'])
        try:
            await client.recv()
        except websockets.ConnectionClosed as closed:
            suite.check('websockets: our code and reason', [] if (closed.rcvd.code, closed.rcvd.reason) == (4001, 'closed on purpose') else [str(closed)])
    for path, message, code in ('/small', 'x' * 1001, 1009), ('/text', b'x', 1003), ('/fail', None, 1011):
        async with websockets.connect(base + path) as client:
            if message:
                await client.send(message)
            try:
                suite.check(f'websockets: {path}', [f'a message: {await client.recv()!r}'])
            except websockets.ConnectionClosed as closed:
                suite.check(f'websockets: {path} ends with {code}', [] if closed.rcvd and closed.rcvd.code == code else [str(closed)])
    try:
        await websockets.connect(base + '/echo', origin='http://evil.example')
        suite.check('websockets: another origin', ['it was let in'])
    except websockets.InvalidStatusCode as refused:
        suite.check('websockets: another origin', [] if refused.status_code == 403 else [str(refused)])


def sendBadFrames(suite, port):
    bad = {
        'a reserved bit': (1002, frame(0xC1, b'x')), 'an unknown kind': (1002, frame(0x83, b'')), 'unmasked': (1002, b'\x81\x01x'), '2^63 bytes': (1002, b'\x82\xff\x80' + bytes(11)),
        'a ping in fragments': (1002, frame(0x09, b'x')), 'a long ping': (1002, frame(0x89, b'x' * 126)), 'a continuation of nothing': (1002, frame(0x80, b'x')),
        'no UTF-8': (1007, frame(0x81, b'\xc3\x28')), 'half a character': (1007, frame(0x81, b'\xc3')), 'a code that may not be sent': (1002, frame(0x88, b'\x03\xed')),
        '1 GiB announced': (1009, b'\x82\xff' + struct.pack('>Q', 1 << 30) + b'abcd'),
    }
    for name, (code, data) in bad.items():
        for how, pieces in ('whole', [data]), ('in bytes', [bytes([byte]) for byte in data]):
            got = closeCodeFor(port, '/echo', *pieces)
            suite.check(f'bad frames, {how}: {name}', [] if got == code else [f'{got}, not {code}'])


def talkWithAutobahn(suite, port):
    for path in '/echo', '/protocol':
        for extension in 'plain', 'deflate':
            run = subprocess.run([sys.executable, '-c', AUTOBAHN_CLIENT, f'ws://127.0.0.1:{port}{path}', extension], capture_output=True, text=True, timeout=60)
            good = run.stdout.startswith('7 answers 1 pongs clean 1000 ') and ('PerMessageDeflate' in run.stdout) == (extension == 'deflate')
            suite.check(f'Autobahn as the client, {path}, {extension}', [] if good else [run.stdout + run.stderr[-500:]])


def runPeer(*words):
    return subprocess.run([PEER, *words], capture_output=True, text=True, timeout=120)


HOWS = [], ['plain'], ['keep'], ['fragments'], ['binary'], ['keep', 'fragments', 'binary']


def talkToServer(suite, name, url, words):
    run = runPeer('talk', url, *words)
    expected = f'11 right, 0 wrong, compression {"off" if "plain" in words else "on"}, closed 1000\n'
    suite.check(f'our client and {name}: {" ".join(words) or "as it is"}', [] if run.stdout == expected else [run.stdout + run.stderr])


async def serveWithWebsockets(suite):
    async def handler(connection):
        if connection.path == '/close':
            await connection.send('first')
            await connection.send(b'second')
            await connection.close(4003, 'that is all')
            return
        async for message in connection:
            await connection.send(message)

    async with websockets.serve(handler, '127.0.0.1', 0, max_size=2 * BIG) as server:
        base = f'ws://127.0.0.1:{server.sockets[0].getsockname()[1]}'
        loop = asyncio.get_running_loop()
        for words in HOWS:
            await loop.run_in_executor(None, talkToServer, suite, 'a server of websockets', base + '/echo', words)
        run = await loop.run_in_executor(None, runPeer, 'listen', base + '/close')
        expected = 'text first\nbinary second\nerror: the WebSocket is closed (4003): that is all\nclosed 4003 that is all\n'
        suite.check('our client hears why a server of websockets closes', [] if run.stdout == expected else [run.stdout + run.stderr])


def serveWithAutobahn(suite):
    with Running(sys.executable, '-c', AUTOBAHN_SERVER) as server:
        base = f'ws://127.0.0.1:{server.port}'
        for words in HOWS:
            talkToServer(suite, 'a server of Autobahn', base + '/echo', words)
        for path, expected in (('/close', 'error: the WebSocket is closed (4002): as agreed\nclosed 4002 as agreed\n'),
                               ('/masked', 'error: the WebSocket\'s peer: a server\'s frame is masked (close code 1002)\nclosed 1002 \n'),
                               ('/utf8', 'error: the WebSocket\'s peer: a text message that is not UTF-8 (close code 1007)\nclosed 1007 \n'),
                               ('/gone', 'closed 1006 \n')):
            run = runPeer('listen', base + path)
            suite.check(f'our client and a server of Autobahn that does {path}', [] if run.stdout.endswith(expected) else [run.stdout + run.stderr])


suite = Suite()
with Running(PEER, 'serve') as ours:
    asyncio.run(talkWithWebsockets(suite, ours.port))
    sendBadFrames(suite, ours.port)
    talkWithAutobahn(suite, ours.port)
    suite.check('our server is still there', [] if ours.process.poll() is None else [f'it ended with {ours.process.poll()}'])
asyncio.run(serveWithWebsockets(suite))
serveWithAutobahn(suite)
suite.end()
