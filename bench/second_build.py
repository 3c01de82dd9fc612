#!/usr/bin/env python3
"""How much faster the second build of a Node app is, whose dependencies did not change.

Starts a platform of its own; each round pushes an example as a new app, then an empty commit. A build's seconds are those from
the first line that git shows of it to the last. npm's own cache is of no use to the first one: each app has a cache of its own.
Needs root, npm, and the registry that npm is set to. The example has one small dependency, so that both builds are mostly
other work; --add gives it more. Usage: bench/second_build.py [--rounds N] [--add PACKAGE...]
"""
import argparse, os, shutil, subprocess, sys, tempfile, time
from main_job import PADDOCK, REPOSITORY, Platform, ports, row

# What npm prints where its registry cannot be reached.
UNREACHABLE = ('EAI_AGAIN', 'ECONNREFUSED', 'ENOTFOUND', 'ETIMEDOUT')
REUSED = 'reusing what the last build installed'


def build(platform, source, app):
    """Pushes HEAD; seconds of the build, and all that it said."""
    env = dict(os.environ, GIT_TERMINAL_PROMPT='0', GIT_SSL_CAINFO=platform.env['NODE_EXTRA_CA_CERTS'])
    url = 'https://heroku:%s@localhost:%d/%s.git' % (platform.key, platform.api, app)
    push = subprocess.Popen(['git', 'push', url, 'HEAD:main'], cwd=source, env=env, stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True)
    begun, said = None, []
    for line in push.stderr:
        if begun is None and line.startswith('remote:'):
            begun = time.monotonic()
        said.append(line)
    ended = time.monotonic()
    said = ''.join(said)
    if push.wait(60):
        sign = next((sign for sign in UNREACHABLE if sign in said), None)
        sys.exit('npm cannot reach its registry (%s): nothing was measured' % sign if sign else 'the push failed:\n' + said[-3000:])
    return ended - begun, said


def git(source, *arguments):
    subprocess.run(['git', '-c', 'user.name=bench', '-c', 'user.email=bench@localhost', *arguments], cwd=source, check=True)


def main():
    a = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    a.add_argument('--rounds', type=int, default=5)
    a.add_argument('--add', nargs='*', default=[], metavar='PACKAGE', help='what the app depends on besides, as express@4')
    o = a.parse_args()
    if not shutil.which('npm'):
        sys.exit('there is no npm: nothing was measured')
    scratch = tempfile.mkdtemp(prefix='paddock-bench.')
    source = os.path.join(scratch, 'example')
    shutil.copytree(os.path.join(REPOSITORY, 'examples', 'node'), source)
    if o.add and subprocess.run(['npm', 'install', '--package-lock-only', '--ignore-scripts', '--no-audit', '--no-fund', '--silent', *o.add], cwd=source).returncode:
        sys.exit('npm cannot lock these packages: nothing was measured')
    git(source, 'init', '-q', '-b', 'main')
    git(source, 'add', '-A')
    git(source, 'commit', '-qm', 'first')
    data = os.path.join(scratch, 'data')
    platform = Platform(data, ports(4))
    first, second = [], []
    try:
        for i in range(o.rounds):
            app = 'build-%d' % i
            platform.call('POST', '/apps', {'name': app})
            took, _ = build(platform, source, app)
            git(source, 'commit', '-q', '--allow-empty', '-m', 'again')
            again, said = build(platform, source, app)
            if REUSED not in said:
                sys.exit('the second build reused nothing:\n' + said[-3000:])
            first.append(took)
            second.append(again)
            platform.call('DELETE', '/apps/' + app)
        row('first build', first, 's', 'none')
        row('second build', second, 's', 'none')
        row('second / first', [b / a for a, b in zip(first, second)], '', 'at most 0.33')
    finally:
        platform.stop()
        subprocess.run([PADDOCK, 'down', '--purge', '--data', data], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        shutil.rmtree(scratch, ignore_errors=True)


if __name__ == '__main__':
    main()
