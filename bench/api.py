#!/usr/bin/env python3
"""How fast the API is with many apps: reads at a steady rate, changes until the router acts on them, and the start.

  bench/api.py [--apps 1000] [--rate 50] [--seconds 20] [--changes 100] [--many 10000] [--releases 10] [--parts reads,changes,start]

Starts platforms of its own (own data directory and ports). The apps are written straight into the database (FILL below, by
bench/Sql.java): each with a slug, a formation of web=0 and its releases, all but v1 with config vars; so no dyno runs but the one of
the app whose changes are measured. Needs root for that one.

reads    open loop: each request has its time, and its latency counts from that, so a stall is not hidden. Per endpoint.
changes  from the sending of the API request, and from its answer, to the first answer of the router that shows the change.
start    seconds to `ready` and memory (PSS), empty and with --many apps of --releases releases; the median of three starts.
"""
import argparse, http.client, json, os, queue, shutil, socket, ssl, statistics, subprocess, sys, tempfile, threading, time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from main_job import PADDOCK, REPOSITORY, Platform, family, ports, pss_mb  # noqa: E402

FILL = """
create temporary table wanted as select gen_random_uuid() as id, gen_random_uuid() as slug,
  'bench-' || lpad(n::text, 6, '0') as name, (select id from accounts order by created_at limit 1) as owner from generate_series(%(first)d, %(last)d) n;
insert into apps (id, name, owner, stack, region, created_at, updated_at)
  select id, name, owner, (select 'host'), 'local', now(), now() from wanted;
insert into slugs (id, app, sha256, bytes, commit, commit_description, stack, process_types, buildpack_description, created_at)
  select slug, id, repeat('0', 64), 1, null, '', 'host', '{"web":"sleep 1","worker":"sleep 1"}', 'Procfile', now() from wanted;
insert into releases (id, app, version, description, status, actor, actor_email, slug, plain_config, created_at, updated_at)
  select gen_random_uuid(), w.id, v, 'Set A config var', 'SUCCEEDED', w.owner, 'bench@example.com', case when v > 1 then w.slug end,
    case when v > 1 then jsonb_build_object('DATABASE_URL', 'postgres://somebody:secret@db.example.com/app', 'LEVEL', v::text) end, now(), now()
  from wanted w, generate_series(1, %(releases)d) v;
insert into formation (id, app, type, quantity, size, created_at, updated_at)
  select gen_random_uuid(), id, type, 0, 'Standard-1X', now(), now() from wanted, unnest(array['web', 'worker']) type;
analyze;
"""
KEY_REQUESTS = 4000  # Of the 4,500 that a key has in an hour.
CONNECTIONS = 16


def fill(platform, first, last, releases):
    jars = os.path.join(REPOSITORY, 'server/target/lib')
    jar = next(os.path.join(jars, f) for f in os.listdir(jars) if f.startswith('postgresql-'))
    java = os.path.join(os.environ.get('JAVA_HOME', '/usr'), 'bin/java')
    subprocess.run([java, '-cp', jar, os.path.join(REPOSITORY, 'bench/Sql.java'), platform.data], input=FILL % dict(first=first, last=last, releases=releases),
                   text=True, check=True)


def percentiles(seconds):
    s = sorted(seconds)
    return 'p50 %6.1f ms, p99 %6.1f ms, max %6.1f ms' % tuple(1000 * s[min(len(s) - 1, int(len(s) * p))] for p in (0.5, 0.99, 1))


class Keys:
    """Enough API keys of the operator for the rate limit of each."""
    def __init__(self, platform):
        self.platform, self.left, self.key = platform, 0, None

    def next(self):
        if self.left == 0:
            self.key = self.platform.call('POST', '/oauth/authorizations', {'description': 'bench', 'scope': ['global']})['access_token']['token']
            self.left = KEY_REQUESTS
        self.left -= 1
        return self.key


def steady(platform, keys, rate, seconds, request):
    """Latencies of `request(i)` -> (path, headers), sent at a steady rate."""
    todo, latencies, bad = queue.Queue(), [], []
    jobs = [(i / rate, request(i), keys.next()) for i in range(int(rate * seconds))]
    begun = time.monotonic() + 0.2

    def work():
        connection = http.client.HTTPConnection('127.0.0.1', platform.api, timeout=60)
        connection.connect()
        connection.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        while True:
            job = todo.get()
            if job is None:
                return
            at, (path, more), key = job
            connection.request('GET', path, headers={'Accept': 'application/vnd.heroku+json; version=3', 'Authorization': 'Bearer ' + key, **more})
            answer = connection.getresponse()
            answer.read()
            if answer.status not in (200, 206):
                bad.append(answer.status)
            latencies.append(time.monotonic() - begun - at)
    threads = [threading.Thread(target=work) for _ in range(CONNECTIONS)]
    for t in threads:
        t.start()
    for job in jobs:
        time.sleep(max(0, begun + job[0] - time.monotonic()))
        todo.put(job)
    for _ in threads:
        todo.put(None)
    for t in threads:
        t.join()
    return latencies, bad


def reads(o, scratch):
    platform = Platform(os.path.join(scratch, 'reads'), ports(4))
    try:
        fill(platform, 1, o.apps, 20)
        platform.stop()
        # The next start knows what was written behind the platform's back, and seals its config vars.
        platform = Platform(platform.data, ports(4))
        keys = Keys(platform)

        def one(i):
            return '/apps/bench-%06d' % (i * 7919 % o.apps + 1)
        print('reads with %d apps, %d requests/s, %d s each' % (o.apps, o.rate, o.seconds))
        for name, request in (
                ('app list', lambda i: ('/apps', {})),
                ('one app', lambda i: (one(i), {})),
                ('config vars', lambda i: (one(i) + '/config-vars', {})),
                ('formation', lambda i: (one(i) + '/formation', {})),
                ('releases, a page of 15', lambda i: (one(i) + '/releases', {'Range': 'version ..; order=desc,max=15'}))):
            steady(platform, keys, o.rate, min(5, o.seconds), request)
            latencies, bad = steady(platform, keys, o.rate, o.seconds, request)
            print('  %-24s n=%d, %s%s' % (name, len(latencies), percentiles(latencies), ', NOT 2xx: %s' % sorted(set(bad)) if bad else ''), flush=True)
    finally:
        end(platform)


def until(look):
    end = time.monotonic() + 90
    while not look():
        if time.monotonic() > end:
            sys.exit('the router does not show a change')
    return time.monotonic()


def changes(o, scratch):
    platform = Platform(os.path.join(scratch, 'changes'), ports(4))
    try:
        fill(platform, 1, o.apps, 2)
        platform.stop()
        platform = Platform(platform.data, ports(4))
        keys = Keys(platform)
        app = 'changing'

        def call(method, path, body=None):
            platform.key = keys.next()
            return platform.call(method, path, body)
        call('POST', '/apps', {'name': app})
        slug = call('POST', '/apps/%s/slugs' % app, {'process_types': {'web': 'exec python3 -m http.server $PORT'}})
        tgz = os.path.join(scratch, 'slug.tgz')
        os.makedirs(os.path.join(scratch, 'app'))
        with open(os.path.join(scratch, 'app', 'index.html'), 'w') as f:
            f.write('hello')
        subprocess.run(['tar', '-czf', tgz, '-C', os.path.join(scratch, 'app'), '.'], check=True)
        subprocess.run(['curl', '-sSf', '-o', '/dev/null', '-X', slug['blob']['method'].upper(), '-H', 'Content-Type:', '--data-binary', '@' + tgz, slug['blob']['url']], check=True)
        call('POST', '/apps/%s/releases' % app, {'slug': slug['id']})
        until(lambda: platform.get(app)[0] == 200)
        print('changes of one app beside %d, until the router shows them' % o.apps)

        def measure(name, rounds, change, shown):
            """change(i) is a request; shown(i) whether the router acts on it."""
            sent, answered = [], []
            for i in range(rounds):
                at = time.monotonic()
                done = []
                caller = threading.Thread(target=lambda: (change(i), done.append(time.monotonic())))
                caller.start()
                seen = until(lambda: shown(i))
                caller.join()
                sent.append(seen - at)
                answered.append(max(0, seen - done[0]))
            print('  %-24s n=%d, from sending %s; from the answer %s' % (name, rounds, percentiles(sent), percentiles(answered)), flush=True)

        measure('maintenance', o.changes, lambda i: call('PATCH', '/apps/' + app, {'maintenance': i % 2 == 0}),
                lambda i: platform.get(app)[0] == (503 if i % 2 == 0 else 200))
        if o.changes % 2:
            call('PATCH', '/apps/' + app, {'maintenance': False})
        measure('domain', o.changes, lambda i: call('POST', '/apps/%s/domains' % app, {'hostname': 'h%d.example.com' % i, 'sni_endpoint': None}),
                lambda i: host_status(platform, 'h%d.example.com' % i) == 200)
        certificate(o, scratch, platform, app, call, measure)
        measure('scale web=0 and web=1', min(o.changes, 40), lambda i: call('PATCH', '/apps/%s/formation' % app, {'updates': [{'type': 'web', 'quantity': i % 2}]}),
                lambda i: platform.get(app)[0] == (200 if i % 2 else 503))
    finally:
        end(platform)


def host_status(platform, host):
    c = http.client.HTTPConnection('127.0.0.1', platform.http, timeout=20)
    try:
        c.request('GET', '/', headers={'Host': host})
        return c.getresponse().status
    except OSError:
        return 0
    finally:
        c.close()


def certificate(o, scratch, platform, app, call, measure):
    pairs = []
    for i in range(2):
        key, crt = (os.path.join(scratch, 'c%d.%s' % (i, end)) for end in ('key', 'crt'))
        subprocess.run(['openssl', 'req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '30', '-subj', '/CN=cert.example.com',
                        '-addext', 'subjectAltName=DNS:cert.example.com', '-keyout', key, '-out', crt], check=True, capture_output=True)
        pairs.append((open(crt).read(), open(key).read(), ssl.PEM_cert_to_DER_cert(open(crt).read())))
    endpoint = call('POST', '/apps/%s/sni-endpoints' % app, {'certificate_chain': pairs[0][0], 'private_key': pairs[0][1]})
    call('POST', '/apps/%s/domains' % app, {'hostname': 'cert.example.com', 'sni_endpoint': endpoint['id']})
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE

    def served():
        try:
            with socket.create_connection(('127.0.0.1', platform.https), 10) as s, context.wrap_socket(s, server_hostname='cert.example.com') as t:
                return t.getpeercert(True)
        except OSError:
            return None
    until(lambda: served() == pairs[0][2])
    measure('certificate', o.changes, lambda i: call('PATCH', '/apps/%s/sni-endpoints/%s' % (app, endpoint['id']),
                                                     {'certificate_chain': pairs[(i + 1) % 2][0], 'private_key': pairs[(i + 1) % 2][1]}),
            lambda i: served() == pairs[(i + 1) % 2][2])


def start(o, scratch):
    data = os.path.join(scratch, 'start')
    platform = Platform(data, ports(4))
    try:
        def measured(what):
            nonlocal platform
            seconds, memory = [], {}
            for _ in range(3):
                if platform.process.poll() is None:
                    platform.stop()
                platform = Platform(data, ports(4))
                time.sleep(5)
                seconds.append(platform.seconds)
                memory = {}
                for pid, name in family(platform).items():
                    memory[name] = memory.get(name, 0) + pss_mb(pid)
            print('  %-34s ready after %.2f s (%s); memory %s' % (
                what, statistics.median(seconds), ', '.join('%.2f' % s for s in seconds), ', '.join('%s %.0f MB' % (n, m) for n, m in sorted(memory.items()))), flush=True)
        print('start')
        measured('empty')
        begun = time.monotonic()
        fill(platform, 1, o.many, o.releases)
        print('  filled in %.1f s' % (time.monotonic() - begun), flush=True)
        platform.stop()
        platform = Platform(data, ports(4))
        print('  the first start, which seals their config vars and signs their certificates: %.2f s' % platform.seconds, flush=True)
        time.sleep(o.many * 0.001)
        measured('%d apps of %d releases' % (o.many, o.releases))
    finally:
        end(platform)


def end(platform):
    if platform.process.poll() is None:
        platform.stop()
    subprocess.run([PADDOCK, 'down', '--purge', '--data', platform.data], stderr=subprocess.DEVNULL)


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name, default in (('apps', 1000), ('rate', 50), ('seconds', 20), ('changes', 100), ('many', 10000), ('releases', 10)):
        p.add_argument('--' + name, type=int, default=default)
    p.add_argument('--parts', default='reads,changes,start')
    o = p.parse_args()
    scratch = tempfile.mkdtemp(prefix='paddock-bench.')
    try:
        for part in o.parts.split(','):
            {'reads': reads, 'changes': changes, 'start': start}[part](o, scratch)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)


if __name__ == '__main__':
    main()
