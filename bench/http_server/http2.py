#!/usr/bin/python3
"""Hello, World! over HTTP/2, plain (prior knowledge) and over TLS: ours, nginx and nghttpd, turn by turn under the load of h2load.

http2.py PATH-OF-HTTP_HELLO [ROUNDS]. Needs Debian's nginx-light, nghttp2-client, nghttp2-server and openssl. Each server has one thread. One line a case: requests per second of the server's CPU time
(user and system, from /proc), which a busy machine disturbs little: the median of the rounds, the least and the most; then the median of the rounds' ratios to ours, since the machine may change its speed
from round to round; h2load's own rate last."""

import re
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from servers import cpuSeconds, freePort, start, startNginx

HELLO = sys.argv[1]
ROUNDS = int(sys.argv[2]) if len(sys.argv) > 2 else 5
CONNECTIONS, STREAMS, REQUESTS = 10, 32, 200_000

NGINX = '''
    listen 127.0.0.1:%(plain)d http2;
    listen 127.0.0.1:%(tls)d ssl http2;
    ssl_certificate %(folder)s/server.pem;
    ssl_certificate_key %(folder)s/server.key;
    location / { return 200 "Hello, World!"; }
'''


def load(url, requests):
    said = subprocess.run(['h2load', '-n', str(requests), '-c', str(CONNECTIONS), '-m', str(STREAMS), url], capture_output=True, text=True, check=True).stdout
    if f'{requests} succeeded, 0 failed' not in said:
        raise SystemExit(f'{url}: {said}')
    return float(re.search(r'([\d.]+) req/s', said)[1])


def main():
    folder = Path(tempfile.mkdtemp())
    (folder / 'www').mkdir()
    (folder / 'www/index.html').write_text('Hello, World!')
    subprocess.run(['openssl', 'req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2', '-subj', '/CN=localhost', '-keyout', folder / 'server.key',
                    '-out', folder / 'server.pem'], check=True, capture_output=True)
    ports = {name: (freePort(), freePort()) for name in ('weft', 'nginx', 'nghttpd')}
    ours = start([HELLO, *ports['weft']], ports['weft'][1])
    nginx = startNginx(folder, NGINX % {'folder': folder, 'plain': ports['nginx'][0], 'tls': ports['nginx'][1]}, ports['nginx'][1])
    plain = start(['nghttpd', '--no-tls', '-a', '127.0.0.1', '-d', folder / 'www', ports['nghttpd'][0]], ports['nghttpd'][0])
    secure = start(['nghttpd', '-a', '127.0.0.1', '-d', folder / 'www', ports['nghttpd'][1], folder / 'server.key', folder / 'server.pem'], ports['nghttpd'][1])
    servers = {'weft': (ours, ours), 'nginx': (nginx, nginx), 'nghttpd': (plain, secure)}
    try:
        for which, scheme in enumerate(('http', 'https')):
            perCpuSecond, rates = ({name: [] for name in servers} for _ in range(2))
            for turn in range(ROUNDS + 1):
                for name, processes in servers.items():
                    requests = REQUESTS if turn else REQUESTS // 10
                    before = cpuSeconds(processes[which].pid)
                    rate = load(f'{scheme}://127.0.0.1:{ports[name][which]}/', requests)
                    used = cpuSeconds(processes[which].pid) - before
                    if turn:
                        perCpuSecond[name].append(requests / used)
                        rates[name].append(rate)
            for name, values in perCpuSecond.items():
                ratio = statistics.median(value / own for value, own in zip(values, perCpuSecond['weft']))
                print(f'{scheme:5} {name:8} {statistics.median(values):9,.0f} requests per CPU-second ({min(values):,.0f} to {max(values):,.0f}), {ratio:.2f} of ours; '
                      f'{statistics.median(rates[name]):,.0f} a second', flush=True)
    finally:
        for process in {ours, nginx, plain, secure}:
            process.terminate()
            process.wait()


if __name__ == '__main__':
    main()
