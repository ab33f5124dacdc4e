# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Part `kernel`: boot and scenario of Debian's kernel in QEMU, with Underlock and without, by testcases/linux/run.

The kernels have to be built (testcases/linux/build, and --plain); UNDERLOCK_WORK says where, as for that script.
Processor time is what QEMU takes in user mode. That script also judges the recording: a verdict that fails is said
here, and is no part of the figures.
"""
import os
import pathlib
import re

from common import ROOT, Missing, interleaved, progress, run, spread, summary, table

RUN = ROOT / "testcases/linux/run"
KINDS = {"plain": ["--plain"], "underlock": []}
TIMES = re.compile(r"booted and ran the scenario in ([\d.]+) s, ([\d.]+) s of processor time")


def boot(underlock, arguments):
    """Wall and processor seconds of one boot. A verdict that fails is no reason not to have its time."""
    result = run([RUN, *arguments], env={"UNDERLOCK_BUILD": str(underlock.parent.parent)})
    times = TIMES.search(result.stdout)
    if not times:
        raise Missing(f"{RUN} did not say how long the boot took (status {result.status}): "
                      f"{result.stderr.strip()[-500:] or result.stdout.strip()[-500:]}")
    if result.status:
        progress(f"{RUN} ended with {result.status}, its verdict on the recording: {result.stdout.strip()[-500:]}")
    return tuple(map(float, times.groups()))


def ready(given):
    """Raises Missing when the kernels are not built: asked before the other parts take their minutes."""
    if given.underlock.parent.name != "bin":
        raise Missing(f"testcases/linux/run wants DIR/bin/underlock, and {given.underlock} is not of that form")
    work = pathlib.Path(os.environ.get("UNDERLOCK_WORK") or given.underlock.parent.parent / "linux")
    for kind, arguments in KINDS.items():
        image = work / kind / "arch/x86/boot/bzImage"
        if not image.exists():
            build = " ".join(["testcases/linux/build", *arguments])
            raise Missing(f"{image} is not there; run {build}, or set UNDERLOCK_WORK")


def measure(given, _folder):
    tasks = {kind: lambda arguments=arguments: boot(given.underlock, arguments) for kind, arguments in KINDS.items()}
    seen, _ = interleaved(given.rounds, "kernel", tasks, list(KINDS))
    plain = [processor for _, processor in seen["plain"]]
    rows = [{"kernel": kind, "processor seconds": summary([processor for _, processor in runs]),
             "wall seconds": summary([wall for wall, _ in runs]),
             "times plain": summary([mine / base for (_, mine), base in zip(runs, plain)])}
            for kind, runs in seen.items()]
    table("kernel: boot and scenario in QEMU; processor seconds",
          ["", "median", "min..max", "wall", "x plain"],
          [[[row["kernel"], f"{row['processor seconds']['median']:.1f}", spread(row["processor seconds"]),
            f"{row['wall seconds']['median']:.1f}", f"{row['times plain']['median']:.2f}"] for row in rows]], left=1)
    return {"rows": rows}
