#!/usr/bin/env python3
"""The acceptance runs: the router's black-box cases; then, against a platform that is started here, the real Heroku CLI, a client
library from the npm registry, and pushes of the examples; then the user's guide, block by block.

A failing case must stand in accepted-failures.txt with its reason; a case of that list that passes is reported so that
its line can be removed. A case that failed is tried once more on its own before it counts (timing cases on a busy machine).
"""
import json, os, re, shutil, signal, socket, subprocess, sys, tempfile, time

HERE = os.path.dirname(os.path.abspath(__file__))
REPOSITORY = os.path.dirname(HERE)
TOOLS = os.path.abspath(sys.argv[1])
ONLY = set(sys.argv[2:])  # router, cli, client, examples, guide; all when empty
CLI_VERSION = '11.10.0'
CLIENT_VERSION = '3.1.4'
# The groups of the Heroku CLI cases that this version answers. Not yet, each with the work that brings it:
CLI_GROUPS = ['auth', 'apps', 'config', 'deploy', 'router', 'ps', 'logs', 'run', 'releases', 'errors', 'buildpacks', 'maintenance', 'domains', 'certs', 'drains',
              'features', 'account', 'access', 'pipelines', 'webhooks']
CLI_NOT_YET = {
    'addons': 'add-ons are a later work', 'pg': 'add-ons are a later work',
}
CLI_CASES_NOT_YET = {
}


def say(text):
    print('\n== ' + text, flush=True)


def accepted(suite):
    out = {}
    with open(os.path.join(HERE, 'accepted-failures.txt')) as lines:
        for line in lines:
            if line.strip() and not line.startswith('#'):
                s, case, reason = line.split(None, 2)
                if s == suite:
                    out[case] = reason.strip()
    return out


def verdict(suite, results):
    """results: {case: (PASS|FAIL|SKIP, why)}; prints and returns the number of failures that count."""
    allowed = accepted(suite)
    bad = [(c, why) for c, (r, why) in results.items() if r == 'FAIL' and c not in allowed]
    for case, (result, why) in sorted(results.items()):
        if case in allowed:
            print('%s: %s (%s)' % ('accepted failure' if result == 'FAIL' else 'NOW PASSES, remove its line', case, allowed[case]))
    for case, why in bad:
        print('FAILED %s: %s' % (case, why[:300]))
    passed = sum(r == 'PASS' for r, _ in results.values())
    skipped = sum(r == 'SKIP' for r, _ in results.values())
    print('%s: %d passed, %d failed, %d accepted failures, %d skipped' % (
        suite, passed, len(bad), sum(r == 'FAIL' for c, (r, _) in results.items() if c in allowed), skipped), flush=True)
    return passed, len(bad), skipped


def run_twice(run):
    """run(only) -> results; what failed is tried once more on its own."""
    results = run(None)
    again = [c for c, (r, _) in results.items() if r == 'FAIL']
    if again and len(again) <= 25:
        say('Once more: ' + ', '.join(again))
        results.update(run(again))
    return results


def router_cases(scratch):
    folder = os.path.join(TOOLS, 'router_cases')
    command = os.path.join(REPOSITORY, 'paddock') + ' router --http {http} --https {https} --routes {routes} --log {log}'

    def run(only):
        out = os.path.join(scratch, 'router.json')
        args = [sys.executable, 'run.py', '--cmd', command, '--json', out, '--workdir', os.path.join(scratch, 'router')]
        for case in only or []:
            args += ['--only', case]
        subprocess.run(args, cwd=folder, timeout=1500)
        with open(out) as f:
            return {c['id']: (c['result'], c['why']) for c in json.load(f)['cases']}
    return verdict('router', run_twice(run))


def spare_ports(n):
    socks = [socket.socket() for _ in range(n)]
    for s in socks:
        s.bind(('127.0.0.1', 0))
    ports = [s.getsockname()[1] for s in socks]
    for s in socks:
        s.close()
    return ports


class Platform:
    """A platform of its own: data directory and ports that nobody else uses."""
    def __init__(self, scratch):
        self.data = os.path.join(scratch, 'data')
        api, rendezvous, http, https = spare_ports(4)
        self.err = open(os.path.join(scratch, 'platform.err'), 'wb')
        started = time.time()
        self.process = subprocess.Popen(
            [os.path.join(REPOSITORY, 'paddock'), 'up', '--data', self.data, '--api', '127.0.0.1:%d' % api, '--rendezvous', '127.0.0.1:%d' % rendezvous,
             '--http', '127.0.0.1:%d' % http, '--https', '127.0.0.1:%d' % https, '--domain', 'localhost', '--allow-target', '127.0.0.0/8'],
            stdout=subprocess.PIPE, stderr=self.err, text=True, start_new_session=True)
        line = self.process.stdout.readline()
        if not line.startswith('ready '):
            self.close()
            sys.exit('the platform did not get ready: %r\n%s' % (line, open(self.err.name).read()[-3000:]))
        print('%s (after %.1f s)' % (line.strip(), time.time() - started), flush=True)
        env = subprocess.run([os.path.join(REPOSITORY, 'paddock'), 'env', '--data', self.data], capture_output=True, text=True, check=True).stdout
        self.env = dict(re.findall(r"export (\w+)='?([^'\n;]*)'?", env))
        self.http, self.https = 'http://127.0.0.1:%d' % http, 'https://127.0.0.1:%d' % https

    def close(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(90)
            except subprocess.TimeoutExpired:
                self.process.kill()
        subprocess.run([os.path.join(REPOSITORY, 'paddock'), 'down', '--purge', '--data', self.data], timeout=180)


def from_npm(scratch, package, version):
    """The folder of a package, installed once into the cache."""
    home = os.path.join(os.environ.get('PADDOCK_CI_CACHE', scratch), '%s-%s' % (package, version))
    folder = os.path.join(home, 'node_modules', package)
    if not os.path.exists(os.path.join(folder, 'package.json')):
        say('npm install %s@%s' % (package, version))
        os.makedirs(home, exist_ok=True)
        subprocess.run(['npm', 'install', '--no-audit', '--no-fund', '--silent', '--prefix', home, '%s@%s' % (package, version)], check=True, timeout=600)
    return folder


def cli_cases(scratch, platform):
    folder = os.path.join(TOOLS, 'heroku_cli_cases')
    cli = os.path.join(from_npm(scratch, 'heroku', CLI_VERSION), 'bin/run.js')

    def run(only):
        out = os.path.join(scratch, 'cli.json')
        listed = subprocess.run([sys.executable, 'run.py', '--list', '--api', 'x', '--key', 'x', '--router', 'x', '--domain', 'x', '--cli', 'x'],
                                cwd=folder, capture_output=True, text=True).stdout
        cases = [l.split()[:2] for l in listed.splitlines() if len(l.split()) > 2 and l.split()[1] in CLI_GROUPS]
        wanted = only or [c for c, g in cases if c not in CLI_CASES_NOT_YET]
        subprocess.run([sys.executable, 'run.py', '--api', platform.env['HEROKU_HOST'], '--key', platform.env['HEROKU_API_KEY'],
                        '--router', platform.http, '--router-https', platform.https, '--domain', 'localhost', '--cli', cli,
                        '--ca', platform.env['NODE_EXTRA_CA_CERTS'], '--jobs', '2', '--only', ','.join(wanted), '--json', out],
                       cwd=folder, timeout=2700)
        with open(out) as f:
            return {c['id']: (c['result'], c['why']) for c in json.load(f)['results']}
    return verdict('cli', run_twice(run))


def client_cases(scratch, platform):
    """The life of an app through a client library that others wrote."""
    folder = from_npm(scratch, 'heroku-client', CLIENT_VERSION)

    def run(_):
        work = tempfile.mkdtemp(dir=scratch)
        done = subprocess.run(['node', os.path.join(HERE, 'heroku_client.js'), folder, platform.env['HEROKU_HOST'], platform.env['HEROKU_API_KEY']],
                              env=dict(os.environ, SCRATCH=work), capture_output=True, text=True, timeout=180)
        print(done.stdout.strip(), flush=True)
        return {'heroku-client-' + CLIENT_VERSION: ('PASS' if done.returncode == 0 else 'FAIL', done.stderr[-1500:])}
    return verdict('client', run_twice(run))


def example_cases(scratch, platform):
    """Each folder of examples is pushed twice, answers through the router, and the second build uses what the first left."""
    sys.path.insert(0, HERE)
    import examples
    return verdict('examples', run_twice(lambda only: examples.run(REPOSITORY, scratch, platform, only)))


def guide_cases(scratch):
    sys.path.insert(0, HERE)
    import guide
    cli = os.path.join(from_npm(scratch, 'heroku', CLI_VERSION), 'bin')
    return verdict('guide', run_twice(lambda _: guide.run(REPOSITORY, scratch, cli)))


def on_one_platform(scratch, suites):
    say('A platform for the next suites')
    platform = Platform(scratch)
    sums = [0, 0, 0]
    try:
        sys.path.insert(0, HERE)
        import sleeper
        asleep = sleeper.Sleeper(REPOSITORY, scratch, platform)
        for name, suite in suites:
            say('Acceptance: ' + name)
            sums = [a + b for a, b in zip(sums, suite(scratch, platform))]
        say('Acceptance: sleep')
        return [a + b for a, b in zip(sums, verdict('sleep', {'sleeping-app-wakes': asleep.wake()}))]
    finally:
        platform.close()
        print(open(os.path.join(scratch, 'platform.err'), errors='replace').read()[-1500:])


def main():
    scratch = tempfile.mkdtemp(prefix='paddock-ci.')
    sums = [0, 0, 0]

    def wanted(name):
        return not ONLY or name in ONLY
    try:
        if wanted('router'):
            say('Acceptance: router')
            sums = [a + b for a, b in zip(sums, router_cases(scratch))]
        on_platform = [(n, s) for n, s in (('cli', cli_cases), ('client', client_cases), ('examples', example_cases)) if wanted(n)]
        if on_platform:
            sums = [a + b for a, b in zip(sums, on_one_platform(scratch, on_platform))]
        if wanted('guide'):
            say('Acceptance: guide')
            sums = [a + b for a, b in zip(sums, guide_cases(scratch))]
        say('Not yet, with the work that brings it')
        for name, reason in list(CLI_NOT_YET.items()) + list(CLI_CASES_NOT_YET.items()):
            print('%-28s %s' % (name, reason))
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    passed, failed, skipped = sums
    print('\n%d passed, %d failed, %d skipped' % (passed, failed, skipped), flush=True)
    return 1 if failed or not passed else 0


if __name__ == '__main__':
    sys.exit(main())
