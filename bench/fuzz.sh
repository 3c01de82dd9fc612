#!/usr/bin/env bash
# Throws hostile bytes at a router for a time: requests, answers, TLS, HTTP/2 frames and PROXY headers in turn.
# Usage: bench/fuzz.sh SECONDS [SEED]
# A failure names the seed of its bytes: give it as SEED to begin there. Without SEED, one that was never used.
set -euo pipefail
cd "$(dirname "$0")/.."
seconds=${1:-}
if ! [[ $seconds =~ ^[1-9][0-9]*$ ]]; then
    echo "bench/fuzz.sh: say for how many seconds, like: bench/fuzz.sh 300" >&2
    exit 2
fi
seed=${2:-$(date +%s%N)}
echo "seed $seed"
exec ./mvnw -q -o -pl router -am test -Dtest=HostileBytesTest -Dsurefire.failIfNoSpecifiedTests=false \
    -Dpaddock.fuzz.seconds="$seconds" -Dpaddock.fuzz.seed="$seed"
