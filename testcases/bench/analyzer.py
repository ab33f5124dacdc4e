# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Part `analyzer`: how fast `underlock check` judges, and with how much memory, by what a recording has in it.

load.c makes the recordings, once each; then every round judges all of them in turn. They are clean: what is measured is
reading, replaying and looking for deadlocks, not the naming of what was found.
"""
import collections
import json

from common import HERE, die, interleaved, must, run, spread, summary, table

Shape = collections.namedtuple("Shape", "threads locks depth held events")


def shapes(base_events):
    """The base row, then rows that differ from it in one thing."""
    base = Shape(threads=8, locks=1000, depth=8, held=2, events=base_events)
    return [base] + [base._replace(**{name: value}) for name, value in (
        ("threads", 1), ("threads", 64), ("locks", 8), ("locks", 100_000), ("depth", 2), ("depth", 32), ("held", 1),
        ("held", 4), ("events", 10 * base_events))]


def judge(underlock, trace, report):
    """One judgement of a recording, which has to be whole and clean."""
    command = [underlock, "check", "--format", "json", "--output", report, trace]
    result = run(command, watch=True)
    if result.status:
        die(f"a recording of load.c is not clean, `{' '.join(map(str, command))}` ended with {result.status}: "
            f"{result.stderr}{report.read_text(encoding='utf-8') if report.exists() else ''}")
    return result, json.loads(report.read_text(encoding="utf-8"))["recordings"][0]


def measure(given, folder):
    must([given.underlock, "cc", "-O2", "-g", "-pthread", HERE / "load.c", "-o", folder / "load"])
    traces = {}
    for number, shape in enumerate(shapes(given.events)):
        traces[shape] = folder / f"{number}.trace"
        must([folder / "load", *shape], env={"UNDERLOCK": f"trace={traces[shape]}"})
    tasks = {shape: lambda trace=trace: judge(given.underlock, trace, folder / "report")
             for shape, trace in traces.items()}
    seen, _ = interleaved(given.rounds, "analyzer", tasks, tasks)
    rows = []
    for shape, runs in seen.items():
        said = runs[0][1]
        if said["lost"] or said["records"] < shape.events or said["locks"] < shape.locks:
            die(f"the recording of {shape} has {said['records']} records, {said['locks']} locks, {said['lost']} lost")
        processor = [result.processor for result, _ in runs]
        rows.append({**shape._asdict(), "records": said["records"], "trace bytes": traces[shape].stat().st_size,
                     "processor seconds": summary(processor, 3),
                     "wall seconds": summary([result.wall for result, _ in runs], 3),
                     "million records a second": summary([said["records"] / 1e6 / seconds for seconds in processor]),
                     "peak MiB": summary([result.peak / 1024 for result, _ in runs], 1),
                     "peak anonymous MiB": summary([result.anonymous / 1024 for result, _ in runs], 1)})
    show(rows)
    return {"rows": rows}


def show(rows):
    table("analyzer: underlock check on a clean recording; processor seconds, peak memory",
          ["threads", "locks", "depth", "held", "records", "trace MiB", "bytes/record", "seconds", "min..max",
           "M records/s", "peak MiB", "anonymous MiB"],
          [[[row["threads"], row["locks"], row["depth"], row["held"], row["records"],
             f"{row['trace bytes'] / 2**20:.1f}", f"{row['trace bytes'] / row['records']:.1f}",
             f"{row['processor seconds']['median']:.2f}", spread(row["processor seconds"], 2),
             f"{row['million records a second']['median']:.2f}", f"{row['peak MiB']['median']:.0f}",
             f"{row['peak anonymous MiB']['median']:.0f}"] for row in rows]])
