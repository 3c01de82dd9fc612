"""Prints a line every ten seconds until it is told to stop."""

import os
import signal
import sys
import time

signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
n = 0
while True:
    n += 1
    print(f"{os.environ.get('DYNO', 'worker')} did its job number {n}")
    time.sleep(10)
