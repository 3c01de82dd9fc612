#!/usr/bin/env python3
"""Latency at equal load: this router, haproxy and nginx, each given the same number of requests a second, so that none is
saturated. bench/router.sh drives each as fast as it goes, where the faster one works under more load than its peers.

Usage: bench/router_latency.py [--modes MODES, of and by default small,post,tls,h2] [--rounds 5] [further flags of router_bench.py]
Rates: PADDOCK_BENCH_RATE, default 15,000 requests a second. Needs what bench/router.sh needs."""
import os, pathlib, sys

here = pathlib.Path(__file__).resolve().parent.parent
tool = pathlib.Path(os.environ.get("ROUTER_BENCH", here / "../shared/tools/router_bench"))
if not (tool / "router_bench.py").is_file():
    sys.exit(f"bench/router_latency.py: no router_bench at {tool}; set ROUTER_BENCH to its folder")
sys.dont_write_bytecode = True
sys.path.insert(0, str(tool))
import router_bench

RATE = int(os.environ.get("PADDOCK_BENCH_RATE", "15000"))
BODY = 10 * 1024
MODES = ("small", "post", "tls", "h2")
generate = router_bench.gen


def drive(proxy, args, mode, secs=None):
    """One load of the mode at RATE, always from h2load."""
    if mode not in MODES:
        sys.exit(f"bench/router_latency.py: mode {mode} has no equal load here; use some of {','.join(MODES)}, or bench/router.sh")
    if mode == "h2":
        return router_bench.h2load(proxy, args, "/s", conns=8, streams=8, rps=RATE, secs=secs)
    if mode == "post":
        body = pathlib.Path(proxy.c.dir) / "body"
        body.write_bytes(b"x" * BODY)
        router_bench.gen = lambda argv, *rest, **more: generate([argv[0], "-d", str(body), *argv[1:]], *rest, **more)
    try:
        return router_bench.h2load(proxy, args, "/s", tls=mode == "tls", h1=True, rps=RATE, secs=secs)
    finally:
        router_bench.gen = generate


router_bench.drive = drive
router = f"{here}/paddock router --http 127.0.0.1:{{http}} --https 127.0.0.1:{{https}} --routes {{routes}} --log {{log}} --loops {{threads}}"
usual = ["--proxies", "haproxy,nginx", "--modes", ",".join(MODES), "--rounds", "5", "--warmup", "12", "--cmd", f"paddock={router}"]
sys.argv[1:1] = usual
router_bench.main()
