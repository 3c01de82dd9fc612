#!/usr/bin/env bash
# Seeded lives of the manifold, more than `./mvnw verify` has time for: hosts that die and come back, torn hand-overs, lost
# links to routers, a database that is away.
# Usage: bench/schedules.sh HOW_MANY [FIRST_SEED]
# Tells the seeds that failed and why the first of them did; `bench/schedules.sh 1 SEED` replays one.
set -uo pipefail
cd "$(dirname "$0")/.."
many=${1:-}
first=${2:-0}
if ! [[ $many =~ ^[1-9][0-9]*$ && $first =~ ^[0-9]+$ ]]; then
    echo "bench/schedules.sh: say how many, like: bench/schedules.sh 20000" >&2
    exit 2
fi
output=$(mktemp)
trap 'rm -f "$output"' EXIT
began=$(date +%s)
./mvnw -q -o -pl manifold -am test -Dtest='SimulationTest#thousandsOfStormsEndAsWanted' \
    -Dsurefire.failIfNoSpecifiedTests=false \
    -Dpaddock.schedules="$many" -Dpaddock.seed="$first" >"$output" 2>&1
status=$?
took=$(($(date +%s) - began))
if [[ $status == 0 ]]; then
    echo "$many schedules from seed $first on: all well ($took s)"
    exit 0
fi
if grep -q 'seeds that failed' "$output"; then
    sed -n '/seeds that failed/,/^{/p' "$output" | sed '/^{/q' | cut -c1-1000
    echo "failed seeds:" "$(awk '/Expecting empty but was: \[[0-9]+L/ { on = 1 } on { print } on && /\]/ { exit }' "$output" |
        tr -dc '0-9,' | tr ',' ' ')"
    echo "replay one: bench/schedules.sh 1 SEED"
else
    tail -40 "$output"
fi
exit "$status"
