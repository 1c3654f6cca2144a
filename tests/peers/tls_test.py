#!/usr/bin/python3
"""Our TLS and other people's: the sample tls_echo talks to `openssl s_client`, `openssl s_server`, `socat`, and to Twisted's client and server.

tls_test.py PATH-OF-TLS_ECHO. Needs Debian's openssl, socat, python3-twisted, python3-service-identity and python3-openssl, hence Debian's own python3. Every server listens on
a port of the system's choice on this machine."""

import re
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / 'house'))
from OpenSSL import crypto
from suite import Suite

ECHO = sys.argv[1]
DAY = 24 * 3600

TWISTED_SERVER = '''
import sys
from twisted.internet import endpoints, protocol, reactor, ssl
class Echo(protocol.Protocol):
    def dataReceived(self, data): self.transport.write(data)
factory = protocol.Factory.forProtocol(Echo)
with open(sys.argv[1]) as pem: certificate = ssl.PrivateCertificate.loadPEM(pem.read())
def listening(port): print('listening on', port.getHost().port, flush=True)
endpoints.SSL4ServerEndpoint(reactor, 0, certificate.options(), interface='127.0.0.1').listen(factory).addCallback(listening)
reactor.run()
'''

TWISTED_CLIENT = '''
import sys
from twisted.internet import endpoints, protocol, ssl, task
class Client(protocol.Protocol):
    data = b''
    def connectionMade(self): self.transport.write(sys.argv[4].encode() + b'\\n')
    def dataReceived(self, data):
        self.data += data
        if data.endswith(b'\\n'): self.transport.loseConnection()
    def connectionLost(self, reason):
        print(self.data.decode(), end='')
        print(reason.type.__name__, reason.getErrorMessage())
        self.done.callback(None)
def main(reactor):
    from twisted.internet.defer import Deferred
    with open(sys.argv[1]) as pem: authority = ssl.Certificate.loadPEM(pem.read())
    options = ssl.optionsForClientTLS(sys.argv[3], trustRoot=authority)
    endpoint = endpoints.wrapClientTLS(options, endpoints.TCP4ClientEndpoint(reactor, '127.0.0.1', int(sys.argv[2])))
    client = Client()
    client.done = Deferred()
    return endpoints.connectProtocol(endpoint, client).addCallback(lambda _: client.done)
task.react(main)
'''


class Running:
    """A program that serves, ended with the block."""

    def __init__(self, *words, ready=None):
        self.process = subprocess.Popen([str(word) for word in words], stdin=subprocess.PIPE, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        self.port = None
        while ready:
            line = self.process.stdout.readline()
            if not line:
                raise RuntimeError(f'{words[0]} did not begin to serve')
            if found := re.search(ready, line):
                self.port = int(found.group(1)) if found.groups() else None
                break

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process.stdin.close()
        self.process.stdout.close()


def run(*words, text=''):
    """Its exit status, and what it printed."""
    done = subprocess.run([str(word) for word in words], input=text, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=60)
    return done.returncode, done.stdout


def makeCertificate(name, issuer=None, begin=-DAY, end=30 * DAY):
    """(certificate, key), signed by `issuer`, or by itself as an authority."""
    key = crypto.PKey()
    key.generate_key(crypto.TYPE_RSA, 2048)
    certificate = crypto.X509()
    certificate.set_version(2)
    certificate.set_serial_number(int(time.time() * 1000) & 0x7fffffff | 1)
    certificate.get_subject().CN = name
    certificate.gmtime_adj_notBefore(begin)
    certificate.gmtime_adj_notAfter(end)
    certificate.set_pubkey(key)
    if issuer:
        certificate.add_extensions([crypto.X509Extension(b'subjectAltName', False, f'DNS:{name}'.encode())])
    else:
        certificate.add_extensions([crypto.X509Extension(b'basicConstraints', True, b'CA:TRUE')])
    certificate.set_issuer((issuer[0] if issuer else certificate).get_subject())
    certificate.sign(issuer[1] if issuer else key, 'sha256')
    return certificate, key


def write(path, *parts):
    with open(path, 'wb') as file:
        for part in parts:
            file.write(crypto.dump_certificate(crypto.FILETYPE_PEM, part) if isinstance(part, crypto.X509) else
                       crypto.dump_privatekey(crypto.FILETYPE_PEM, part))
    return path


def freePort():
    with socket.socket() as listener:
        listener.bind(('127.0.0.1', 0))
        return listener.getsockname()[1]


def expect(suite, name, outcome, status, *parts):
    got, said = outcome
    problems = [f'exit status {got} instead of {status}'] if got != status else []
    problems += [f'it does not say "{part}"' for part in parts if part not in said]
    suite.check(name, problems and problems + [said])


def ourServer(suite, folder):
    """Other people's clients."""
    ca = folder / 'ours.pem'
    with Running(ECHO, '--serve', '--ca', ca, ready=r'listening on 127\.0\.0\.1:(\d+)') as server:
        at = f'127.0.0.1:{server.port}'
        client = ['openssl', 's_client', '-connect', at, '-CAfile', ca, '-verify_return_error', '-quiet', '-no_ign_eof']
        expect(suite, 's_client verifies our server and reads its echo',
               run('sh', '-c', f'(printf "hello\\n"; sleep 1) | {" ".join(map(str, client))} -servername localhost -verify_hostname localhost'), 0, 'hello')
        expect(suite, 's_client speaks TLS 1.2 with our server',
               run('sh', '-c', f'(printf "hello\\n"; sleep 1) | {" ".join(map(str, client))} -tls1_2'), 0, 'hello')
        expect(suite, 's_client with TLS 1.1 is refused by our server', run(*client, '-tls1_1', '-cipher', 'DEFAULT:@SECLEVEL=0'), 1, 'alert protocol version')
        expect(suite, 's_client resumes a session with our server',
               run('sh', '-c', f'(printf "hello\\n"; sleep 1) | openssl s_client -connect {at} -CAfile {ca} -sess_out {folder}/session -no_ign_eof >/dev/null 2>&1;'
                               f'(printf "hello\\n"; sleep 1) | openssl s_client -connect {at} -CAfile {ca} -sess_in {folder}/session -no_ign_eof 2>&1'), 0, 'Reused, TLSv1.3')
        expect(suite, 'socat sends a line through our server',
               run('sh', '-c', f'printf "from socat\\n" | socat -t 2 - OPENSSL:{at},cafile={ca},commonname=localhost'), 0, 'from socat')
        expect(suite, "Twisted's client verifies our server and reads its echo",
               run('/usr/bin/python3', '-c', TWISTED_CLIENT, ca, server.port, 'localhost', 'from Twisted'), 0, 'from Twisted', 'ConnectionDone')
        expect(suite, "Twisted's client refuses our server under another name",
               run('/usr/bin/python3', '-c', TWISTED_CLIENT, ca, server.port, 'other.example', 'x'), 0, 'VerificationError')
        expect(suite, 'our client and our server', run(ECHO, '--connect', '--port', server.port, '--ca', ca, '--say', 'from weft'), 0, 'TLS 1.3', 'echoed: from weft')
        with socket.create_connection(('127.0.0.1', server.port), 10) as plain:
            plain.sendall(b'GET / HTTP/1.0\r\n\r\n')
            while plain.recv(4096):
                pass
        expect(suite, 'our server lives after garbage', run(ECHO, '--connect', '--port', server.port, '--ca', ca), 0, 'echoed')


def ourClient(suite, folder):
    """Other people's servers."""
    authority = makeCertificate('an authority for tests')
    ca = write(folder / 'ca.pem', authority[0])

    def ask(port, *more):
        return run(ECHO, '--connect', '--port', port, '--ca', ca, *more)

    def against(name, certificate, *options, status=1, parts=()):
        pem = write(folder / 'server.pem', *certificate)
        port = freePort()
        with Running('openssl', 's_server', '-accept', f'127.0.0.1:{port}', '-cert', pem, '-key', pem, '-rev', *options, ready='ACCEPT'):
            expect(suite, name, ask(port, '--say', 'weft'), status, *parts)

    good = makeCertificate('localhost', authority)
    against("our client and s_server, which turns each line round", good, status=0, parts=('TLS 1.3 with localhost', 'echoed: tfew'))
    against('our client and s_server by TLS 1.2', good, '-tls1_2', status=0, parts=('TLS 1.2 with localhost', 'echoed: tfew'))
    against('an expired certificate is refused', makeCertificate('localhost', authority, begin=-20 * DAY, end=-10 * DAY), parts=('CertificateError', 'it expired on'))
    against('a certificate that is not valid yet is refused', makeCertificate('localhost', authority, begin=DAY), parts=('it is not valid before',))
    against('a certificate for another host is refused', makeCertificate('other.example', authority), parts=('it is for other.example',))
    against('a self-signed certificate is refused', makeCertificate('localhost'), parts=('signed by itself',))
    against('a certificate of an unknown authority is refused', makeCertificate('localhost', makeCertificate('somebody')), parts=('its authority is not trusted',))
    for version in ('-tls1', '-tls1_1'):
        against(f's_server with {version} only is refused', good, version, '-cipher', 'DEFAULT:@SECLEVEL=0', parts=('no version of TLS in common', 'this side takes TLS 1.2 to TLS 1.3'))

    pem = write(folder / 'twisted.pem', *good)
    with Running('/usr/bin/python3', '-c', TWISTED_SERVER, pem, ready=r'listening on (\d+)') as server:
        expect(suite, "our client and Twisted's server", ask(server.port, '--say', 'to Twisted'), 0, 'with localhost', 'echoed: to Twisted')
        expect(suite, "our client refuses Twisted's server under another name", ask(server.port, '--host', 'other.example'), 1, 'it is for localhost')


def main():
    suite = Suite()
    with tempfile.TemporaryDirectory() as folder:
        ourServer(suite, Path(folder))
        ourClient(suite, Path(folder))
    suite.end()


if __name__ == '__main__':
    main()
