#!/usr/bin/env python3
"""A long life of one platform: for --minutes releases, restarts, scalings, deaths of dynos, and the death of the platform itself,
in an order that --seed decides, under --rps requests. Prints what was done and what failed, and fails when a request failed
that nothing explains, or when the purge at the end leaves anything behind.

What explains a failure: H13 or a cut connection within 5 s of a dyno that was killed with -9, at most one for each client then.
Needs root and busybox (Debian: busybox-static). Usage: bench/soak.py [--minutes N] [--rps N] [--seed N]
"""
import argparse, collections, os, random, shutil, subprocess, sys, tempfile, time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from heal import Load, dynos, kill, tree
from main_job import PADDOCK, Platform, ports, push

APP = 'soak'


class Life:
    """The platform, and what is done to it."""

    def __init__(self, scratch, chance):
        self.scratch, self.chance = scratch, chance
        self.data, self.ports = os.path.join(scratch, 'data'), ports(4)
        self.platform = Platform(self.data, self.ports)
        self.done, self.kills = collections.Counter(), []
        self.number = 0

    def begin(self):
        self.platform.call('POST', '/apps', {'name': APP})
        push(self.platform, tree(self.scratch), APP)
        self.scale(3)

    def up(self):
        """Names of the dynos that are up, when all of the formation are."""
        wanted = next(f['quantity'] for f in self.platform.call('GET', '/apps/%s/formation' % APP) if f['type'] == 'web')
        end = time.monotonic() + 60
        while True:
            names = sorted(n for n, d in dynos(self.platform, APP).items() if d['state'] == 'up')
            if len(names) == wanted:
                return names
            if time.monotonic() > end:
                sys.exit('after %s only %s of %d dynos are up' % (dict(self.done), names, wanted))
            time.sleep(0.1)

    def scale(self, quantity):
        self.platform.call('PATCH', '/apps/%s/formation' % APP, {'updates': [{'type': 'web', 'quantity': quantity}]})

    def release(self):
        self.number += 1
        self.platform.call('PATCH', '/apps/%s/config-vars' % APP, {'NUMBER': str(self.number)})

    def rescale(self):
        self.scale(self.chance.randint(2, 5))

    def restart(self):
        self.platform.call('DELETE', '/apps/%s/dynos' % APP)

    def death(self):
        name = self.chance.choice(self.up())
        # What dies in its first second failed to start, and would wait for its next one.
        time.sleep(1.5)
        self.kills.append(time.time())
        kill(self.platform, name)

    def rebirth(self):
        """The platform dies; router, database and dynos go on, and the next one takes them over."""
        self.platform.process.kill()
        self.platform.process.wait()
        self.platform = Platform(self.data, self.ports)

    def replacement(self):
        former = self.platform.process
        names = ('api', 'rendezvous', 'http', 'https')
        self.platform.process = subprocess.Popen(
            [PADDOCK, 'up', '--replace', '--data', self.data] + sum((['--' + n, '127.0.0.1:%d' % p] for n, p in zip(names, self.ports)), []),
            stdout=subprocess.PIPE, stderr=self.platform.err, text=True, start_new_session=True)
        if not self.platform.process.stdout.readline().startswith('ready '):
            sys.exit('the replacement did not start; see ' + self.platform.err.name)
        former.wait(60)

    def step(self):
        act = self.chance.choices([self.release, self.rescale, self.restart, self.death, self.rebirth, self.replacement], [6, 4, 4, 6, 1, 1])[0]
        act()
        self.done[act.__name__] += 1
        time.sleep(self.chance.uniform(0.2, 2))
        self.up()


def mark_of(data):
    """What every name that the platform gives on this machine carries."""
    return next(n for n in os.listdir('/run/paddock') if os.path.realpath('/run/paddock/%s/data' % n).startswith(data))


LEFT = """
grep -e "$MARK" -e "$DATA" /proc/self/mountinfo
ls -d /run/paddock/*"$MARK"* /run/netns/*"$MARK"* "$DATA"
find /sys/fs/cgroup -type d -name "*$MARK*"
nft list tables | grep "$MARK"
ip -o link | grep "$MARK"
ps -eo pid,args | grep -e "$MARK" -e "$DATA/" | grep -v -e grep -e 'sh -c'
"""


def left(mark, data):
    """What still bears the platform's name or directory."""
    found = subprocess.run(LEFT, shell=True, env=dict(os.environ, MARK=mark, DATA=data), capture_output=True, text=True)
    return found.stdout.split('\n')[:-1]


def main():
    a = argparse.ArgumentParser(description=__doc__)
    for name, usual in (('minutes', 60), ('rps', 200), ('seed', 1)):
        a.add_argument('--' + name, type=int, default=usual)
    o = a.parse_args()
    scratch = tempfile.mkdtemp(prefix='paddock-soak.')
    life = None
    try:
        life = Life(scratch, random.Random(o.seed))
        life.begin()
        mark = mark_of(life.data)
        descriptors = len(os.listdir('/proc/%d/fd' % life.platform.process.pid))
        load, end = Load(life.platform, APP, o.rps), time.monotonic() + o.minutes * 60
        while time.monotonic() < end:
            life.step()
        seen = load.stop()
        near = [w for t, w in load.when if any(0 <= t - k < 5 for k in life.kills)]
        explained = [w for w in near if w in ('503 H13', 'RemoteDisconnected', 'IncompleteRead', 'ConnectionResetError')]
        print('done: ' + ', '.join('%d x %s' % (n, w) for w, n in life.done.most_common()))
        print('%d requests: %s' % (sum(seen.values()), ', '.join('%d x %s' % (n, w) for w, n in seen.most_common())))
        unexplained = len(load.when) - len(explained) + max(0, len(explained) - Load.CLIENTS * len(life.kills))
        print('%d failed with a dyno that was killed, %d unexplained: %s' % (len(explained), unexplained, [(time.strftime('%T', time.localtime(t)), w) for t, w in load.when if w not in explained][:20]))
        print('descriptors of the platform: %d at first, %d now' % (descriptors, len(os.listdir('/proc/%d/fd' % life.platform.process.pid))))
        life.platform.stop()
        subprocess.run([PADDOCK, 'down', '--purge', '--data', life.data], stderr=subprocess.DEVNULL)
        remains = left(mark, life.data)
        print('left behind: %s' % (remains or 'nothing'))
        return 1 if unexplained or remains else 0
    finally:
        if life and life.platform.process.poll() is None:
            life.platform.stop()
        if life:
            subprocess.run([PADDOCK, 'down', '--purge', '--data', life.data], stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
        shutil.rmtree(scratch, ignore_errors=True)


if __name__ == '__main__':
    sys.exit(main())
