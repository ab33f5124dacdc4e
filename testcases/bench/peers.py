# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Part `peers`: what each tool says of the scenes, beside the label that each scene carries.

A scene's broken twin has a bug of the kind its label names, its fixed twin has none. Every tool judges one run of each,
compiled as the tool's users would: Underlock with `underlock cc`, the others with plain Clang. Counted is whether a tool
says anything at all about locks; what it says of data races is counted beside it, since a race is not what the scenes
are about (none has one that ThreadSanitizer knows of in a fixed twin). Programs that hang are ended from outside.
"""
import collections
import importlib.machinery
import importlib.util
import json
import os
import pathlib
import re
import signal
import subprocess
import xml.etree.ElementTree as ElementTree

from common import ROOT, SETUP, Missing, must, progress, table

SCENES = ROOT / "testcases/scenes"
QUICK = ("abba", "abba-gate", "try-second", "rw-readers", "held-at-exit", "numvfs")
HANG_SECONDS, SECONDS = 10, 120
RACES = {"data race", "Race", "ConflictingAccess"}

Said = collections.namedtuple("Said", "locks races")  # kinds of reports, as the tool calls them


def scene_runner():
    """testcases/scenes/run as a module: it reads the labels."""
    loader = importlib.machinery.SourceFileLoader("scenes_run", str(SCENES / "run"))
    module = importlib.util.module_from_spec(importlib.util.spec_from_loader("scenes_run", loader))
    loader.exec_module(module)
    return module


def run_bounded(command, seconds, env=None):
    """The output; what does not end in time is ended with all that it started."""
    child = subprocess.Popen([str(word) for word in command], env={**os.environ, **(env or {})}, text=True, errors="replace",
                             stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                             start_new_session=True)
    try:
        return child.communicate(timeout=seconds)[0]
    except subprocess.TimeoutExpired:
        os.killpg(child.pid, signal.SIGTERM)
    try:
        return child.communicate(timeout=5)[0]
    except subprocess.TimeoutExpired:
        os.killpg(child.pid, signal.SIGKILL)
        return child.communicate()[0]


def split(kinds):
    return Said(sorted(set(kinds) - RACES), sorted(set(kinds) & RACES))


class Underlock:
    name = "Underlock"

    def __init__(self, given):
        self.command = given.underlock

    def build(self, scene, out):
        models = [f"--underlock-model={model}" for model in scene.models]
        must([self.command, "c++" if scene.cxx else "cc", *models, *scene.flags, "-o", out, *scene.files])

    def judge(self, program, hangs):
        report = program.with_suffix(".json")
        must_end = ["--timeout", str(2 if hangs else SECONDS)]
        said = run_bounded([self.command, "run", *must_end, "--output-trace", program.with_suffix(".trace"), "--format",
                            "json", "-o", report, "--", program], SECONDS)
        if not report.exists():
            raise Missing(f"no report of {program}: {said}")
        found = [finding for recording in json.loads(report.read_text())["recordings"] for finding in recording["findings"]]
        return split(finding["analysis"] + ":" + finding["rule"] for finding in found if finding["fails"])


class Plain:
    """What is built without Underlock."""
    sanitize = []

    def build(self, scene, out):
        compiler = "clang++-19" if scene.cxx else "clang-19"
        must([compiler, *self.sanitize, "-g", "-pthread", *scene.flags, "-o", out, *scene.files])


class ThreadSanitizer(Plain):
    name = "TSan"
    sanitize = ["-fsanitize=thread"]

    def judge(self, program, hangs):
        said = run_bounded([program], HANG_SECONDS if hangs else SECONDS, {"TSAN_OPTIONS": "detect_deadlocks=1"})
        return split(kind.strip() for kind in re.findall(r"WARNING: ThreadSanitizer: ([a-z -]+)", said))


class Valgrind(Plain):
    def __init__(self, given=None):
        pass

    def judge(self, program, hangs):
        report = program.with_suffix("." + self.tool)
        run_bounded(["valgrind", f"--tool={self.tool}", "--fair-sched=yes", "--xml=yes", f"--xml-file={report}", program],
                    HANG_SECONDS if hangs else SECONDS)
        text = report.read_text(errors="replace")
        if not text.rstrip().endswith("</valgrindoutput>"):
            text += "</valgrindoutput>"  # it was ended
        try:
            return split(kind.text for kind in ElementTree.fromstring(text).iter("kind"))
        except ElementTree.ParseError as reason:
            raise Missing(f"{self.name}: {report}: {reason}") from None


class Helgrind(Valgrind):
    name, tool = "Helgrind", "helgrind"


class Drd(Valgrind):
    name, tool = "DRD", "drd"


class Scene:
    def __init__(self, runner, source, twin):
        text = source.read_text()
        self.expected = runner.Expectation(text, twin)
        self.cxx = source.suffix != ".c"
        self.files = runner.files_of(source, self.expected)
        self.models = runner.models_of(self.expected)
        self.flags = ["-O1", "-I", SCENES] + (["-DFIXED"] if twin == "fixed" else [])


def cell(twin, said):
    if twin == "broken":
        return "found" if said.locks else "race only" if said.races else "-"
    return "FALSE" if said.locks else "race" if said.races else "-"


def measure(given, folder):
    runner = scene_runner()
    sources = sorted([*SCENES.glob("*.c"), *SCENES.glob("*.cpp")])
    if given.quick:
        sources = [source for source in sources if source.stem in QUICK]
    tools = [Underlock(given), ThreadSanitizer()]
    if run_bounded(["sh", "-c", "command -v valgrind"], 10).strip():
        tools += [Helgrind(), Drd()]
    else:
        progress(f"peers: Helgrind and DRD are left out: {SETUP}")
    figures, groups, failed = [], collections.OrderedDict(), 0
    totals = {tool.name: collections.Counter() for tool in tools}
    for source in sources:
        progress(f"peers: {source.stem}")
        for twin in ("broken", "fixed"):
            scene = Scene(runner, source, twin)
            label = ", ".join(f"{wanted['analysis']}:{wanted['rule']}" for wanted in scene.expected.findings[:1]) or "clean"
            row = {"scene": source.stem, "twin": twin, "label": label, "hangs": scene.expected.hangs}
            cells = []
            for tool in tools:
                program = folder / f"{source.stem}.{twin}.{tool.name}"
                try:
                    tool.build(scene, program)
                    said = tool.judge(program, scene.expected.hangs)
                except Missing as reason:  # the others are told all the same
                    progress(f"peers: {source.stem}, {twin}: {tool.name}: {reason}")
                    row[tool.name], failed = None, failed + 1
                    cells.append("failed")
                    continue
                row[tool.name] = said._asdict()
                cells.append(cell(twin, said))
                totals[tool.name][twin, cells[-1]] += 1
            figures.append(row)
            group = label.split(":")[0] if twin == "broken" else group
            groups.setdefault(group, []).append(
                [source.stem, twin, label + (" (hangs)" if scene.expected.hangs else "")] + cells)
    def said_of(name):
        count = totals[name]
        return f"{count['broken', 'found']} of {len(sources)}", f"{count['fixed', 'FALSE']}", \
            f"{count['broken', 'race only'] + count['fixed', 'race']}"
    sums = [["bugs found", "", ""], ["false alarms about locks", "", ""], ["only races said", "", ""]]
    for tool in tools:
        for line, text in zip(sums, said_of(tool.name)):
            line.append(text)
    table("peers: what one run of each scene's twin tells", ["scene", "twin", "label"] + [tool.name for tool in tools],
          list(groups.values()) + [sums], left=3)
    if failed:
        progress(f"peers: {failed} place(s) of the table are missing: failed, for the reason said above")
    return {"scenes": figures, "failed": failed, "found": {name: count["broken", "found"] for name, count in totals.items()},
            "false": {name: count["fixed", "FALSE"] for name, count in totals.items()}}
