#!/usr/bin/python3
"""Files of 1 KB, 64 KB and 10 MB: `weft serve` and nginx with sendfile, turn by turn under the load of wrk.

static.py PATH-OF-WEFT [ROUNDS]. Needs Debian's nginx-light and wrk. Each server has one thread, on the first core; wrk has the second. One line a size: CPU time of the server for an answer, user and system, in microseconds: the median of the
rounds; then the median of the rounds' ratios to nginx's, since the machine may change its speed from round to round, with the least and the most."""

import os
import re
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from servers import cpuSeconds, freePort, start, startNginx

WEFT = sys.argv[1]
ROUNDS = int(sys.argv[2]) if len(sys.argv) > 2 else 9
SIZES = {'1 KB': 1_000, '64 KB': 64_000, '10 MB': 10_000_000}


def load(url, connections):
    said = subprocess.run(['taskset', '-c', '1', 'wrk', '-t', '1', '-c', str(connections), '-d', '1s', url], capture_output=True, text=True, check=True).stdout
    if 'Non-2xx' in said or 'Socket errors' in said:
        raise SystemExit(f'{url}: {said}')
    return int(re.search(r'(\d+) requests in', said)[1])


def main():
    folder = Path(tempfile.mkdtemp())
    folder.chmod(0o755)
    files = folder / 'www'
    files.mkdir()
    for name, size in SIZES.items():
        (files / name.replace(' ', '')).write_bytes(os.urandom(size))
    ports = {'weft': freePort(), 'nginx': freePort()}
    servers = {'weft': start([WEFT, 'serve', files, '--port', ports['weft'], '--quiet'], ports['weft']),
               'nginx': startNginx(folder, f'listen 127.0.0.1:{ports["nginx"]}; root {files};', ports['nginx'])}
    for process in servers.values():
        os.sched_setaffinity(process.pid, {0})
    try:
        for name, size in SIZES.items():
            each = {server: [] for server in servers}
            for turn in range(ROUNDS + 1):
                for server, process in servers.items():
                    before = cpuSeconds(process.pid)
                    answers = load(f'http://127.0.0.1:{ports[server]}/{name.replace(" ", "")}', 4 if size > 1_000_000 else 64)
                    if turn:
                        each[server].append((cpuSeconds(process.pid) - before) / answers * 1e6)
            ratios = [ours / theirs for ours, theirs in zip(each['weft'], each['nginx'])]
            print(f'{name:5} weft {statistics.median(each["weft"]):8.1f} us, nginx {statistics.median(each["nginx"]):8.1f} us; '
                  f'{statistics.median(ratios):.2f} of nginx ({min(ratios):.2f} to {max(ratios):.2f})', flush=True)
    finally:
        for process in servers.values():
            process.terminate()
            process.wait()


if __name__ == '__main__':
    main()
