# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What the real command does with reports: each function returns complaints, a line each."""

import json
import os
import pathlib
import re
import shutil
import subprocess

import yaml

from checks import Complaints, github_commands, schema_errors

HERE = pathlib.Path(__file__).resolve().parent
README = HERE.parent.parent / "README.md"
FORMATS = ["text", "json", "sarif", "junit", "github", "gitlab", "markdown"]
# What each format has, and a clean one has not, when there is no verdict.
NO_VERDICT = {"json": '"proves nothing": true', "sarif": '"executionSuccessful": false', "junit": "<error ",
              "github": "::error ", "gitlab": '"blocker"', "markdown": "no verdict"}


class Unexpected(Exception):
    """A command ended with another status than it has to."""


class Shell:
    """A folder with the README's program, and the command on its PATH."""

    def __init__(self, folder, underlock):
        self.folder = folder
        self.environment = {"PATH": f"{underlock.parent}:{os.environ['PATH']}", "HOME": str(folder),
                            "LC_ALL": "C.UTF-8", "GITHUB_STEP_SUMMARY": str(folder / "summary.md")}
        shutil.copy(HERE.parent / "program/queue.c", folder)
        shutil.copy(HERE.parent / "man/clean.c", folder)
        model = re.search(r"```yaml\n(# queue\.yaml\n.*?)```", README.read_text(), re.S).group(1)
        (folder / "queue.yaml").write_text(model)
        self.must("mkdir -p src && mv queue.c src && underlock cc --underlock-model=queue.yaml src/queue.c -o queue")
        self.must("underlock cc clean.c -o clean && clang-19 clean.c -lpthread -o plain")

    def __call__(self, command):
        return subprocess.run(["bash", "-c", command], cwd=self.folder, env=self.environment, text=True,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=120)

    def must(self, command, status=0):
        """A command that ends with this status."""
        done = self(command)
        if done.returncode != status:
            raise Unexpected(f"{command}: status {done.returncode}, not {status}: {done.stdout}{done.stderr}")
        return done

    def read(self, name):
        path = self.folder / name
        return path.read_text() if path.exists() else ""


def also(shell):
    """One run, all formats."""
    wrong = Complaints()
    done = shell.must("underlock run " + " ".join(f"--also {form}=all.{form}" for form in FORMATS) + " -- ./queue", 1)
    wrong.unless("a job is dropped without" in done.stdout, f"--also: {done.stdout}")
    for form in FORMATS:
        wrong.unless("a job is dropped without" in shell.read(f"all.{form}"), f"--also {form}: no finding in it")
    place = json.loads(shell.read("all.sarif"))["runs"][0]["results"][0]["locations"][0]["physicalLocation"]
    wrong.unless(place["artifactLocation"] == {"uri": "src/queue.c", "uriBaseId": "%SRCROOT%"}, f"{place}")
    wrong.unless(github_commands(shell.read("all.github"))[0][1]["file"] == "src/queue.c", "github: another file")
    return wrong


def roots(shell):
    """Absolute paths, as of a build that has nothing in common with the source: below the root they are relative to it."""
    wrong = Complaints()
    shell.must("here=$PWD; cd /; underlock cc --underlock-model=$here/queue.yaml $here/src/queue.c -o $here/far")
    for option, uri in (("", "src/queue.c"), ("--source-root src/", "queue.c"),
                        ("--source-root /nowhere", f"file://{shell.folder}/src/queue.c")):
        done = shell.must(f"underlock run {option} --format sarif -- ./far", 1)
        wrong.unless(f'"uri": "{uri}"' in done.stdout, f"{option}: no {uri}")
    return wrong


def mistakes(shell):
    wrong = Complaints()
    for option, text in (("--also sarf=x", "is no format; there are text, json, sarif"), ("--also sarif", "no file in"),
                         ("--also sarif=", "no file in"), ("--format xml", "xml")):
        done = shell.must(f"underlock run {option} -- ./queue", 2)
        wrong.unless(text in done.stderr, f"{option}: {done.stderr}")
    done = shell.must("underlock run --also sarif=missing/x.sarif -- ./clean", 2)
    wrong.unless("missing/x.sarif: cannot write the report" in done.stderr, done.stderr)
    return wrong


def summaries(shell):
    """Two commands of one step write one summary; any other file is written anew."""
    wrong = Complaints()
    for program, status in (("queue", 1), ("clean", 0)):
        shell.must(f'underlock run --also markdown="$GITHUB_STEP_SUMMARY" --also junit=again.xml -- ./{program}', status)
    heads = re.findall("^## Underlock: (.*)", shell.read("summary.md"), re.M)
    wrong.unless(len(heads) == 2 and heads[1].startswith("clean"), f"summary: {heads}")
    wrong.unless(shell.read("again.xml").count("<testsuites") == 1, "a report is appended to an old one")
    return wrong


def never_clean(shell):
    """Where there is no verdict no format looks like it, also when there is nothing to judge; old reports do not stay."""
    wrong = Complaints()
    shell.must("underlock run --output-trace cut.trace -- ./clean && truncate -s 1000 cut.trace")
    shell.must("underlock run --output-trace good.trace -- ./clean")
    for what, command in (("not instrumented", "run {} -- ./plain"), ("no such program", "run {} -- ./none"),
                          ("a damaged trace", "check {} cut.trace"), ("one of two", "check {} good.trace cut.trace"),
                          ("no file", "check {} nothing.trace")):
        options = " ".join(f"--also {form}=out.{form}" for form in NO_VERDICT)
        for form in NO_VERDICT:
            (shell.folder / f"out.{form}").write_text("an old one\n")
        shell.must("underlock " + command.format(options), 2)
        for form, sign in NO_VERDICT.items():
            text = shell.read(f"out.{form}")
            wrong.unless(sign in text and "an old one" not in text, f"{what}: {form} looks clean: {text[:300]!r}")
        done = shell.must("underlock " + command.format("--format github"), 2)
        wrong.unless("::error " in done.stdout, f"{what}: no annotation: {done.stdout!r}")
    for form, sign in NO_VERDICT.items():
        done = shell.must(f"underlock check --format {form} good.trace")
        wrong.unless(sign not in done.stdout, f"a clean one has {sign} in {form}")
    return wrong


def real_sarif(shell):
    """The schema holds for what a real program gives, stacks and all."""
    wrong = Complaints()
    for scene in ("abba", "abba-hang", "held-at-exit"):
        shell.must(f"underlock cc {HERE.parent}/scenes/{scene}.c -o {scene}")
        done = shell.must(f"underlock run --timeout 2 --format sarif -- ./{scene}", 1)
        document = json.loads(done.stdout)
        wrong.unless(document["runs"][0]["results"], f"{scene}: nothing found")
        wrong += [f"{scene}: {text}" for text in schema_errors(document)]
    return wrong


def commands(folder, underlock):
    shell, wrong = Shell(folder, underlock), Complaints()
    for test in (also, roots, mistakes, summaries, never_clean, real_sarif):
        try:
            wrong += [f"{test.__name__}: {text}" for text in test(shell)]
        except Unexpected as problem:
            wrong.append(f"{test.__name__}: {problem}")
    return wrong


def snippet(name):
    """A CI file of the README."""
    return re.search(r"```yaml\n(# " + re.escape(name) + r"\n.*?)```", README.read_text(), re.S).group(1)


def project(folder, underlock, program):
    """A project that such a file could be of."""
    folder.mkdir()
    shell = Shell(folder, underlock)
    source = {"queue": "src/queue.c --underlock-model=queue.yaml", "clean": "clean.c"}[program]
    (folder / "Makefile").write_text(f"program:\n\t$(CC) {source} -o $@\ntest:\n\t./program\n")
    return shell


def snippet_commands():
    """Of each file: its commands, and the reports that it hands on."""
    github = yaml.safe_load(snippet(".github/workflows/locks.yml"))
    steps = [step for job in github["jobs"].values() for step in job["steps"]]
    yield ([step["run"] for step in steps if "run" in step],
           [step["with"]["sarif_file"] for step in steps if "sarif_file" in step.get("with", {})] + ["summary.md"])
    gitlab = yaml.safe_load(snippet(".gitlab-ci.yml"))["locks"]
    yield gitlab["script"], list(gitlab["artifacts"]["reports"].values())


def snippets(folder, underlock):
    wrong = Complaints()
    for number, (lines, files) in enumerate(snippet_commands()):
        for program, status in (("queue", 1), ("clean", 0)):
            shell = project(folder / f"{number}-{program}", underlock, program)
            got = [shell(line) for line in lines]
            said = "".join(done.stdout + done.stderr for done in got)
            wrong.unless([done.returncode for done in got] == [0] * (len(got) - 1) + [status], f"{lines}: {said}")
            for name in files:
                text = shell.read(name)
                wrong.unless(text and ("a job is dropped" in text) == bool(status), f"{name} of {program}: {text[:200]!r}")
            wrong.unless(len(files) >= 2, "it hands on less than two reports")
    return wrong
