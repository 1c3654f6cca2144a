"""What the programs beside it share: servers of one thread each, their CPU time, ports."""

import os
import socket
import subprocess
import time
from pathlib import Path

NGINX = '''
daemon off;
master_process off;
pid %(folder)s/nginx.pid;
error_log %(folder)s/error.log;
events { worker_connections 4096; }
http {
  access_log off;
  sendfile on;
  tcp_nopush on;
  client_body_temp_path %(folder)s/body;
  proxy_temp_path %(folder)s/proxy;
  fastcgi_temp_path %(folder)s/fastcgi;
  uwsgi_temp_path %(folder)s/uwsgi;
  scgi_temp_path %(folder)s/scgi;
  keepalive_requests 100000000;
  default_type text/plain;
  server { %(server)s }
}
'''


def freePort():
    with socket.socket() as one:
        one.bind(('127.0.0.1', 0))
        return one.getsockname()[1]


def cpuSeconds(pid):
    """User and system, to the nanosecond: of a process with one thread."""
    return int(Path(f'/proc/{pid}/schedstat').read_text().split()[0]) / 1e9


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


def startNginx(folder, server, port):
    """Debian's nginx, one process, without a log. `server`: what its server block says."""
    configuration = folder / 'nginx.conf'
    configuration.write_text(NGINX % {'folder': folder, 'server': server})
    return start(['/usr/sbin/nginx', '-p', folder, '-c', configuration], port)
