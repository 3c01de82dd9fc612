#!/usr/bin/env python3
"""How fast a dyno that dies is replaced, how fast an app wakes, and what a client sees of either.

Starts a platform of its own, pushes a small static server (busybox httpd) and prints:
- kill -9 of the only web dyno -> first instruction of its replacement, and -> its first answer (first crash each time);
- the same for a dyno that dies together with its conmon, so that nobody tells its end: found by the first request, through
  the router's hint, and, without requests, by the manifold's next look;
- a held request to a sleeping app -> its first byte, for as many apps as --apps, each asleep after a minute;
- --seconds of requests at --rps to three dynos of which one is killed with -9 every second: failures by what was answered.
Needs root and busybox (Debian: busybox-static). Usage: bench/heal.py [--rounds N] [--apps N] [--seconds N] [--rps N]
"""
import argparse, collections, http.client, os, re, shutil, signal, subprocess, sys, tempfile, threading, time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from main_job import PADDOCK, Platform, ports, push, row

# bash notes its first instruction in microseconds since 1970, and the server shows it.
PROCFILE = 'web: echo "$EPOCHREALTIME $DYNO" > site/index.html; exec ./busybox httpd -f -p $PORT -h site\n'


def tree(scratch):
    source = os.path.join(scratch, 'app')
    os.makedirs(os.path.join(source, 'site'))
    busybox = shutil.which('busybox') or sys.exit('bench/heal.py: busybox is missing: apt-get install busybox-static')
    shutil.copy(busybox, source)
    open(os.path.join(source, 'Procfile'), 'w').write(PROCFILE)
    open(os.path.join(source, 'site', 'index.html'), 'w').write('not started\n')
    for command in (['init', '-q', '-b', 'main'], ['add', '-A'], ['-c', 'user.name=bench', '-c', 'user.email=bench@localhost', 'commit', '-qm', 'app']):
        subprocess.run(['git', *command], cwd=source, check=True)
    return source


def dynos(platform, app):
    return {d['name']: d for d in platform.call('GET', '/apps/%s/dynos' % app) if d['type'] == 'web'}


def processes(platform, name):
    """Pids of the dyno's programs, found among those of the platform's dynos by their environment."""
    links = [os.path.join('/run/paddock', n, 'data') for n in os.listdir('/run/paddock')]
    mark = [os.path.basename(os.path.dirname(l)) for l in links if os.path.realpath(l).startswith(os.path.realpath(platform.data) + '/')]
    pids = set()
    for root, _, files in os.walk('/sys/fs/cgroup'):
        if mark and mark[0] in root and 'cgroup.procs' in files:
            pids |= set(map(int, open(os.path.join(root, 'cgroup.procs')).read().split()))
    mine = []
    for pid in pids:
        try:
            if ('DYNO=' + name).encode() in open('/proc/%d/environ' % pid, 'rb').read().split(b'\0'):
                mine.append(pid)
        except OSError:
            pass
    return mine or sys.exit('no processes of ' + name)


def kill_all(pids):
    for pid in sorted(pids, reverse=True):
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            pass


def kill(platform, name):
    kill_all(processes(platform, name))


def started(body):
    m = re.match(r'(\d+\.\d+) web\.', body)
    return float(m.group(1)) if m else 0.0


def conmon(pid):
    """The conmon above a process of a dyno."""
    while pid > 1:
        stat = open('/proc/%d/stat' % pid).read()
        if '(conmon)' in stat:
            return pid
        pid = int(stat[stat.rindex(')') + 2:].split()[1])
    sys.exit('no conmon')


def unnoticed(platform, app, asks):
    """One kill that nobody tells; seconds until the first answer of the replacement, or until the platform shows it."""
    platform.call('DELETE', '/apps/%s/dynos' % app)
    time.sleep(3)
    before, pids = dynos(platform, app)['web.1']['id'], processes(platform, 'web.1')
    begun = time.time()
    kill_all([conmon(min(pids))] + pids)
    while (platform.get(app)[0] != 200) if asks else (dynos(platform, app)['web.1']['id'] == before):
        time.sleep(0.01)
    return time.time() - begun


def replaced(platform, app):
    """One kill; seconds until the replacement's first instruction, and until its first answer."""
    # A restart by the user gives the dyno a first crash again.
    platform.call('DELETE', '/apps/%s/dynos' % app)
    before = time.time()
    while True:
        status, body = platform.get(app)
        if status == 200 and started(body) > before - 1:
            break
    time.sleep(2)
    pids = processes(platform, 'web.1')
    begun = time.time()
    kill_all(pids)
    while True:
        status, body = platform.get(app)
        if status == 200 and started(body) > begun:
            return started(body) - begun, time.time() - begun


def woken(platform, source, count):
    apps = ['sleeper-%d' % i for i in range(count)]
    for app in apps:
        platform.call('POST', '/apps', {'name': app})
        platform.call('PATCH', '/apps/%s/config-vars' % app, {'PADDOCK_SLEEP_AFTER_MINUTES': '1'})
        push(platform, source, app)
    times = []
    for app in apps:
        while dynos(platform, app).get('web.1', {}).get('state', 'idle') != 'idle':
            time.sleep(1)
        time.sleep(1)
        c = http.client.HTTPConnection('127.0.0.1', platform.http, timeout=80)
        begun = time.time()
        c.request('GET', '/', headers={'Host': app + '.localhost'})
        answer = c.getresponse()
        times.append(time.time() - begun)
        if answer.status != 200:
            sys.exit('a waking request got %d' % answer.status)
        c.close()
    return times


class Load:
    """Requests at a steady rate from 16 clients, each on its kept connection; what came back, counted."""
    CLIENTS = 16

    def __init__(self, platform, app, rps):
        self.port, self.app, self.rps = platform.http, app, rps
        self.seen, self.when, self.lock, self.stopped = collections.Counter(), [], threading.Lock(), threading.Event()
        self.threads = [threading.Thread(target=self.ask, args=(i,)) for i in range(self.CLIENTS)]
        for t in self.threads:
            t.start()

    def ask(self, number):
        due = time.monotonic() + number / self.rps
        connection = None
        while not self.stopped.wait(max(0, due - time.monotonic())):
            due = max(due + self.CLIENTS / self.rps, time.monotonic() - 1)
            try:
                connection = connection or http.client.HTTPConnection('127.0.0.1', self.port, timeout=40)
                connection.request('GET', '/', headers={'Host': self.app + '.localhost'})
                answer = connection.getresponse()
                body = answer.read().decode()
                code = re.search(r'H\d\d', body)
                what = '200' if answer.status == 200 else ('%d %s' % (answer.status, code.group(0) if code else '')).strip()
                if answer.will_close:
                    connection = None
            except (OSError, http.client.HTTPException) as e:
                what, connection = type(e).__name__, None
            with self.lock:
                self.seen[what] += 1
                if what != '200':
                    self.when.append((time.time(), what))

    def stop(self):
        self.stopped.set()
        for t in self.threads:
            t.join()
        return self.seen


def stormed(platform, app, seconds, rps):
    """Requests while one of three dynos dies each second."""
    platform.call('PATCH', '/apps/%s/formation' % app, {'updates': [{'type': 'web', 'quantity': 3}]})
    while len({platform.get(app)[1].split()[-1] for _ in range(12)}) < 3:
        pass
    load, kills, end = Load(platform, app, rps), 0, time.monotonic() + seconds
    while time.monotonic() < end - 1:
        time.sleep(1)
        name = 'web.%d' % (kills % 3 + 1)
        if dynos(platform, app).get(name, {}).get('state') == 'up':
            kill(platform, name)
            kills += 1
    return kills, load.stop()


def main():
    a = argparse.ArgumentParser(description=__doc__)
    for name, usual in (('rounds', 10), ('apps', 5), ('seconds', 20), ('rps', 500)):
        a.add_argument('--' + name, type=int, default=usual)
    o = a.parse_args()
    scratch = tempfile.mkdtemp(prefix='paddock-bench.')
    data = os.path.join(scratch, 'data')
    platform = None
    try:
        source = tree(scratch)
        platform = Platform(data, ports(4))
        platform.call('POST', '/apps', {'name': 'static'})
        push(platform, source, 'static')
        both = [replaced(platform, 'static') for _ in range(o.rounds)]
        row('kill -9 -> first instruction of the replacement', [b[0] * 1000 for b in both], 'ms', '<= 40')
        row('kill -9 -> first answer of the replacement', [b[1] * 1000 for b in both], 'ms', '<= 100')
        row('end that nobody tells -> first answer', [unnoticed(platform, 'static', True) * 1000 for _ in range(o.rounds)], 'ms', '-')
        row('end that nobody tells, no requests -> replaced', [unnoticed(platform, 'static', False) * 1000 for _ in range(min(3, o.rounds))], 'ms', '-')
        if o.seconds:
            kills, seen = stormed(platform, 'static', o.seconds, o.rps)
            print('%d requests at %d/s to 3 dynos, %d killed: %s' % (sum(seen.values()), o.rps, kills, ', '.join('%d x %s' % (n, w) for w, n in seen.most_common())), flush=True)
        if o.apps:
            row('request to a sleeping app -> its first byte', [s * 1000 for s in woken(platform, source, o.apps)], 'ms', '<= 100')
    finally:
        if platform and platform.process.poll() is None:
            platform.stop()
        subprocess.run([PADDOCK, 'down', '--purge', '--data', data], stderr=subprocess.DEVNULL)
        shutil.rmtree(scratch, ignore_errors=True)


if __name__ == '__main__':
    main()
