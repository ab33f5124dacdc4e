# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
# A summary of the plugin (one line of JSON per unit) as text, one line a mark and a skip.
import json
import sys

for line in open(sys.argv[1]):
    unit = json.loads(line)
    for p in unit["placed"]:
        callee = f" {p['callee']}" if p["callee"] else ""
        print(f"{p['line']} {p['verb']} {p['mark']}{callee} in {p['function']}: <{p['class']}> ({p['expression']})")
    for s in unit["skipped"]:
        callee = f" {s['callee']}" if s["callee"] else ""
        print(f"skipped{callee} in {s['function']}: {s['reason']}")
    print("counts", json.dumps(unit["marks"]))
    print("classes", *unit["classes"])
    print("matched", *unit["matched"])
    print("unmatched", *unit["unmatched"])
