#!/usr/bin/env bash
# What a routing table of many apps costs: the whole of it to a router, one change in it until it is served, the reload of a
# routes file. A real database, a real router process.
# Usage: bench/table.sh [APPS, default 10000] [CHANGES, default 2000]; ROUTER_FLAGS and PLATFORM_FLAGS go to their java.
# Needs a build with tests: ./mvnw -DskipTests package
set -euo pipefail
here=$(cd "$(dirname "$0")/.." && pwd)
java=${JAVA_HOME:+$JAVA_HOME/bin/}java
lib=$here/server/target/lib
# Both sides with the flags that `paddock up` gives them.
common=(-XX:+UseSerialGC -XX:+UseCompactObjectHeaders -XX:-UsePerfData --enable-native-access=ALL-UNNAMED)
router=("${common[@]}" -Xms24m -Xmn16m -Xmx128m -XX:TrimNativeHeapInterval=15000 -XX:ReservedCodeCacheSize=48m -XX:SweeperThreshold=100
    -XX:Tier4InvocationThreshold=50000 -XX:Tier4MinInvocationThreshold=10000 -XX:Tier4CompileThreshold=150000 -XX:Tier4BackEdgeThreshold=400000)
# shellcheck disable=SC2086
exec "$java" "${common[@]}" -Xms48m -Xmx256m -XX:TieredStopAtLevel=1 ${PLATFORM_FLAGS:-} -Dlogback.configurationFile=/dev/null \
    -cp "$here/platform/target/test-classes:$here/platform/target/classes:$lib/*:$lib/router/*" \
    dev.paddock.domains.TableBench "${1:-10000}" "${2:-2000}" \
    "$java" "${router[@]}" ${ROUTER_FLAGS:-} -cp "$lib/router/*" dev.paddock.router.RouterMain
