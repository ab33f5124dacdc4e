# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What all parts of the benchmark use: running a command and measuring it, medians over interleaved rounds, tables."""
import collections
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
SETUP = "testcases/setup bench installs it"  # the way out where a peer is missing

Result = collections.namedtuple("Result", "status stdout stderr processor wall peak anonymous")


class Missing(Exception):
    """A peer, or a part, cannot be measured here; says why, and the way out."""


def die(message):
    print(f"bench: error: {message}", file=sys.stderr)
    raise SystemExit(2)


def progress(message):
    print(f"bench: {message}", file=sys.stderr, flush=True)


def words(command):
    return [str(word) for word in command]


def anonymous_kib(pid):
    """The anonymous part of the resident memory, in KiB: without the pages of files that are mapped."""
    try:
        for line in open(f"/proc/{pid}/status", encoding="utf-8"):
            if line.startswith("RssAnon:"):
                return int(line.split()[1])
    except OSError:
        pass
    return 0


def run(command, env=None, watch=False):
    """Runs a command to its end. Processor seconds and peak memory are its own and its children's, from wait4().

    The peak is at least what Python itself has, some 20 MiB. With `watch`, anonymous memory is looked at every few
    milliseconds: the kernel keeps no maximum of it.
    """
    with tempfile.TemporaryFile("w+", errors="replace") as out, tempfile.TemporaryFile("w+", errors="replace") as err:
        begun, anonymous = time.monotonic(), 0
        try:
            child = subprocess.Popen(words(command), env={**os.environ, **(env or {})}, stdin=subprocess.DEVNULL,
                                     stdout=out, stderr=err)
        except OSError as reason:
            raise Missing(f"{command[0]} cannot be run: {reason.strerror}") from None
        try:
            pid = 0
            while not pid:
                pid, status, usage = os.wait4(child.pid, os.WNOHANG if watch else 0)
                if not pid:
                    anonymous = max(anonymous, anonymous_kib(child.pid))
                    time.sleep(0.002)
        except BaseException:
            child.kill()
            child.wait()
            raise
        child.returncode = os.waitstatus_to_exitcode(status)
        wall = time.monotonic() - begun
        out.seek(0), err.seek(0)
        return Result(child.returncode, out.read(), err.read(), usage.ru_utime + usage.ru_stime, wall,
                      usage.ru_maxrss, anonymous)


def failure(command, result):
    said = "\n".join((result.stderr or result.stdout).strip().splitlines()[-8:])
    return f"{' '.join(words(command))} ended with {result.status}{': ' if said else ''}{said}"


def must(command, **options):
    """Runs what has to succeed; a peer that fails is Missing, which only plain and Underlock turn into an error."""
    result = run(command, **options)
    if result.status:
        raise Missing(failure(command, result))
    return result


def interleaved(rounds, title, tasks, needed):
    """Each round runs every task once, in turn. Returns {name: [value of each round]} and {name: why it is missing}.

    A task that raises Missing is out from then on, and said to be so; one of the `needed` ends the benchmark.
    """
    seen, missing = {name: [] for name in tasks}, {}
    for number in range(1, rounds + 1):
        progress(f"{title}: round {number} of {rounds}")
        for name, task in tasks.items():
            if name in missing:
                continue
            try:
                seen[name].append(task())
            except Missing as reason:
                if name in needed:
                    die(f"{title}: {name}: {reason}")
                progress(f"{title}: {name} is left out: {reason}")
                missing[name] = str(reason)
    return {name: values for name, values in seen.items() if name not in missing}, missing


def summary(values, digits=2):
    return {"median": round(statistics.median(values), digits), "min": round(min(values), digits),
            "max": round(max(values), digits), "rounds": [round(value, digits) for value in values]}


def spread(figure, digits=1):
    return f"{figure['min']:.{digits}f}..{figure['max']:.{digits}f}"


def table(title, header, groups, left=0):
    """Prints groups of rows under a header, a blank line between groups; the `left` first columns are text."""
    groups = [[words(header)]] + [[words(row) for row in group] for group in groups]
    widths = [max(len(row[i]) for group in groups for row in group if i < len(row)) for i in range(len(header))]
    print(f"\n{title}")
    for group in groups:
        print()
        for row in group:
            cells = [f"{cell:{'<' if i < left else '>'}{widths[i]}}" for i, cell in enumerate(row)]
            print("  " + "  ".join(cells).rstrip())
    sys.stdout.flush()
