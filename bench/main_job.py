#!/usr/bin/env python3
"""How fast the main job is: start, push, scale, and what it costs at rest.

Starts platforms of its own (own data directory and ports), drives them by the API, git and the router, and prints for
each figure: n, min, median, max, beside the goal. Needs root for real dynos. Usage: bench/main_job.py [--rounds N]
"""
import argparse, base64, http.client, json, os, re, shutil, signal, socket, statistics, subprocess, sys, tempfile, threading, time, urllib.request

REPOSITORY = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
PADDOCK = os.path.join(REPOSITORY, 'paddock')


def ports(n):
    socks = [socket.socket() for _ in range(n)]
    for s in socks:
        s.bind(('127.0.0.1', 0))
    out = [s.getsockname()[1] for s in socks]
    for s in socks:
        s.close()
    return out


class Platform:
    def __init__(self, data, numbers, more=()):
        self.data, (self.api, self.rendezvous, self.http, self.https) = data, numbers
        self.err = open(data + '.err', 'ab')
        begun = time.monotonic()
        self.process = subprocess.Popen(
            [PADDOCK, 'up', '--data', data] + sum((['--' + n, '127.0.0.1:%d' % p] for n, p in zip(('api', 'rendezvous', 'http', 'https'), numbers)), []) + list(more),
            stdout=subprocess.PIPE, stderr=self.err, text=True, start_new_session=True)
        line = self.process.stdout.readline()
        self.seconds = time.monotonic() - begun
        if not line.startswith('ready '):
            sys.exit('no ready line: %r; its messages end with\n%s' % (line, open(self.err.name, errors='replace').read()[-3000:]))
        env = subprocess.run([PADDOCK, 'env', '--data', data], capture_output=True, text=True, check=True).stdout
        self.env = dict(re.findall(r"export (\w+)='?([^'\n;]*)'?", env))
        self.key = self.env['HEROKU_API_KEY']

    def call(self, method, path, body=None):
        r = urllib.request.Request('http://127.0.0.1:%d%s' % (self.api, path), json.dumps(body).encode() if body is not None else None,
                                   {'Accept': 'application/vnd.heroku+json; version=3', 'Content-Type': 'application/json', 'Authorization': 'Bearer ' + self.key}, method=method)
        with urllib.request.urlopen(r, timeout=60) as a:
            return json.loads(a.read() or b'null')

    def get(self, app, path='/'):
        c = http.client.HTTPConnection('127.0.0.1', self.http, timeout=20)
        try:
            c.request('GET', path, headers={'Host': app + '.localhost'})
            r = c.getresponse()
            return r.status, r.read().decode()
        except OSError:
            return 0, ''
        finally:
            c.close()

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        self.process.wait(90)


def push(platform, source, app):
    """Pushes once; seconds from the end of the upload (the first line that comes back) to the first 200."""
    env = dict(os.environ, GIT_TERMINAL_PROMPT='0', GIT_SSL_CAINFO=platform.env['NODE_EXTRA_CA_CERTS'])
    url = 'https://heroku:%s@localhost:%d/%s.git' % (platform.key, platform.api, app)
    p = subprocess.Popen(['git', 'push', url, 'HEAD:main'], cwd=source, env=env, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL)
    uploaded = [None]

    def read():
        for line in p.stderr:
            if uploaded[0] is None and line.startswith(b'remote:'):
                uploaded[0] = time.monotonic()
    t = threading.Thread(target=read)
    t.start()
    status = 0
    end = time.monotonic() + 60
    while status != 200 and time.monotonic() < end:
        status = platform.get(app)[0]
        if status != 200:
            time.sleep(0.01)
    answered = time.monotonic()
    p.wait(60)
    t.join(5)
    if status != 200 or p.returncode:
        sys.exit('push failed: status %s, git %s' % (status, p.returncode))
    return answered - uploaded[0]


def scale(platform, app, n):
    """web=1 -> web=n: seconds until n different dynos answered through the router."""
    begun = time.monotonic()
    platform.call('PATCH', '/apps/%s/formation' % app, {'updates': [{'type': 'web', 'quantity': n}]})
    seen = set()
    while len(seen) < n:
        status, body = platform.get(app)
        m = re.search(r'web\.\d+', body)
        if status == 200 and m:
            seen.add(m.group(0))
        if time.monotonic() - begun > 60:
            sys.exit('only %s answered' % sorted(seen))
    return time.monotonic() - begun


def family(platform):
    """Pids of platform, router and PostgreSQL of this data directory, by name."""
    out = {}
    status = subprocess.run([PADDOCK, 'status', '--data', platform.data], capture_output=True, text=True).stdout
    for name, pid in re.findall(r'(?m)^(platform|router|database)\s+process (\d+)', status):
        todo = [int(pid)]
        while todo:
            p = todo.pop()
            out[p] = name
            try:
                kids = open('/proc/%d/task/%d/children' % (p, p)).read().split()
            except OSError:
                kids = []
            if name != 'platform':
                todo += [int(k) for k in kids]
    return out


def pss_mb(pid):
    try:
        return int(re.search(r'^Pss:\s+(\d+)', open('/proc/%d/smaps_rollup' % pid).read(), re.M).group(1)) / 1024
    except (OSError, AttributeError):
        return 0.0


def cpu(pid):
    try:
        f = open('/proc/%d/stat' % pid).read()
        f = f[f.rindex(')') + 2:].split()
        return (int(f[11]) + int(f[12])) / os.sysconf('SC_CLK_TCK')
    except OSError:
        return 0.0


def row(name, values, unit, goal):
    print('%-52s n=%-2d min %7.2f  median %7.2f  max %7.2f %-3s goal %s' % (name, len(values), min(values), statistics.median(values), max(values), unit, goal), flush=True)


def main():
    a = argparse.ArgumentParser(description=__doc__)
    a.add_argument('--rounds', type=int, default=5)
    a.add_argument('--idle', type=int, default=30, help='seconds of rest that are measured')
    o = a.parse_args()
    cpuinfo = open('/proc/cpuinfo').read()
    print('machine: %d cores, %s, kernel %s' % (os.cpu_count(), re.search(r'model name\s*:\s*(.*)', cpuinfo).group(1), os.uname().release))
    scratch = tempfile.mkdtemp(prefix='paddock-bench.')
    fresh, again, pushes, scales = [], [], [], []
    example = os.path.join(scratch, 'example')
    shutil.copytree(os.path.join(REPOSITORY, 'examples', 'python'), example)
    for command in (['init', '-q', '-b', 'main'], ['add', '-A'], ['-c', 'user.name=bench', '-c', 'user.email=bench@localhost', 'commit', '-qm', 'example']):
        subprocess.run(['git', *command], cwd=example, check=True)
    platform = None
    try:
        for i in range(o.rounds):
            data = os.path.join(scratch, 'data%d' % i)
            platform = Platform(data, ports(4))
            fresh.append(platform.seconds)
            # Purged at the end: after thousands of deletions new files were slow here for a while (up to a millisecond each).
            platform.stop()
        for i in range(o.rounds):
            platform = Platform(data, ports(4))
            again.append(platform.seconds)
            if i < o.rounds - 1:
                platform.stop()
        row('up, fresh data directory', fresh, 's', '<= 4')
        row('up, existing data directory', again, 's', '<= 2.5')
        for i in range(o.rounds):
            app = 'bench-%d' % i
            platform.call('POST', '/apps', {'name': app})
            pushes.append(push(platform, example, app))
            scales.append(scale(platform, app, 10))
            if i < o.rounds - 1:
                platform.call('DELETE', '/apps/' + app)
        row('push: end of upload -> first 200', pushes, 's', '<= 2')
        row('scale web=1 -> web=10, all ten answering', scales, 's', '<= 2')
        time.sleep(10)
        pids = family(platform)
        before = {p: cpu(p) for p in pids}
        time.sleep(o.idle)
        used = {p: cpu(p) - before[p] for p in pids}
        for name in sorted(set(pids.values())):
            mine = [p for p in pids if pids[p] == name]
            print('  %-10s %d processes, %6.1f MB PSS, %5.2f %% of a core' % (name, len(mine), sum(map(pss_mb, mine)), sum(used[p] for p in mine) / o.idle * 100))
        print('%-52s %.1f MB PSS (goal <= 400), %.2f %% of a core (goal <= 1)' % ('idle with 10 dynos', sum(map(pss_mb, pids)), sum(used.values()) / o.idle * 100))
    finally:
        if platform and platform.process.poll() is None:
            platform.stop()
        for name in os.listdir(scratch):
            if name.startswith('data') and not name.endswith('.err'):
                subprocess.run([PADDOCK, 'down', '--purge', '--data', os.path.join(scratch, name)], stderr=subprocess.DEVNULL)
        shutil.rmtree(scratch, ignore_errors=True)


if __name__ == '__main__':
    main()
