#!/usr/bin/env bash
# What choosing and counting a dyno and giving it back costs, in nanoseconds, for 4 and 1,000 dynos and 1 and 2 loops.
# Needs a build with tests: ./mvnw -pl router -am -DskipTests package
set -euo pipefail
here=$(cd "$(dirname "$0")/.." && pwd)
java=${JAVA_HOME:+$JAVA_HOME/bin/}java
exec "$java" -XX:+UseSerialGC -XX:+UseCompactObjectHeaders -Xmx128m \
    -cp "$here/router/target/test-classes:$here/router/target/classes:$here/core/target/classes" \
    dev.paddock.router.ChooserBench
