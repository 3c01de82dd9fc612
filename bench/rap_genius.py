#!/usr/bin/env python3
"""Replays the load of the Rap Genius articles through the real router, under each balance policy.

80 dynos that serve one request at a time (sleeping servers), Poisson arrivals of 9,000 requests a minute, service times
with a mean of 330 ms, log-normal with the spread that the published waits imply (squared coefficient of variation 5.3),
cut at 30 s. The wait of a request is all that the client saw beyond the service itself: router, network, and the
queue in front of the dyno. Beside it stands the same load in a simulation without any network.

    bench/rap_genius.py [--seconds 120] [--dynos 80] [--svg FILE] [--markdown FILE]

Needs a built ./paddock. The router gets 127.0.0.1 ports of its own.
"""
import argparse, asyncio, heapq, json, math, multiprocessing, os, random, socket, statistics, subprocess, sys, tempfile, time
from collections import deque

REPOSITORY = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
RATE = 150.0
MEAN = 0.330
SPREAD = math.sqrt(math.log(1 + 5.3))
LONGEST = 30.0
POLICIES = [('random', {'balance': 'random'}), ('round-robin', {'balance': 'round-robin'}), ('p2c', {'balance': 'p2c'}),
            ('least', {'balance': 'least'}), ('queue', {'balance': 'least', 'max_in_flight_per_dyno': 1, 'max_backlog': 100000})]
NAMES = {'random': 'random (Heroku)', 'round-robin': 'round robin', 'p2c': 'two random choices', 'least': 'least busy (default)',
         'queue': 'queue in the router (1 per dyno)'}


def service(rnd):
    return min(LONGEST, rnd.lognormvariate(math.log(MEAN) - SPREAD * SPREAD / 2, SPREAD))


def load(seed, seconds):
    """The requests: (arrival, service time), the same for every policy."""
    rnd, now, out = random.Random(seed), 0.0, []
    while now < seconds:
        now += rnd.expovariate(RATE)
        out.append((now, service(rnd)))
    return out


def simulate(policy, requests, dynos, seed=7):
    """The waits of a perfect router. A dyno is its queue's length and the time at which it is free."""
    rnd, free, ends, waits, turn = random.Random(seed), [0.0] * dynos, [deque() for _ in range(dynos)], [], 0
    if policy == 'queue':
        heap = [0.0] * dynos
        for arrival, s in requests:
            begin = max(arrival, heapq.heappop(heap))
            waits.append(begin - arrival)
            heapq.heappush(heap, begin + s)
        return waits
    for arrival, s in requests:
        def busy(d):
            q = ends[d]
            while q and q[0] <= arrival:
                q.popleft()
            return len(q)
        if policy == 'random':
            d = rnd.randrange(dynos)
        elif policy == 'round-robin':
            d, turn = turn % dynos, turn + 1
        elif policy == 'p2c':
            a, b = rnd.sample(range(dynos), 2)
            d = a if busy(a) <= busy(b) else b
        else:
            loads = [busy(i) for i in range(dynos)]
            low = min(loads)
            d = rnd.choice([i for i in range(dynos) if loads[i] == low])
        begin = max(arrival, free[d])
        free[d] = begin + s
        ends[d].append(free[d])
        waits.append(begin - arrival)
    return waits


def serve_dynos(ports):
    """Each port is a dyno: one request at a time, in the order of arrival. The path names the microseconds to serve."""
    async def main():
        for port in ports:
            lock = asyncio.Lock()

            async def handle(reader, writer, lock=lock):
                try:
                    while True:
                        head = await reader.readuntil(b'\r\n\r\n')
                        micros = int(head.split(b' ', 2)[1][1:])
                        async with lock:
                            begun = time.monotonic()
                            await asyncio.sleep(micros / 1e6)
                            took = int((time.monotonic() - begun) * 1e6)
                        writer.write(b'HTTP/1.1 200 OK\r\nContent-Length: 2\r\nX-Service: %d\r\n\r\nok' % took)
                        await writer.drain()
                except (asyncio.IncompleteReadError, ConnectionError):
                    pass
                finally:
                    writer.close()
            await asyncio.start_server(handle, '127.0.0.1', port, backlog=1024)
        await asyncio.Event().wait()
    asyncio.run(main())


async def ask(port, at, seconds, results, begun):
    await asyncio.sleep(max(0.0, begun + at - time.monotonic()))
    start = time.monotonic()
    try:
        reader, writer = await asyncio.open_connection('127.0.0.1', port)
        writer.write(b'GET /%d HTTP/1.1\r\nHost: a.localhost\r\nConnection: close\r\n\r\n' % int(seconds * 1e6))
        answer = await reader.read(-1)
        writer.close()
    except OSError as e:
        results.append((None, None, str(e)))
        return
    total = time.monotonic() - start
    head = answer.split(b'\r\n\r\n')[0].lower()
    if b' 200 ' not in head.split(b'\r\n')[0]:
        results.append((None, total, head.split(b'\r\n')[0].decode()))
        return
    took = int(head.split(b'x-service: ')[1].split(b'\r\n')[0]) / 1e6
    results.append((total - took, total, None))


async def replay(port, requests):
    results, begun = [], time.monotonic() + 0.5
    # Tasks are made as they are due, not all at once.
    tasks = set()
    for at, seconds in requests:
        ahead = begun + at - time.monotonic() - 0.05
        if ahead > 0:
            await asyncio.sleep(ahead)
        task = asyncio.create_task(ask(port, at, seconds, results, begun))
        tasks.add(task)
        task.add_done_callback(tasks.discard)
    await asyncio.gather(*list(tasks))
    return results


def free_ports(n):
    held = [socket.socket() for _ in range(n)]
    for s in held:
        s.bind(('127.0.0.1', 0))
    out = [s.getsockname()[1] for s in held]
    for s in held:
        s.close()
    return out


def through_router(name, settings, requests, dynos):
    numbers = free_ports(dynos + 1)
    backends = multiprocessing.Process(target=serve_dynos, args=(numbers[1:],), daemon=True)
    backends.start()
    with tempfile.TemporaryDirectory() as scratch:
        routes = os.path.join(scratch, 'routes.json')
        app = {'name': 'a', 'hosts': ['a.localhost'], **settings,
               'dynos': [{'name': 'web.%d' % (i + 1), 'address': '127.0.0.1:%d' % p} for i, p in enumerate(numbers[1:])]}
        with open(routes, 'w') as f:
            json.dump({'timeouts': {'first_byte_ms': 600000, 'queue_ms': 600000}, 'apps': [app]}, f)
        router = subprocess.Popen([os.path.join(REPOSITORY, 'paddock'), 'router', '--http', '127.0.0.1:%d' % numbers[0], '--routes', routes])
        try:
            for _ in range(200):
                try:
                    socket.create_connection(('127.0.0.1', numbers[0]), 1).close()
                    break
                except OSError:
                    time.sleep(0.05)
            # The first requests make java compile; they do not count.
            asyncio.run(replay(numbers[0], [(i / 300, 0.001) for i in range(3000)]))
            return asyncio.run(replay(numbers[0], requests))
        finally:
            router.terminate()
            router.wait(60)
            backends.terminate()
            backends.join()


def figures(waits):
    waits = sorted(waits)
    return {'mean': statistics.fmean(waits), 'p50': waits[len(waits) // 2], 'p99': waits[int(len(waits) * .99)],
            'queued': sum(w > .010 for w in waits) / len(waits)}


def svg(rows, path):
    """Mean waits as bars, on a logarithmic scale from 1 ms to 10 s."""
    def x(seconds):
        return 210 + 440 * (math.log10(max(seconds, .001)) + 3) / 4
    out = ['<svg xmlns="http://www.w3.org/2000/svg" width="720" height="%d" font-family="sans-serif" font-size="13">' % (70 + 44 * len(rows)),
           '<rect width="100%" height="100%" fill="white"/>',
           '<text x="10" y="22" font-size="15">Mean wait for a dyno: 9,000 requests/min on 80 dynos of one request each</text>']
    for label, s in (('1 ms', .001), ('10 ms', .01), ('100 ms', .1), ('1 s', 1), ('10 s', 10)):
        out.append('<line x1="%d" x2="%d" y1="40" y2="%d" stroke="#ddd"/><text x="%d" y="%d" fill="#666" text-anchor="middle" font-size="11">%s</text>'
                   % (x(s), x(s), 44 + 44 * len(rows), x(s), 60 + 44 * len(rows), label))
    for i, (name, real, sim) in enumerate(rows):
        y = 46 + 44 * i
        out.append('<text x="200" y="%d" text-anchor="end">%s</text>' % (y + 18, NAMES[name]))
        out.append('<rect x="210" y="%d" width="%d" height="15" fill="#4f81bd"/><text x="%d" y="%d" font-size="11">%s</text>'
                   % (y, max(2, x(real['mean']) - 210), max(214, x(real['mean']) + 4), y + 12, shown(real['mean'])))
        out.append('<rect x="210" y="%d" width="%d" height="9" fill="#c9d7ea"/>' % (y + 17, max(2, x(sim['mean']) - 210)))
    out.append('</svg>')
    with open(path, 'w') as f:
        f.write('\n'.join(out) + '\n')


def shown(seconds):
    return '%.1f ms' % (seconds * 1000) if seconds < 1 else '%.2f s' % seconds


def main():
    a = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    a.add_argument('--seconds', type=float, default=120)
    a.add_argument('--dynos', type=int, default=80)
    a.add_argument('--svg')
    a.add_argument('--markdown')
    o = a.parse_args()
    requests = load(42, o.seconds)
    rows, lines = [], ['| policy | mean wait | p99 wait | waited > 10 ms | over 30 s | failed | simulated mean | simulated p99 | simulated waited |',
                       '|---|---|---|---|---|---|---|---|---|']
    print('%d requests in %g s, mean service %.0f ms, %d dynos' % (len(requests), o.seconds, statistics.fmean(s for _, s in requests) * 1000, o.dynos), flush=True)
    for name, settings in POLICIES:
        results = through_router(name, settings, requests, o.dynos)
        waits = [w for w, _, _ in results if w is not None]
        failed = [e for w, _, e in results if w is None]
        real, sim = figures(waits), figures(simulate(name, requests, o.dynos))
        rows.append((name, real, sim))
        lines.append('| %s | %s | %s | %.1f %% | %d | %d | %s | %s | %.1f %% |' % (
            NAMES[name], shown(real['mean']), shown(real['p99']), real['queued'] * 100, sum(t is not None and t > 30 for _, t, _ in results),
            len(failed), shown(sim['mean']), shown(sim['p99']), sim['queued'] * 100))
        print(lines[-1], flush=True)
        if failed:
            print('failed:', sorted(set(failed))[:3], flush=True)
    if o.svg:
        svg(rows, o.svg)
    if o.markdown:
        with open(o.markdown, 'w') as f:
            f.write('\n'.join(lines) + '\n')


if __name__ == '__main__':
    sys.exit(main())
