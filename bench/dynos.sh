#!/usr/bin/env bash
# Dynos in figures: how long one takes from the request to its first instruction, its open port and the word that it is up, in
# a burst and alone, beside `crun run` of the same container and, where installed, `runc run` and `docker run`; how many a
# second from none to many and back; what each costs in memory, at that number and at 100; then, on a platform of its own, how
# long until the router has the first 200 of one.
# Usage: bench/dynos.sh [--dynos N, default 50] [--boots N, default 30]
#        bench/dynos.sh --cycles N: starts and stops, 200 dynos at once, and ledgers of what they left behind; fails if that is
#            anything.
# Run it as root on an idle machine; needs cc with a static C library.
set -euo pipefail
cd "$(dirname "$0")/.."
run() {
    ./mvnw -q -o -pl engine -am test -Dsurefire.failIfNoSpecifiedTests=false "$@"
}
dynos=50
boots=30
cycles=
while [ $# -gt 0 ]; do
    if ! [[ $1 =~ ^--(dynos|boots|cycles)$ && ${2:-} =~ ^[1-9][0-9]*$ ]]; then
        sed -n 's/^# //; 6,8p' "$0" >&2
        exit 2
    fi
    declare "${1#--}=$2"
    shift 2
done
if [ "$(id -u)" != 0 ]; then
    echo "bench/dynos.sh: containers need root; run it with sudo" >&2
    exit 1
fi
if [ -n "$cycles" ]; then
    run -Dtest=LedgerTest -Dpaddock.ledger.cycles="$cycles" -Dpaddock.ledger.dynos=200
    exit
fi
mkdir -p engine/target/bench
cc -O2 -static -o engine/target/bench/server bench/dyno_server.c
run -Dtest=DynoBench -Dpaddock.bench.tree="$PWD/engine/target/bench" \
    -Dpaddock.bench.dynos="$dynos" -Dpaddock.bench.boots="$boots"
exec bench/first_200.py --rounds "$boots"
