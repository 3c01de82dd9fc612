#!/usr/bin/env bash
# The router beside haproxy and nginx in one run: CPU per request, latency, memory, and the ratios.
# Usage: bench/router.sh [MODES, default small,post] [further flags of router_bench.py]
# Needs the router_bench tool (ROUTER_BENCH, default ../shared/tools/router_bench beside this checkout), haproxy, nginx, wrk, h2load, gcc.
set -euo pipefail
here=$(cd "$(dirname "$0")/.." && pwd)
tool=${ROUTER_BENCH:-$here/../shared/tools/router_bench}
if [ ! -f "$tool/router_bench.py" ]; then
    echo "bench/router.sh: no router_bench at $tool; set ROUTER_BENCH to its folder" >&2
    exit 1
fi
modes=${1:-small,post}
shift || true
exec python3 "$tool/router_bench.py" --proxies haproxy,nginx --modes "$modes" --rounds 3 --warmup 12 \
    --cmd "paddock=$here/paddock router --http 127.0.0.1:{http} --https 127.0.0.1:{https} --routes {routes} --log {log} --loops {threads}" "$@"
