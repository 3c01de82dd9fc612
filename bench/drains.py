#!/usr/bin/env python3
"""How many log lines a second go through drains, and how many are lost.

  bench/drains.py [--lines 100000] [--apps 20] [--seconds 20] [--kind http|syslog] [--bytes 100]

Starts a platform of its own, with --apps apps of one worker each that writes its share of --lines a second, evenly; each app has
one drain to a receiver (drain_receiver.c), which counts frames, and what L10 lines tell of as dropped. The figures
are of the middle of the run: lines written, received, told as dropped; CPU of the platform. Needs root, and cc for the receiver.
"""
import argparse, json, os, shutil, subprocess, sys, tempfile, time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from main_job import PADDOCK, REPOSITORY, Platform, cpu, family, ports  # noqa: E402

# Writes numbered lines in bursts of 10 ms; what cannot be written in time is written late.
WORKER = r'''
import os, sys, time
rate, size = int(os.environ["RATE"]), int(os.environ["BYTES"])
pad = "x" * max(0, size - 18)
n, begun = 0, time.monotonic()
while True:
    due = int((time.monotonic() - begun) * rate)
    if due > n:
        os.write(1, "".join("line %012d %s\n" % (i, pad) for i in range(n, min(due, n + 2000))).encode())
        n = min(due, n + 2000)
    if due - n < rate // 100:
        time.sleep(0.01)
'''


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name, default in (('lines', 100000), ('apps', 20), ('seconds', 20), ('bytes', 100)):
        p.add_argument('--' + name, type=int, default=default)
    p.add_argument('--kind', choices=('http', 'syslog'), default='http')
    o = p.parse_args()
    scratch = tempfile.mkdtemp(prefix='paddock-bench.')
    receiver = platform = None
    try:
        program = os.path.join(scratch, 'receiver')
        subprocess.run(['cc', '-O2', '-o', program, os.path.join(REPOSITORY, 'bench/drain_receiver.c'), '-lpthread'], check=True)
        port = ports(1)[0]
        receiver = subprocess.Popen([program, str(port), o.kind], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

        def counts():
            """Frames received and lines told as dropped so far."""
            receiver.stdin.write('\n')
            receiver.stdin.flush()
            return [int(n) for n in receiver.stdout.readline().split()]
        counts()
        platform = Platform(os.path.join(scratch, 'data'), ports(4), ['--allow-target', '127.0.0.0/8'])
        app_folder = os.path.join(scratch, 'app')
        os.makedirs(app_folder)
        with open(os.path.join(app_folder, 'worker.py'), 'w') as f:
            f.write(WORKER)
        tgz = os.path.join(scratch, 'slug.tgz')
        subprocess.run(['tar', '-czf', tgz, '-C', os.path.join(scratch, 'app'), '.'], check=True)
        names = ['lines-%d' % i for i in range(o.apps)]
        for name in names:
            platform.call('POST', '/apps', {'name': name})
            platform.call('PATCH', '/apps/%s/config-vars' % name, {'RATE': str(o.lines // o.apps), 'BYTES': str(o.bytes)})
            slug = platform.call('POST', '/apps/%s/slugs' % name, {'process_types': {'worker': 'exec python3 -u worker.py'}})
            subprocess.run(['curl', '-sSf', '-o', '/dev/null', '-X', slug['blob']['method'].upper(), '-H', 'Content-Type:', '--data-binary', '@' + tgz, slug['blob']['url']], check=True)
            platform.call('POST', '/apps/%s/releases' % name, {'slug': slug['id']})
            platform.call('POST', '/apps/%s/log-drains' % name, {'url': '%s://127.0.0.1:%d/' % (o.kind, port)})
        for name in names:
            platform.call('PATCH', '/apps/%s/formation' % name, {'updates': [{'type': 'worker', 'quantity': 1, 'size': 'Standard-1X'}]})
        time.sleep(8)
        pids = family(platform)
        before, at, used = counts(), time.monotonic(), {n: sum(cpu(p) for p in pids if pids[p] == n) for n in set(pids.values())}
        time.sleep(o.seconds)
        after, took = counts(), time.monotonic() - at
        frames, dropped = (b - a for a, b in zip(before, after))
        for name in sorted(used):
            print('  %-10s %.2f cores' % (name, (sum(cpu(p) for p in pids if pids[p] == name) - used[name]) / took))
        print('%s drains of %d apps, %d lines/s of %d bytes wanted: %.0f lines/s received, %.0f lines/s told as dropped (%.1f s)' % (
            o.kind, o.apps, o.lines, o.bytes, frames / took, dropped / took, took), flush=True)
    finally:
        if platform:
            if platform.process.poll() is None:
                platform.stop()
            subprocess.run([PADDOCK, 'down', '--purge', '--data', platform.data], stderr=subprocess.DEVNULL)
        if receiver:
            receiver.kill()
        shutil.rmtree(scratch, ignore_errors=True)


if __name__ == '__main__':
    main()
