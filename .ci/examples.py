"""Pushes each example app twice and asks it something through the router."""
import http.client, os, shutil, subprocess, time

# What the first line of an answer begins with, and what a second build of the same files says.
EXAMPLES = {
    'apt': (None, 'Reusing the packages of the last build'),
    'java': ('Hello from web.1!', 'Reusing what the last build downloaded'),
    'node': ('<!doctype html><title>Paddock</title><h1>Hello from web.1!', 'reusing what the last build installed'),
    'python': ('Hello from web.1!', None),
    'rails': ('Hello from web.1!', None),
    'ruby': ('Hello from web.1!', None),
}
# What a build prints whose registry this machine does not reach.
UNREACHABLE = ('EAI_AGAIN', 'ECONNREFUSED', 'Unknown host', 'The lists of packages cannot be fetched')
NEEDS = {'java': ['mvn'], 'ruby': ['ruby', 'bundle'], 'rails': ['ruby', 'bundle'], 'node': ['npm'], 'apt': ['apt-get']}
# Those of the stack's packages, where no gem source is reached.
GEMS = {'ruby': 'sinatra/base', 'rails': 'rails'}
ANSWER_LIMIT_SECONDS = 90


def run(repository, scratch, platform, only):
    results = {}
    for name in sorted(os.listdir(os.path.join(repository, 'examples'))):
        case = 'example-' + name
        if only and case not in only:
            continue
        lacking = [p for p in NEEDS.get(name, []) if not shutil.which(p)]
        library = GEMS.get(name)
        if library and not lacking and subprocess.run(['ruby', '-r' + library, '-rpuma', '-e', '']).returncode:
            lacking = [library + ' and puma']
        if lacking:
            results[case] = ('SKIP', 'no ' + ', '.join(lacking))
            continue
        started = time.time()
        try:
            results[case] = push_and_ask(repository, scratch, platform, name)
        except Exception as e:
            results[case] = ('FAIL', '%s: %s' % (type(e).__name__, e))
        result, why = results[case]
        print('%-16s %s %.0f s%s' % (case, result, time.time() - started, ': ' + why if result == 'SKIP' else ''), flush=True)
    return results


def push_and_ask(repository, scratch, platform, name):
    answer, again = EXAMPLES[name]
    folder = os.path.join(scratch, 'example-%s-%d' % (name, time.time_ns()))
    shutil.copytree(os.path.join(repository, 'examples', name), folder)
    app = os.path.basename(folder)[:30]
    api = platform.env['HEROKU_HOST']
    key = platform.env['HEROKU_API_KEY']
    curl(api, key, 'POST', '/apps', '{"name":"%s"}' % app)
    try:
        environment = {**os.environ, 'GIT_TERMINAL_PROMPT': '0', 'GIT_CONFIG_GLOBAL': '/dev/null',
                       'GIT_AUTHOR_NAME': 'ci', 'GIT_AUTHOR_EMAIL': 'ci@example.com', 'GIT_COMMITTER_NAME': 'ci', 'GIT_COMMITTER_EMAIL': 'ci@example.com'}
        url = api.replace('://', '://heroku:%s@' % key) + '/%s.git' % app

        def git(*arguments):
            done = subprocess.run(['git', '-C', folder] + list(arguments), capture_output=True, text=True, env=environment, timeout=900)
            return done.returncode, done.stdout + done.stderr
        for step in (('init', '-q', '-b', 'main'), ('add', '-A'), ('commit', '-qm', 'first')):
            status, text = git(*step)
            if status:
                return 'FAIL', text
        status, text = git('push', url, 'main')
        if status:
            sign = next((sign for sign in UNREACHABLE if sign in text), None)
            return ('SKIP', sign) if sign else ('FAIL', text[-1500:])
        said = ask(platform.http, app + '.localhost')
        if answer is not None and not said.startswith(answer):
            return 'FAIL', 'answered %r' % said[:200]
        git('commit', '-q', '--allow-empty', '-m', 'second')
        status, text = git('push', url, 'main')
        if status or (again and again not in text):
            return 'FAIL', 'the second push: ' + text[-1500:]
        return 'PASS', ''
    finally:
        curl(api, key, 'DELETE', '/apps/' + app)
        shutil.rmtree(folder, ignore_errors=True)


def curl(api, key, method, path, body=None):
    arguments = ['curl', '-sS', '--fail-with-body', '-X', method, '-u', ':' + key, '-H', 'Accept: application/vnd.heroku+json; version=3',
                 '-H', 'Content-Type: application/json', api + path]
    subprocess.run(arguments + (['-d', body] if body else []), check=True, stdout=subprocess.DEVNULL, timeout=60)


def ask(router, host):
    """The body of the first answer with status 200; by the router's address, for not every machine resolves names below localhost."""
    last = ''
    end = time.time() + ANSWER_LIMIT_SECONDS
    while time.time() < end:
        try:
            status, last = ask_once(router, host)
            if status == 200:
                return last
        except (OSError, http.client.HTTPException) as e:
            last = str(e)
        time.sleep(0.3)
    raise AssertionError('no answer from %s; the last was %r' % (host, last[:300]))


def ask_once(router, host):
    """Status and body."""
    connection = http.client.HTTPConnection(router.split('//')[1], timeout=80)
    try:
        connection.request('GET', '/', headers={'Host': host})
        answer = connection.getresponse()
        return answer.status, answer.read().decode(errors='replace')
    finally:
        connection.close()
