#!/usr/bin/env python3
"""From the wish for a web dyno to its first 200 through the router: cold, and where a spare waits.

Starts a platform of its own, pushes an example and asks the router all the while. A cold start is web=0 -> web=1; from a
spare begins the dyno that replaces one by `heroku restart`. The example's own start is in both figures and printed
beside them. Needs root. Usage: bench/first_200.py [--rounds N]
"""
import argparse, os, re, shutil, subprocess, sys, tempfile, time
from main_job import PADDOCK, REPOSITORY, Platform, ports, push, row

APP = 'first'
LIMIT = 60


def example(scratch):
    """The Python example, answering with its port too: that is another one after each start."""
    source = os.path.join(scratch, 'example')
    shutil.copytree(os.path.join(REPOSITORY, 'examples', 'python'), source)
    path = os.path.join(source, 'app.py')
    program = open(path).read()
    assert "!\\n\"" in program, 'the example has changed'
    open(path, 'w').write(program.replace("!\\n\"", " at {port}\\n\""))
    for command in (['init', '-q', '-b', 'main'], ['add', '-A'], ['-c', 'user.name=bench', '-c', 'user.email=bench@localhost', 'commit', '-qm', 'example']):
        subprocess.run(['git', *command], cwd=source, check=True)
    return source


def own_start(source):
    """Milliseconds that the program takes to its first line, just before its port is open, without any platform."""
    port = ports(1)[0]
    begun = time.monotonic()
    process = subprocess.Popen([sys.executable, '-u', 'app.py'], cwd=source, env=dict(os.environ, PORT=str(port)), stdout=subprocess.PIPE)
    process.stdout.readline()
    took = time.monotonic() - begun
    process.kill()
    process.wait()
    process.stdout.close()
    return took * 1000


def until(platform, good):
    """Asks until an answer is good; returns the port that gave it."""
    end = time.monotonic() + LIMIT
    while time.monotonic() < end:
        status, body = platform.get(APP)
        port = re.search(r'at (\d+)', body)
        if status == 200 and port and good(port.group(1)):
            return port.group(1)
    sys.exit('no good answer within %d s' % LIMIT)


def web(platform, n):
    platform.call('PATCH', '/apps/%s/formation' % APP, {'updates': [{'type': 'web', 'quantity': n}]})


def cold(platform):
    web(platform, 0)
    while platform.call('GET', '/apps/%s/dynos' % APP) or platform.get(APP)[0] == 200:
        time.sleep(0.05)
    time.sleep(1)
    begun = time.monotonic()
    web(platform, 1)
    until(platform, lambda port: True)
    return (time.monotonic() - begun) * 1000


def replaced(platform):
    old = until(platform, lambda port: True)
    # A spare is made a second after the last start.
    time.sleep(3)
    begun = time.monotonic()
    platform.call('DELETE', '/apps/%s/dynos' % APP)
    until(platform, lambda port: port != old)
    return (time.monotonic() - begun) * 1000


def main():
    a = argparse.ArgumentParser(description=__doc__)
    a.add_argument('--rounds', type=int, default=10)
    o = a.parse_args()
    scratch = tempfile.mkdtemp(prefix='paddock-bench.')
    data = os.path.join(scratch, 'data')
    platform = None
    try:
        source = example(scratch)
        platform = Platform(data, ports(4))
        platform.call('POST', '/apps', {'name': APP})
        push(platform, source, APP)
        row('the example alone: start -> its first line', [own_start(source) for _ in range(o.rounds)], 'ms', '-')
        row('web=0 -> web=1: first 200 through the router', [cold(platform) for _ in range(o.rounds)], 'ms', '-')
        row('restart, from a spare: first 200 of the new dyno', [replaced(platform) for _ in range(o.rounds)], 'ms', '-')
    finally:
        if platform and platform.process.poll() is None:
            platform.stop()
        subprocess.run([PADDOCK, 'down', '--purge', '--data', data], stderr=subprocess.DEVNULL)
        shutil.rmtree(scratch, ignore_errors=True)


if __name__ == '__main__':
    main()
