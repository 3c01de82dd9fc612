#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Hands the listeners of a running router over to a new one, again and again, under load, and counts what failed.

    bench/handover.py [--times 20] [--clients 8] [--transport epoll]

Four kinds of clients at once: kept and new connections, plain and TLS. A request fails when its connection cannot be
opened, ends early, or brings anything but a whole 200. Needs a build (`./mvnw package`); exits 1 when one failed.
"""
import argparse
import asyncio
import json
import os
import pathlib
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent.parent
BODY = b"x" * 1000
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(BODY), BODY)
REQUEST = b"GET / HTTP/1.1\r\nHost: a.localhost\r\n\r\n"


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Dyno(asyncio.Protocol):
    def connection_made(self, transport):
        self.transport = transport
        self.seen = b""

    def data_received(self, data):
        self.seen += data
        while b"\r\n\r\n" in self.seen:
            _, self.seen = self.seen.split(b"\r\n\r\n", 1)
            self.transport.write(ANSWER)


class Counts:
    def __init__(self):
        self.requests = 0
        self.connections = 0
        self.slowest = 0.0
        self.failures = []


async def exchange(reader, writer, counts):
    """One request; returns whether the connection may be used again."""
    begun = time.monotonic()
    writer.write(REQUEST)
    head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), 20)
    if not head.startswith(b"HTTP/1.1 200 "):
        raise OSError("status " + head[9:12].decode())
    await asyncio.wait_for(reader.readexactly(len(BODY)), 20)
    counts.requests += 1
    counts.slowest = max(counts.slowest, time.monotonic() - begun)
    return b"connection: close" not in head.lower()


async def client(port, tls, kept, counts, stop):
    while not stop.is_set():
        writer = None
        stage = "connect"
        try:
            reader, writer = await asyncio.open_connection(
                "127.0.0.1", port, ssl=tls, server_hostname="a.localhost" if tls else None)
            counts.connections += 1
            stage = "first request"
            goes_on = await exchange(reader, writer, counts)
            stage = "later request"
            while kept and goes_on and not stop.is_set():
                goes_on = await exchange(reader, writer, counts)
        except (OSError, EOFError, asyncio.TimeoutError) as failure:
            counts.failures.append("%s %s %s: %r" % (
                "tls" if tls else "plain", "kept" if kept else "new", stage, failure))
        if writer:
            writer.transport.abort() if not kept else writer.close()


def start_router(options, work, ports):
    java = pathlib.Path(os.environ.get("JAVA_HOME", "/usr")) / "bin/java"
    libraries = HERE / "server/target/lib/router"
    command = [str(java), "-Xmx128m", "-XX:+UseSerialGC", "--enable-native-access=ALL-UNNAMED",
               "-Dpaddock.router.transport=" + options.transport]
    if (HERE / "router/target/classes").is_dir():
        path = "%s:%s:%s/*" % (HERE / "router/target/classes", HERE / "core/target/classes", libraries)
    else:
        path = "%s/*" % libraries
    command += ["-cp", path, "dev.paddock.router.RouterMain",
                "--http", "127.0.0.1:%d" % ports[0], "--https", "127.0.0.1:%d" % ports[1],
                "--routes", str(work / "routes.json"), "--handover", str(work / "handover"),
                "--log", str(work / "log")]
    return subprocess.Popen(command, stderr=open(work / "messages", "a"))


async def ready(process, work, times):
    """Waits until the router said for the n-th time that it listens."""
    limit = time.monotonic() + 30
    while (work / "messages").read_text().count("listening http=") < times:
        if process.poll() is not None or time.monotonic() > limit:
            raise SystemExit("the router does not start:\n" + (work / "messages").read_text())
        await asyncio.sleep(0.02)


async def main(options):
    work = pathlib.Path(tempfile.mkdtemp(prefix="handover-"))
    loop = asyncio.get_running_loop()
    dyno = await loop.create_server(Dyno, "127.0.0.1", 0, backlog=1024)
    address = "127.0.0.1:%d" % dyno.sockets[0].getsockname()[1]
    (work / "routes.json").write_text(json.dumps({"apps": [{
        "name": "a", "hosts": ["a.localhost"],
        "dynos": [{"name": "web.1", "address": address}]}]}))
    ports = (free_port(), free_port())
    routers = [start_router(options, work, ports)]
    tls = ssl.create_default_context()
    tls.check_hostname = False
    tls.verify_mode = ssl.CERT_NONE
    counts = Counts()
    stop = asyncio.Event()
    try:
        await ready(routers[0], work, 1)
        clients = [
            asyncio.create_task(client(ports[1 if secure else 0], tls if secure else None, kept, counts, stop))
            for secure in (False, True) for kept in (False, True) for _ in range(options.clients)]
        await asyncio.sleep(1)
        for number in range(options.times):
            routers.append(start_router(options, work, ports))
            await ready(routers[-1], work, number + 2)
            await asyncio.sleep(options.pause)
            limit = time.monotonic() + 40
            while routers[-2].poll() is None and time.monotonic() < limit:
                await asyncio.sleep(0.02)
            print("hand-over %d: process %d -> %d (ended with %s), %d requests, %d failed" % (
                number + 1, routers[-2].pid, routers[-1].pid, routers[-2].poll(),
                counts.requests, len(counts.failures)), flush=True)
        stop.set()
        await asyncio.gather(*clients)
    finally:
        for router in routers:
            if router.poll() is None:
                router.send_signal(signal.SIGTERM)
                router.wait()
    print("%d hand-overs, %d requests over %d connections, slowest %.0f ms, %d failed" % (
        options.times, counts.requests, counts.connections, counts.slowest * 1000, len(counts.failures)))
    for failure in counts.failures[:20]:
        print("  " + failure)
    messages = (work / "messages").read_text()
    rest = [line for line in messages.splitlines() if not line.startswith("listening ")]
    print("\n".join(rest[:20]))
    return 1 if counts.failures else 0


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--times", type=int, default=20)
    parser.add_argument("--clients", type=int, default=8, help="of each of the four kinds")
    parser.add_argument("--pause", type=float, default=0.5)
    parser.add_argument("--transport", default="epoll")
    sys.exit(asyncio.run(main(parser.parse_args())))
