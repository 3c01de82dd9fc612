#!/usr/bin/env python3
"""Prints what Surefire ran, module by module, and a closing line; fails when nothing ran or a test failed."""
import glob, sys, xml.etree.ElementTree as ET

total = failed = skipped = 0
modules = {}
for report in sorted(glob.glob('*/target/surefire-reports/TEST-*.xml')):
    suite = ET.parse(report).getroot()
    n, bad, skip = (int(suite.get('tests', 0)), int(suite.get('failures', 0)) + int(suite.get('errors', 0)), int(suite.get('skipped', 0)))
    m = modules.setdefault(report.split('/')[0], [0, 0, 0, 0.0])
    m[0] += n; m[1] += bad; m[2] += skip; m[3] += float(suite.get('time', 0).replace(',', ''))
    total += n; failed += bad; skipped += skip
    for case in suite.iter('testcase'):
        for s in case.iter('skipped'):
            print('skipped: %s.%s: %s' % (case.get('classname'), case.get('name'), (s.get('message') or '')[:120]))
for name, (n, bad, skip, seconds) in modules.items():
    print('%-10s %4d tests, %d failed, %d skipped, %.0f s' % (name, n, bad, skip, seconds))
print('%d passed, %d failed, %d skipped' % (total - failed - skipped, failed, skipped))
sys.exit(1 if failed or not total else 0)
