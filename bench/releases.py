#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Releases an app again and again under a constant load of requests, and counts what failed.

    bench/releases.py [--releases 50] [--rps 200] [--dynos 3] [--port-base 23000] [--data DIR]

Starts a platform of its own, pushes examples/python, scales it, and makes each release by a config change, which
replaces all dynos. Requests come in at a fixed pace on new connections, whether earlier ones were answered or not. One
fails when its connection cannot be opened, ends early, or brings anything but a 200. At the end a release that cannot
start has to fail while the one before goes on serving. Needs root and a
build (`./mvnw package`); exits 1 when a request failed.
"""
import argparse
import asyncio
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.request

HERE = pathlib.Path(__file__).resolve().parent.parent
REQUEST = b"GET / HTTP/1.1\r\nHost: shop.localhost\r\nConnection: close\r\n\r\n"
APP = """import os, sys
if os.environ.get("BROKEN"):
    sys.exit("this release cannot start")
"""


class Platform:
    def __init__(self, options, work):
        self.data = options.data or str(work / "data")
        base = options.port_base
        self.api, self.http = base, base + 1
        flags = ["--api", "127.0.0.1:%d" % self.api, "--http", "127.0.0.1:%d" % self.http,
                 "--https", "127.0.0.1:%d" % (base + 2), "--rendezvous", "127.0.0.1:%d" % (base + 3)]
        self.process = subprocess.Popen(
            [str(HERE / "paddock"), "up", "--no-install", "--data", self.data] + flags,
            stdout=subprocess.PIPE, stderr=open(work / "messages", "w"), text=True)
        line = self.process.stdout.readline()
        if not line.startswith("ready "):
            raise SystemExit("the platform does not start: " + (work / "messages").read_text())

    def sign_in(self):
        facts = (pathlib.Path(self.data) / "operator").read_text()
        self.key = dict(fact.split("=", 1) for fact in facts.splitlines())["key"]

    def call(self, method, path, body=None):
        request = urllib.request.Request(
            "http://localhost:%d%s" % (self.api, path), method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"Accept": "application/vnd.heroku+json; version=3", "Content-Type": "application/json",
                     "Authorization": "Bearer " + self.key})
        with urllib.request.urlopen(request, timeout=120) as answer:
            return json.load(answer)

    def push(self, work):
        tree = work / "app"
        shutil.copytree(HERE / "examples/python", tree)
        program = tree / "app.py"
        program.write_text(APP + program.read_text())
        script = """
set -e
eval "$("$LAUNCHER" env --data "$DATA")"
cd "$TREE" && git init -q -b main && git add -A
git -c user.name=t -c user.email=t@localhost commit -q -m first
git -c credential.helper= -c credential.helper='!f() { echo username=heroku; echo "password=$HEROKU_API_KEY"; }; f' \
  push -q "https://localhost:%d/shop.git" main
""" % self.api
        environment = dict(os.environ, LAUNCHER=str(HERE / "paddock"), DATA=self.data, TREE=str(tree),
                           GIT_CONFIG_GLOBAL="/dev/null", GIT_TERMINAL_PROMPT="0")
        subprocess.run(["sh", "-c", script], env=environment, check=True, stdin=subprocess.DEVNULL)

    def dynos(self):
        return [dyno for dyno in self.call("GET", "/apps/shop/dynos") if dyno["type"] == "web"]

    def down(self):
        subprocess.run([str(HERE / "paddock"), "down", "--purge", "--data", self.data], stdout=subprocess.DEVNULL)
        self.process.wait()


class Load:
    def __init__(self, port, rps):
        self.port, self.pause = port, 1 / rps
        self.answers, self.slowest, self.failures = 0, 0.0, []
        self.stopped = False

    async def run(self):
        pending = set()
        due = time.monotonic()
        while not self.stopped:
            due += self.pause
            task = asyncio.create_task(self.ask())
            pending.add(task)
            task.add_done_callback(pending.discard)
            await asyncio.sleep(max(0, due - time.monotonic()))
        if pending:
            await asyncio.wait(pending)

    async def ask(self):
        begun = time.monotonic()
        try:
            reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
            writer.write(REQUEST)
            answer = await asyncio.wait_for(reader.read(), 35)
            writer.close()
            if not answer.startswith(b"HTTP/1.1 200 ") or b"Hello from web." not in answer:
                raise OSError(repr(answer[:300]))
            self.answers += 1
            self.slowest = max(self.slowest, time.monotonic() - begun)
        except (OSError, EOFError, asyncio.TimeoutError) as failure:
            self.failures.append("%.3f s: %r" % (time.monotonic() - begun, failure))


async def until(condition, limit, what):
    end = time.monotonic() + limit
    while not await asyncio.to_thread(condition):
        if time.monotonic() > end:
            raise SystemExit("not in time: " + what)
        await asyncio.sleep(0.1)


async def main(options):
    work = pathlib.Path(tempfile.mkdtemp(prefix="releases-"))
    platform = Platform(options, work)
    try:
        platform.sign_in()
        platform.call("POST", "/apps", {"name": "shop"})
        platform.push(work)
        platform.call("PATCH", "/apps/shop/formation/web", {"quantity": options.dynos})

        def serves(version):
            dynos = platform.dynos()
            return len(dynos) == options.dynos and all(
                dyno["state"] == "up" and dyno["release"]["version"] == version for dyno in dynos)

        await until(lambda: serves(2), 120, "the first dynos")
        load = Load(platform.http, options.rps)
        running = asyncio.create_task(load.run())
        await asyncio.sleep(1)
        for number in range(options.releases):
            await asyncio.to_thread(platform.call, "PATCH", "/apps/shop/config-vars", {"NUMBER": str(number)})
            await until(lambda version=number + 3: serves(version), 200, "release %d" % (number + 1))
            await asyncio.sleep(options.pause)
            print("release %d: %d answered, %d failed" % (number + 1, load.answers, len(load.failures)), flush=True)
        await asyncio.to_thread(platform.call, "PATCH", "/apps/shop/config-vars", {"BROKEN": "yes"})

        def failed():
            last = max(platform.call("GET", "/apps/shop/releases"), key=lambda release: release["version"])
            return last["status"] == "failed"

        await until(failed, 200, "the end of the release that cannot start")
        await asyncio.sleep(options.pause)
        if not serves(options.releases + 2):
            raise SystemExit("the release before does not serve: %s" % platform.dynos())
        load.stopped = True
        await running
    finally:
        platform.down()
        shutil.rmtree(work)
    print("%d releases of %d dynos at %d requests a second: %d answered, slowest %.0f ms, %d failed" % (
        options.releases, options.dynos, options.rps, load.answers, load.slowest * 1000, len(load.failures)))
    for failure in load.failures[:20]:
        print("  " + failure)
    return 1 if load.failures else 0


if __name__ == "__main__":
    parser = argparse.ArgumentParser()
    parser.add_argument("--releases", type=int, default=50)
    parser.add_argument("--rps", type=int, default=200)
    parser.add_argument("--dynos", type=int, default=3)
    parser.add_argument("--pause", type=float, default=0.5, help="seconds after each release")
    parser.add_argument("--port-base", type=int, default=23000)
    parser.add_argument("--data", help="where to keep the platform's data, default: a temporary folder")
    sys.exit(asyncio.run(main(parser.parse_args())))
