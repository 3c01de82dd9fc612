"""Runs the user's guide: every `sh` block of docs/guide.md, in order, in one shell, against a platform that the guide itself starts and removes.

A comment before a block says what cannot be done as a person does it: `<!-- run: no -->`, `<!-- run: until ready -->` (goes on
beside the next blocks), `<!-- run: 3 seconds -->`, `<!-- run: any status -->`. Ports and the data directory are ones of its own.
"""
import os, re, shlex, shutil, socket, subprocess, time

BLOCK = re.compile(r'(?:<!-- run: ([^>]*?) -->\s*\n)?```sh\n(.*?)```', re.S)
READY_SECONDS = 180
LIMIT_SECONDS = 900


def spare_ports(n):
    socks = [socket.socket() for _ in range(n)]
    for s in socks:
        s.bind(('127.0.0.1', 0))
    ports = [s.getsockname()[1] for s in socks]
    for s in socks:
        s.close()
    return ports


def run(repository, scratch, cli):
    home = os.path.join(scratch, 'guide-%d' % time.time_ns())
    checkout = os.path.join(home, 'paddock')
    os.makedirs(os.path.join(home, 'bin'))
    os.makedirs(checkout)
    os.symlink(os.path.join(repository, 'examples'), os.path.join(checkout, 'examples'))
    data = os.path.join(home, 'data')
    api, rendezvous, http, https = spare_ports(4)
    program(os.path.join(home, 'bin', 'heroku'), 'exec node %s "$@"' % shlex.quote(os.path.join(cli, 'run.js')))
    program(os.path.join(checkout, 'paddock'), '''flags=(--data %s)
[ "$1" != up ] || flags+=(--api 127.0.0.1:%d --rendezvous 127.0.0.1:%d --http 127.0.0.1:%d --https 127.0.0.1:%d)
exec %s "$@" "${flags[@]}"''' % (shlex.quote(data), api, rendezvous, http, https, shlex.quote(os.path.join(repository, 'paddock'))))
    with open(os.path.join(repository, 'docs', 'guide.md')) as f:
        text = f.read()
    script = os.path.join(home, 'guide.sh')
    with open(script, 'w') as f:
        f.write(whole(text, home).replace(':8080', ':%d' % http).replace(':8443', ':%d' % https))
    environment = {k: v for k, v in os.environ.items() if not k.startswith(('HEROKU_', 'GIT_'))}
    environment.update(HOME=home, PATH=os.path.join(home, 'bin') + ':' + environment['PATH'], GIT_CONFIG_NOSYSTEM='1',
                       GIT_AUTHOR_NAME='ci', GIT_AUTHOR_EMAIL='ci@example.com', GIT_COMMITTER_NAME='ci', GIT_COMMITTER_EMAIL='ci@example.com')
    started = time.time()
    log = os.path.join(home, 'log')
    try:
        with open(log, 'w') as out:
            process = subprocess.Popen(['bash', script], cwd=checkout, env=environment, stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT)
            try:
                status = process.wait(LIMIT_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                status = 'none in time'
        said = open(log, errors='replace').read()
        steps = said.count('\n@@ ')
        print('the guide: %d steps in %.0f s' % (steps, time.time() - started), flush=True)
        if status == 0:
            return {'guide': ('PASS', '')}
        print(said[-3000:])
        return {'guide': ('FAIL', 'status %s in the step %s' % (status, said.rsplit('\n@@ ', 1)[-1][:250]))}
    finally:
        subprocess.run([os.path.join(repository, 'paddock'), 'down', '--purge', '--data', data], timeout=180,
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        shutil.rmtree(home, ignore_errors=True)


def program(path, text):
    with open(path, 'w') as f:
        f.write('#!/usr/bin/env bash\n' + text + '\n')
    os.chmod(path, 0o755)


def whole(text, home):
    """One script of all blocks. A failing line ends it, as it would stop a person."""
    parts = ['set -eE -o pipefail\ncurl() { command curl -sS -f "$@"; }\nexport -f curl\n']
    n = 0
    for match in BLOCK.finditer(text):
        how, block = match.group(1) or '', match.group(2)
        line = text.count('\n', 0, match.start(2)) + 1
        parts.append('printf "\\n@@ line %d of docs/guide.md\\n"\nset -v\n' % line)
        if how == 'no':
            continue
        elif how == 'until ready':
            n += 1
            out = os.path.join(home, 'ready-%d' % n)
            parts.append('( set +e +v; %s ) >%s 2>&1 &\n' % (block.strip(), shlex.quote(out)))
            parts.append('for i in $(seq %d); do grep -q "^ready " %s && break; sleep 0.2; done; grep "^ready " %s || { cat %s; exit 1; }\n' % (
                READY_SECONDS * 5, shlex.quote(out), shlex.quote(out), shlex.quote(out)))
        elif how.endswith('seconds'):
            parts.append('timeout %d bash -ec %s || [ $? = 124 ]\n' % (int(how.split()[0]), shlex.quote(block)))
        elif how == 'any status':
            parts.append('{ %s } || true\n' % block)
        elif how:
            raise ValueError('line %d: run: %s?' % (line, how))
        else:
            parts.append(block)
        parts.append('set +v\n')
    return ''.join(parts)
