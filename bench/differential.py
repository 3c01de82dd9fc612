#!/usr/bin/env python3
"""Sends the same bytes through our router, haproxy and nginx, and compares what reaches the dyno.

Prints a Markdown table of the differences, each with its reason; ends with status 1 when a difference has none.

    bench/differential.py [--markdown FILE]

Needs a built ./paddock; haproxy and nginx are left out where they are not installed.
"""
import argparse, os, re, shutil, signal, socket, subprocess, sys, tempfile, threading, time

REPOSITORY = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
H = b'Host: a.localhost\r\n'
OURS = re.compile(rb'^(x-forwarded-[a-z]+|x-request-(id|start)|via|connect-time|total-route-time|connection|x-real-ip):', re.I)


def get(line=b'GET / HTTP/1.1', *headers, body=b''):
    return line + b'\r\n' + b''.join(h + b'\r\n' for h in headers) + b'\r\n' + body


CASES = [
    # name, bytes, why ours differs from one of the others (None: it may not)
    ('plain request', get(b'GET /a?b=c HTTP/1.1', H.strip()), None),
    ('length and body', get(b'POST / HTTP/1.1', H.strip(), b'Content-Length: 3', body=b'abc'), None),
    ('chunks', get(b'POST / HTTP/1.1', H.strip(), b'Transfer-Encoding: chunked', body=b'3\r\nabc\r\n0\r\n\r\n'),
     'nginx collects the body and sends a length; haproxy and we pass chunks on as they come'),
    ('length and chunks', get(b'POST / HTTP/1.1', H.strip(), b'Content-Length: 3', b'Transfer-Encoding: chunked', body=b'3\r\nabc\r\n0\r\n\r\n'),
     'RFC 9112 6.1 lets a server refuse (nginx) or let chunked win and end the connection (haproxy and we)'),
    ('two equal lengths', get(b'POST / HTTP/1.1', H.strip(), b'Content-Length: 3', b'Content-Length: 3', body=b'abc'),
     'RFC 9112 6.3: equal ones may be merged (haproxy and we); nginx refuses'),
    ('two different lengths', get(b'POST / HTTP/1.1', H.strip(), b'Content-Length: 3', b'Content-Length: 4', body=b'abcd'), None),
    ('list of lengths', get(b'POST / HTTP/1.1', H.strip(), b'Content-Length: 3, 3', body=b'abc'),
     'haproxy merges the list, which RFC 9110 8.6 allows; we refuse any list, as nginx does: no honest client sends one'),
    ('length with sign', get(b'POST / HTTP/1.1', H.strip(), b'Content-Length: +3', body=b'abc'), None),
    ('unknown coding', get(b'POST / HTTP/1.1', H.strip(), b'Transfer-Encoding: gzip', body=b'abc'),
     'a coding that is not understood is 400 or 501 (RFC 9112 6.1), never passed on'),
    ('coding with a tab', get(b'POST / HTTP/1.1', H.strip(), b'Transfer-Encoding:\tchunked', body=b'0\r\n\r\n'),
     'a tab is white space like a blank (RFC 9110 5.6.3); nginx does not understand the value'),
    ('coding twice', get(b'POST / HTTP/1.1', H.strip(), b'Transfer-Encoding: chunked', b'Transfer-Encoding: chunked', body=b'0\r\n\r\n'),
     'chunked may not be applied twice (RFC 9112 6.1): 400'),
    ('coding with vertical tab', get(b'POST / HTTP/1.1', H.strip(), b'Transfer-Encoding: \x0bchunked', body=b'0\r\n\r\n'), 'a control character in a value is 400 here'),
    ('chunk size with 0x', get(b'POST / HTTP/1.1', H.strip(), b'Transfer-Encoding: chunked', body=b'0x3\r\nabc\r\n0\r\n\r\n'),
     'our dyno has the head by then and is cut off without a last chunk, as a slow upload would be; the others looked at the body first'),
    ('chunk extension', get(b'POST / HTTP/1.1', H.strip(), b'Transfer-Encoding: chunked', body=b'3;a=b\r\nabc\r\n0\r\n\r\n'),
     'extensions are dropped by all; nginx sends a length'),
    ('chunk with bare line feed', get(b'POST / HTTP/1.1', H.strip(), b'Transfer-Encoding: chunked', body=b'3\nabc\n0\n\n'),
     'RFC 9112 7.1 wants CRLF; the others take a bare line feed, which is how chunks are smuggled'),
    ('trailers', get(b'POST / HTTP/1.1', H.strip(), b'Transfer-Encoding: chunked', body=b'0\r\nX-T: 1\r\n\r\n'),
     'trailers pass here and in haproxy; nginx drops them'),
    ('bare line feeds', b'GET / HTTP/1.1\nHost: a.localhost\n\n', 'we accept CRLF only; a bare line feed is how a second request is hidden'),
    ('bare carriage return in a value', get(b'GET / HTTP/1.1', H.strip(), b'X-A: b\rc'), None),
    ('null byte in a value', get(b'GET / HTTP/1.1', H.strip(), b'X-A: b\0c'), 'RFC 9110 5.5: 400; haproxy passes it on'),
    ('control byte in a value', get(b'GET / HTTP/1.1', H.strip(), b'X-A: b\x01c'), 'RFC 9110 5.5 allows to refuse; we do, the others pass it on'),
    ('blank before the colon', get(b'GET / HTTP/1.1', H.strip(), b'X-A : b'), None),
    ('folded header', get(b'GET / HTTP/1.1', H.strip(), b'X-A: b', b' c'), 'RFC 9112 5.2: refuse (nginx and we) or unfold (haproxy)'),
    ('header name with parentheses', get(b'GET / HTTP/1.1', H.strip(), b'X(A): b'), 'no token: 400; nginx drops the line'),
    ('underscore in a name', get(b'GET / HTTP/1.1', H.strip(), b'X_A: b'), 'an underscore is a token character: it passes; nginx drops the line by default'),
    ('no host', get(b'GET / HTTP/1.1'), 'RFC 9112 3.2: 400; haproxy passes it on'),
    ('two hosts', get(b'GET / HTTP/1.1', H.strip(), H.strip()), 'RFC 9112 3.2: 400, also when they are equal; haproxy merges equal ones'),
    ('two different hosts', get(b'GET / HTTP/1.1', H.strip(), b'Host: b.localhost'), None),
    ('host with a path', get(b'GET / HTTP/1.1', b'Host: a.localhost/x'), 'no host: 400; haproxy and nginx have one site here and look less closely'),
    ('absolute target', get(b'GET http://a.localhost/x HTTP/1.1', b'Host: other'),
     'the target wins over Host (RFC 9112 3.2.2); haproxy refuses the difference, nginx keeps the Host it was sent'),
    ('fragment in the target', get(b'GET /a#b HTTP/1.1', H.strip()), 'a fragment is not part of a request: dropped; haproxy refuses it'),
    ('blank in the target', get(b'GET /a b HTTP/1.1', H.strip()), None),
    ('high byte in the target', get(b'GET /\xff HTTP/1.1', H.strip()), 'passes here and in nginx, as old clients send it; haproxy refuses'),
    ('dots in the target', get(b'GET /a/../b HTTP/1.1', H.strip()), None),
    ('method in lower case', get(b'get / HTTP/1.1', H.strip()), 'methods are any token (RFC 9110 9.1); nginx knows only upper case'),
    ('unknown method', get(b'BREW / HTTP/1.1', H.strip()), None),
    ('version 2.0', get(b'GET / HTTP/2.0', H.strip()), 'no version of this syntax: 505; haproxy takes it for 1.1'),
    ('version 1.2', get(b'GET / HTTP/1.2', H.strip()), '505 here: only what is understood; the others answer as to 1.1'),
    ('no version', b'GET /\r\n\r\n', 'HTTP/0.9 is closed without a word; nginx still speaks it'),
    ('CONNECT', get(b'CONNECT a.localhost:80 HTTP/1.1', H.strip()), 'no tunnel: 405; haproxy passes it on'),
    ('header named by Connection', get(b'GET / HTTP/1.1', H.strip(), b'Connection: X-A', b'X-A: 1'),
     'RFC 9110 7.6.1: what Connection names is dropped; the others pass it on'),
    ('Host named by Connection', get(b'GET / HTTP/1.1', H.strip(), b'Connection: Host'), None),
    ('Keep-Alive and TE', get(b'GET / HTTP/1.1', H.strip(), b'Keep-Alive: 5', b'TE: trailers'), 'hop by hop: dropped here'),
    ('Proxy-Connection', get(b'GET / HTTP/1.1', H.strip(), b'Proxy-Connection: keep-alive'), 'hop by hop: dropped here'),
    ('upgrade to h2c', get(b'GET / HTTP/1.1', H.strip(), b'Connection: Upgrade, HTTP2-Settings', b'Upgrade: h2c', b'HTTP2-Settings: AAMAAABkAAQAoAAAAAIAAAAA'),
     'never forwarded: a dyno that speaks h2c would be a tunnel past all rules'),
    ('upgrade to websocket', get(b'GET / HTTP/1.1', H.strip(), b'Connection: Upgrade', b'Upgrade: websocket'), 'any protocol passes here; haproxy wants a Sec-WebSocket-Key, nginx a setting'),
    ('expect', get(b'POST / HTTP/1.1', H.strip(), b'Content-Length: 1', b'Expect: 100-continue', body=b'a'), 'answered by the router and dropped, as in nginx; haproxy passes it on'),
    ('other expectation', get(b'POST / HTTP/1.1', H.strip(), b'Content-Length: 1', b'Expect: magic', body=b'a'), '417 (RFC 9110 10.1.1); haproxy passes it on, nginx drops it'),
    ('second request behind the first', get(b'GET /1 HTTP/1.1', H.strip()) + get(b'GET /2 HTTP/1.1', H.strip()), None),
    ('hidden second request', get(b'POST / HTTP/1.1', H.strip(), b'Content-Length: 6', b'Transfer-Encoding: chunked', body=b'0\r\n\r\nGET /hidden HTTP/1.1\r\nHost: a.localhost\r\n\r\n'),
     'chunked wins and the connection ends here: what follows is never read'),
    ('HTTP/1.0', get(b'GET / HTTP/1.0', H.strip()), 'a dyno always sees 1.1, as on Heroku; haproxy keeps the version of the client'),
    ('HTTP/1.0 with chunks', get(b'POST / HTTP/1.0', H.strip(), b'Transfer-Encoding: chunked', body=b'0\r\n\r\n'), 'chunked does not exist in 1.0: 400; haproxy passes it on'),
    ('line of 9,000 bytes', get(b'GET /' + b'a' * 9000 + b' HTTP/1.1', H.strip()), '414 above 8,192 bytes, as Heroku; haproxy allows 16 KB'),
    ('value of 9,000 bytes', get(b'GET / HTTP/1.1', H.strip(), b'X-A: ' + b'a' * 9000), '400 above 8,192 bytes, as Heroku; haproxy allows 16 KB'),
]


class Dyno:
    """Writes down what comes, answers each connection once."""
    def __init__(self):
        self.server = socket.create_server(('127.0.0.1', 0), backlog=64)
        self.port = self.server.getsockname()[1]
        self.seen, self.lock = [], threading.Lock()
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self):
        while True:
            s, _ = self.server.accept()
            threading.Thread(target=self.serve, args=(s,), daemon=True).start()

    def serve(self, s):
        s.settimeout(0.25)
        data = b''
        try:
            while True:
                more = s.recv(65536)
                if not more:
                    break
                data += more
        except OSError:
            pass
        if data:
            with self.lock:
                self.seen.append(data)
            try:
                s.sendall(b'HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok')
            except OSError:
                pass
        s.close()

    def take(self):
        with self.lock:
            seen, self.seen = self.seen, []
        return seen


def ask(port, data):
    with socket.create_connection(('127.0.0.1', port), 5) as s:
        s.settimeout(1.2)
        out = b''
        try:
            s.sendall(data)
            while True:
                more = s.recv(65536)
                if not more:
                    break
                out += more
        except OSError:
            pass
    return [m.decode() for m in re.findall(rb'HTTP/1\.[01] ([0-9]{3})', out) if m != b'100']


def forwarded(data):
    """Request line, headers that a proxy does not add by itself in order, and the body's bytes."""
    head, _, body = data.partition(b'\r\n\r\n')
    lines = head.split(b'\r\n')
    kept = [lines[0]] + sorted(l.lower() for l in lines[1:] if not OURS.match(l))
    return b' | '.join(kept) + (b' || ' + body if body else b'')


def answer(port, dyno, data):
    statuses = ask(port, data)
    time.sleep(0.3)
    seen = dyno.take()
    return ' '.join(statuses) or 'closed', [forwarded(d) for d in sorted(seen)]


def proxies(dyno, scratch):
    """name -> (port, process)"""
    out = {}

    def free():
        with socket.socket() as s:
            s.bind(('127.0.0.1', 0))
            return s.getsockname()[1]
    port = free()
    routes = os.path.join(scratch, 'routes.json')
    with open(routes, 'w') as f:
        f.write('{"timeouts":{"header_ms":800,"first_byte_ms":3000,"idle_ms":1500},"apps":[{"name":"a","hosts":["a.localhost","other"],"dyno_keepalive":false,'
                '"dynos":[{"name":"web.1","address":"127.0.0.1:%d"}]}]}' % dyno.port)
    out['paddock'] = port, subprocess.Popen([os.path.join(REPOSITORY, 'paddock'), 'router', '--http', '127.0.0.1:%d' % port, '--routes', routes],
                                            stdout=subprocess.DEVNULL)
    if shutil.which('haproxy', path=os.environ['PATH'] + ':/usr/sbin'):
        port = free()
        conf = os.path.join(scratch, 'haproxy.cfg')
        with open(conf, 'w') as f:
            f.write('global\n maxconn 100\ndefaults\n mode http\n timeout client 2s\n timeout server 3s\n timeout connect 1s\n timeout http-request 800\n option http-server-close\n'
                    'frontend f\n bind 127.0.0.1:%d\n default_backend b\nbackend b\n server s 127.0.0.1:%d\n' % (port, dyno.port))
        out['haproxy'] = port, subprocess.Popen(['/usr/sbin/haproxy', '-db', '-f', conf], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    if shutil.which('nginx', path=os.environ['PATH'] + ':/usr/sbin'):
        port = free()
        conf = os.path.join(scratch, 'nginx.conf')
        with open(conf, 'w') as f:
            f.write('daemon off; master_process off; pid %s/nginx.pid; error_log /dev/null; events {}\nhttp { access_log off; client_body_temp_path %s/b; proxy_temp_path %s/p; fastcgi_temp_path %s/f; '
                    'uwsgi_temp_path %s/u; scgi_temp_path %s/s; client_header_timeout 1s; server { listen 127.0.0.1:%d; location / { proxy_pass http://127.0.0.1:%d; proxy_http_version 1.1; '
                    'proxy_set_header Host $http_host; proxy_set_header Connection ""; } } }\n' % ((scratch,) * 6 + (port, dyno.port)))
        out['nginx'] = port, subprocess.Popen(['/usr/sbin/nginx', '-c', conf], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    for port, _ in out.values():
        for _ in range(200):
            try:
                socket.create_connection(('127.0.0.1', port), 1).close()
                break
            except OSError:
                time.sleep(0.05)
    return out


def shown(result):
    statuses, seen = result
    text = statuses
    if seen:
        text += ' → ' + ' ⏎ '.join(s.decode('latin-1') for s in seen)
    text = ''.join(c if ' ' <= c <= '~' or c in '→⏎' else '\\x%02x' % ord(c) for c in text).replace('|', '¦')
    return text if len(text) < 130 else text[:126] + ' ...'


def main():
    a = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    a.add_argument('--markdown')
    o = a.parse_args()
    unexplained, same, rows = [], 0, []
    with tempfile.TemporaryDirectory() as scratch:
        dyno = Dyno()
        running = proxies(dyno, scratch)
        try:
            names = list(running)
            for name, data, why in CASES:
                results = {p: answer(running[p][0], dyno, data) for p in names}
                if len({repr(r) for r in results.values()}) == 1:
                    same += 1
                    continue
                if why is None:
                    unexplained.append((name, results))
                rows.append('| %s | %s | %s |' % (name, ' | '.join('`%s`' % shown(results[p]) for p in names), why or '**unexplained**'))
        finally:
            for _, process in running.values():
                process.send_signal(signal.SIGTERM)
            for _, process in running.values():
                process.wait(40)
    table = ['| sent | %s | why |' % ' | '.join(names), '|---|%s---|' % ('---|' * len(names))] + rows
    text = '%d byte streams; %d treated alike by %s; the rest:\n\n%s\n' % (len(CASES), same, ', '.join(names), '\n'.join(table))
    print(text)
    if o.markdown:
        with open(o.markdown, 'w') as f:
            f.write('# The same bytes through three proxies\n\nMade by `bench/differential.py`. A cell: statuses to the client, and behind the arrow what reached the dyno '
                    '(request line, headers the proxy does not add itself, body).\n\n' + text)
    for name, results in unexplained:
        print('unexplained:', name, results, file=sys.stderr)
    return 1 if unexplained else 0


if __name__ == '__main__':
    sys.exit(main())
