#!/usr/bin/env python3
"""The router's start: from its launch to its first answer over HTTP, and over HTTPS with a first handshake.

A small server stands in for the dyno. Usage: bench/router_start.py [--rounds N]
"""
import argparse, http.server, json, os, signal, ssl, subprocess, tempfile, threading, time, http.client
from main_job import PADDOCK, ports, row


class Answer(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.send_header('Content-Length', '2')
        self.end_headers()
        self.wfile.write(b'ok')

    def log_message(self, *_):
        pass


def connection(scheme, port):
    if scheme == 'http':
        return http.client.HTTPConnection('127.0.0.1', port, timeout=5)
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return http.client.HTTPSConnection('127.0.0.1', port, timeout=5, context=context)


def first_answer(scheme, port, since, limit=30):
    while time.monotonic() - since < limit:
        try:
            client = connection(scheme, port)
            client.request('GET', '/', headers={'Host': 'a.localhost'})
            if client.getresponse().status == 200:
                return (time.monotonic() - since) * 1000
        except OSError:
            time.sleep(0.002)
        finally:
            client.close()
    raise SystemExit(f'no answer over {scheme} within {limit} s')


def start(routes, log):
    http_port, https_port = ports(2)
    since = time.monotonic()
    router = subprocess.Popen([PADDOCK, 'router', '--http', f'127.0.0.1:{http_port}', '--https', f'127.0.0.1:{https_port}',
                               '--routes', routes, '--log', '/dev/null'], stderr=log, start_new_session=True)
    try:
        return first_answer('http', http_port, since), first_answer('https', https_port, since)
    finally:
        os.killpg(router.pid, signal.SIGTERM)
        router.wait(30)


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument('--rounds', type=int, default=7)
    rounds = arguments.parse_args().rounds
    dyno = http.server.ThreadingHTTPServer(('127.0.0.1', 0), Answer)
    threading.Thread(target=dyno.serve_forever, daemon=True).start()
    with tempfile.TemporaryDirectory(prefix='paddock-bench.') as scratch, open(os.path.join(scratch, 'messages'), 'w') as log:
        routes = os.path.join(scratch, 'routes.json')
        address = f'127.0.0.1:{dyno.server_address[1]}'
        json.dump({'apps': [{'name': 'a', 'hosts': ['a.localhost'], 'dynos': [{'name': 'web.1', 'address': address}]}]}, open(routes, 'w'))
        starts = [start(routes, log) for _ in range(rounds)]
    row('start -> first answer over HTTP', [plain for plain, _ in starts], 'ms', 500)
    row('start -> first answer over HTTPS', [tls for _, tls in starts], 'ms', 500)


if __name__ == '__main__':
    main()
