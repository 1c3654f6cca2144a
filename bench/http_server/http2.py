#!/usr/bin/python3
"""Hello, World! over HTTP/2, plain (prior knowledge) and over TLS: ours, nginx and nghttpd, turn by turn under the load of h2load.

http2.py PATH-OF-HTTP_HELLO [ROUNDS]. Needs Debian's nginx-light, nghttp2-client, nghttp2-server and openssl. Each server has one thread. One line a case: requests per second of the server's CPU time
(user and system, from /proc), which a busy machine disturbs little: the median of the rounds, the least and the most; then the median of the rounds' ratios to ours, since the machine may change its speed
from round to round; h2load's own rate last."""

import os
import re
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HELLO = sys.argv[1]
ROUNDS = int(sys.argv[2]) if len(sys.argv) > 2 else 5
CONNECTIONS, STREAMS, REQUESTS = 10, 32, 200_000

NGINX = '''
daemon off;
master_process off;
pid %(folder)s/nginx.pid;
error_log %(folder)s/error.log;
events { worker_connections 1024; }
http {
  access_log off;
  client_body_temp_path %(folder)s/body;
  proxy_temp_path %(folder)s/proxy;
  fastcgi_temp_path %(folder)s/fastcgi;
  uwsgi_temp_path %(folder)s/uwsgi;
  scgi_temp_path %(folder)s/scgi;
  keepalive_requests 100000000;
  server {
    listen 127.0.0.1:%(plain)d http2;
    listen 127.0.0.1:%(tls)d ssl http2;
    ssl_certificate %(folder)s/server.pem;
    ssl_certificate_key %(folder)s/server.key;
    default_type text/plain;
    location / { return 200 "Hello, World!"; }
  }
}
'''


def freePort():
    with socket.socket() as one:
        one.bind(('127.0.0.1', 0))
        return one.getsockname()[1]


def cpuSeconds(pid):
    fields = Path(f'/proc/{pid}/stat').read_text().rsplit(')', 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf('SC_CLK_TCK')


def start(words, port):
    process = subprocess.Popen([str(word) for word in words], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    for _ in range(500):
        try:
            socket.create_connection(('127.0.0.1', port), 1).close()
            return process
        except OSError:
            if process.poll() is not None:
                break
            time.sleep(0.01)
    raise SystemExit(f'{words[0]} does not serve')


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
    (folder / 'nginx.conf').write_text(NGINX % {'folder': folder, 'plain': ports['nginx'][0], 'tls': ports['nginx'][1]})
    ours = start([HELLO, *ports['weft']], ports['weft'][1])
    nginx = start(['/usr/sbin/nginx', '-p', folder, '-c', folder / 'nginx.conf'], ports['nginx'][1])
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
