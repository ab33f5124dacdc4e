# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What the judges of the kernel's recordings share: the verdict that they ask for, and how they complain."""

import json
import pathlib
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent))
from findings import compare  # noqa: E402, F401: beside the folder of this script

complaints = []


def arguments():
    """UNDERLOCK VMLINUX FOLDER NAME [VERSION [MODEL]] of the command line."""
    underlock, vmlinux, folder, name = sys.argv[1:5]
    version, model = (*sys.argv[5:], *("6.1", "linux")[len(sys.argv) - 5:])
    return underlock, vmlinux, pathlib.Path(folder), name, version, model


def expect(condition, complaint):
    if not condition:
        complaints.append(complaint)


def functions(step_or_hold):
    return [frame["function"] for frame in step_or_hold["stack"]]


def classes(step):
    """Of the locks that are held in this step."""
    return [hold["lock"]["class"] for hold in step["held"]]


def in_order(wanted, found):
    """Are all of `wanted` in `found`, in that order?"""
    rest = iter(found)
    return all(name in rest for name in wanted)


def findings_of(name, version, model):
    """The lists of what is right: of NAME, and what a model other than `linux` adds or takes away."""
    suffix = "" if version == "6.1" else f"-{version}"
    return [path for path in (HERE / f"findings-{name}{suffix}.txt", HERE / f"findings-{model}{suffix}.txt") if path.exists()]


def check(underlock, vmlinux, folder, model, *options):
    """What `underlock check` says of FOLDER/trace, as JSON; leaves report.txt and report.json there."""
    trace, report = str(folder / "trace"), folder / "report.json"
    report.unlink(missing_ok=True)
    command = [underlock, "check", "--model", model, "--binary", vmlinux, "--color", "never", *options]
    subprocess.run([*command, "-o", str(folder / "report.txt"), trace])
    done = subprocess.run([*command, "--format", "json", "-o", str(report), trace], stderr=subprocess.DEVNULL)
    expect(done.returncode == 1, f"underlock check ended with status {done.returncode}, expected 1 (findings)")
    if not report.exists() or done.returncode not in (0, 1):
        finish()
    return json.loads(report.read_text())["recordings"][0]


def summary(recording, findings, folder):
    size = (folder / "trace").stat().st_size
    print(f"linux: {recording['records']} records of {recording['contexts']} contexts and {recording['locks']} locks "
          f"in {recording['classes']} classes, {size >> 10} KiB; {len(findings)} findings: {folder}/report.txt")
    for remark in recording["remarks"]:
        print(f"    {remark['level']}: {remark['text']}")


def finish():
    for complaint in complaints:
        print(f"linux: FAILED: {complaint}", file=sys.stderr)
    sys.exit(1 if complaints else 0)
