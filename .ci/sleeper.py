"""An app that falls asleep while the other suites run, and is then woken by several requests at once."""
import json, os, shutil, subprocess, threading, time, urllib.request
import examples

APP = 'sleeper'
ASLEEP_LIMIT_SECONDS = 180
AT_ONCE = 5


class Sleeper:
    def __init__(self, repository, scratch, platform):
        self.platform, self.api, self.key = platform, platform.env['HEROKU_HOST'], platform.env['HEROKU_API_KEY']
        folder = os.path.join(scratch, APP)
        shutil.copytree(os.path.join(repository, 'examples', 'python'), folder)
        examples.curl(self.api, self.key, 'POST', '/apps', '{"name":"%s"}' % APP)
        examples.curl(self.api, self.key, 'PATCH', '/apps/%s/config-vars' % APP, '{"PADDOCK_SLEEP_AFTER_MINUTES":"1"}')
        for step in (('init', '-q', '-b', 'main'), ('add', '-A'), ('-c', 'user.name=ci', '-c', 'user.email=ci@example.com', 'commit', '-qm', 'first'),
                     ('push', '-q', self.api.replace('://', '://heroku:%s@' % self.key) + '/%s.git' % APP, 'main')):
            subprocess.run(['git', '-C', folder, *step], check=True, capture_output=True, timeout=300, env={**os.environ, 'GIT_TERMINAL_PROMPT': '0', 'GIT_CONFIG_GLOBAL': '/dev/null'})
        examples.ask(platform.http, APP + '.localhost')

    def call(self, method, path, body=None):
        request = urllib.request.Request(self.api + path, json.dumps(body).encode() if body else None, {
            'Accept': 'application/vnd.heroku+json; version=3', 'Content-Type': 'application/json', 'Authorization': 'Bearer ' + self.key}, method=method)
        context = None
        if self.api.startswith('https'):
            import ssl
            context = ssl.create_default_context(cafile=self.platform.env['NODE_EXTRA_CA_CERTS'])
        with urllib.request.urlopen(request, timeout=60, context=context) as answer:
            return json.loads(answer.read())

    def states(self):
        return [d['state'] for d in self.call('GET', '/apps/%s/dynos' % APP) if d['type'] == 'web']

    def wake(self):
        """PASS when it had fallen asleep by itself and every one of the requests that wake it is answered."""
        end = time.time() + ASLEEP_LIMIT_SECONDS
        while self.states() != ['idle']:
            if time.time() > end:
                return 'FAIL', 'still %s after its minute without a request' % self.states()
            time.sleep(1)
        answers = []
        threads = [threading.Thread(target=lambda: answers.append(examples.ask_once(self.platform.http, APP + '.localhost'))) for _ in range(AT_ONCE)]
        for t in threads:
            t.start()
        for t in threads:
            t.join()
        wrong = [a for a in answers if a[0] != 200 or 'Hello from web.1!' not in a[1]]
        if wrong or len(answers) != AT_ONCE:
            return 'FAIL', '%d of %d requests were not answered: %r' % (len(wrong), AT_ONCE, wrong[:1])
        return ('PASS', '') if self.states() == ['up'] else ('FAIL', 'after waking it is ' + str(self.states()))
