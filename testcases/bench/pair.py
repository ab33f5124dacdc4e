# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Part `pair`: what one uncontended pair of lock and unlock costs, by threads and by stack depth, and bytes an event.

A peer's figure is the threads' processor time by their pairs, in which more threads than processors do not show;
wall-clock time stands beside it. Ratios are made within each round, from runs that followed each other.
"""
import collections
import json
import shutil
import statistics

from common import HERE, SETUP, Missing, die, interleaved, must, progress, spread, summary, table
from lttng import Session

BASE = "plain"
YARDSTICK = "ThreadSanitizer"
VALGRIND_SHARE = 50  # under Valgrind a pair costs a thousand times as much: fewer of them; the cost is by the pair
SHAPES = [(1, 8), (2, 8), (4, 8), (8, 8), (1, 2), (1, 32)]
QUICK_SHAPES = [(1, 8), (2, 8), (1, 32)]

Run = collections.namedtuple("Run", "processor wall bytes_an_event", defaults=[None])


class Peer:
    """One build of pair.c, and how it is started."""
    share = 1

    def __init__(self, folder, compiler=("clang-19",), flags=(), env=None, prefix=()):
        self.program, self.env, self.prefix = folder / "pair", env or {}, list(prefix)
        folder.mkdir(exist_ok=True)
        if not self.program.exists():
            must([*compiler, "-O2", "-g", "-pthread", HERE / "pair.c", *flags, "-o", self.program])

    def start(self, command, events):
        return must(self.prefix + command, env=self.env), None

    def run(self, threads, pairs, depth):
        each = max(1, pairs // threads // self.share)
        result, size = self.start([self.program, threads, each, depth], 2 * each * threads)
        processor, wall = map(float, result.stdout.split())
        return Run(processor, wall, size and size / (2 * each * threads))

    def close(self):
        pass


class Valgrind(Peer):
    share = VALGRIND_SHARE

    def __init__(self, folder, tool):
        if not shutil.which("valgrind"):
            raise Missing(f"valgrind is not there; {SETUP}")
        # Debian's Valgrind does not read Clang's DWARF 5. The code is the same.
        super().__init__(folder, flags=["-gdwarf-4"], prefix=["valgrind", "--quiet", f"--tool={tool}"])


class Recording(Peer):
    def __init__(self, folder, underlock, flags=()):
        self.trace, self.underlock, self.verified = folder / "trace", underlock, []
        super().__init__(folder, [underlock, "cc"], flags, env={"UNDERLOCK": f"trace={self.trace}"})

    def start(self, command, events):
        self.trace.unlink(missing_ok=True)
        result = must(command, env=self.env)
        size = self.trace.stat().st_size
        if command not in self.verified:
            self.verify(events)
            self.verified.append(command)
        self.trace.unlink()
        return result, size

    def verify(self, events):
        """What did not get into the recording was not paid for, so it would be no figure."""
        said = must([self.underlock, "check", "--format", "json", self.trace]).stdout
        recording = json.loads(said)["recordings"][0]
        if recording["lost"] or recording["records"] < events:
            raise Missing(f"of {events} events {recording['records']} were recorded, {recording['lost']} lost")


class LTTng(Peer):
    def __init__(self, folder):
        try:
            super().__init__(folder, flags=["-DTRACEPOINTS", f"-I{HERE}", "-llttng-ust", "-ldl"])
        except Missing as reason:
            raise Missing(f"{reason}\n{SETUP}") from None
        self.session = Session(folder)

    def start(self, command, events):
        return self.session.record(command, events)

    def close(self):
        self.session.close()


def peers(underlock, folder):
    """All peers in the order of the table, {name: what makes it}."""
    return {
        BASE: lambda: Peer(folder / "plain"),
        "Underlock, not recording": lambda: Peer(folder / "underlock", [underlock, "cc"]),
        "Underlock, recording": lambda: Recording(folder / "underlock", underlock),
        YARDSTICK: lambda: Peer(folder / "tsan", flags=["-fsanitize=thread"]),
        "ThreadSanitizer, deadlocks off": lambda: Peer(folder / "tsan", flags=["-fsanitize=thread"],
                                                    env={"TSAN_OPTIONS": "detect_deadlocks=0"}),
        "ThreadSanitizer and Underlock": lambda: Recording(folder / "tsan-underlock", underlock, ["-fsanitize=thread"]),
        "LTTng-UST": lambda: LTTng(folder / "lttng"),
        "Helgrind": lambda: Valgrind(folder / "valgrind", "helgrind"),
        "DRD": lambda: Valgrind(folder / "valgrind", "drd"),
    }


def needed(name):
    return name == BASE or name.startswith("Underlock")


def shape_row(threads, depth, there, given):
    """One row: every peer's rounds, and what they are beside the base and the yardstick of the same round."""
    tasks = {name: lambda peer=peer: peer.run(threads, given.pairs, depth) for name, peer in there.items()}
    seen, missing = interleaved(given.rounds, f"pair, {threads} thread(s), {depth} calls deep", tasks,
                                list(filter(needed, there)))
    row = {"threads": threads, "depth": depth, "pairs": given.pairs, "missing": missing, "peers": {}}
    plain = [run.processor for run in seen[BASE]]
    yardstick = [run.processor for run in seen.get(YARDSTICK, [])]
    for name, runs in seen.items():
        cost = [run.processor for run in runs]
        figures = {"processor nanoseconds": summary(cost), "wall nanoseconds": summary([run.wall for run in runs]),
                   "times plain": summary([mine / base for mine, base in zip(cost, plain)])}
        shares = [(mine - base) / (other - base) for mine, base, other in zip(cost, plain, yardstick) if other > base]
        if shares:
            figures["of what TSan adds"] = summary(shares, 3)
        if runs[0].bytes_an_event:
            figures["bytes an event"] = round(statistics.median(run.bytes_an_event for run in runs), 2)
        row["peers"][name] = figures
    return row


def show(rows, absent):
    groups = []
    for row in rows:
        lines = []
        for name, figures in row["peers"].items():
            cost, adds = figures["processor nanoseconds"], figures.get("of what TSan adds")
            lines.append([name, row["threads"], row["depth"], f"{cost['median']:.1f}", spread(cost),
                          f"{figures['wall nanoseconds']['median']:.1f}", f"{figures['times plain']['median']:.1f}",
                          f"{adds['median']:.0%}" if adds and name != BASE else "",
                          figures.get("bytes an event", "")])
        lines += [[name, row["threads"], row["depth"], "missing"] for name in absent if name not in row["peers"]]
        groups.append(lines)
    table("pair: one uncontended lock and unlock; processor nanoseconds a pair",
          ["", "threads", "depth", "median", "min..max", "wall", "x plain", "adds, of TSan's", "bytes/event"],
          groups, left=1)
    for name, reason in absent.items():
        print(f"\n  {name} is missing: {reason}")


def measure(given, folder):
    there, missing, rows = {}, {}, []
    try:
        for name, make in peers(given.underlock, folder).items():
            try:
                there[name] = make()
            except Missing as reason:
                if needed(name):
                    die(f"{name}: {reason}")
                progress(f"{name} is missing: {reason}")
                missing[name] = str(reason)
        for threads, depth in QUICK_SHAPES if given.quick else SHAPES:
            rows.append(shape_row(threads, depth, there, given))
            for name, reason in rows[-1]["missing"].items():  # what failed once is not tried again
                missing[name] = reason
                there.pop(name).close()
    finally:
        for peer in there.values():
            peer.close()
    show(rows, missing)
    return {"rows": rows, "missing": missing}
