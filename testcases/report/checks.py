# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""What is wrong with made-up reports (MakeReports.cpp): each function returns complaints, a line each."""

import gzip
import json
import pathlib
import re
import subprocess
import xml.etree.ElementTree as ElementTree

import jsonschema

HERE = pathlib.Path(__file__).resolve().parent
# case: (failing findings, whether there is a verdict). Those whose names end a little differently are below.
CASES = {"clean": (0, True), "contract": (1, True), "cycle": (1, True), "hang": (1, True), "self": (1, True), "race": (1, True),
         "odd": (2, True), "nothing": (0, False), "below": (0, True), "standing": (1, True), "expired": (0, True),
         "two": (1, True), "partly": (1, False)}
VALIDATOR, UNREACHABLE = None, []  # of schema_errors()
RED = {name for name, (failing, verdict) in CASES.items() if failing or not verdict} | {"expired"}


class Complaints(list):
    def unless(self, holds, text):
        if not holds:
            self.append(text)


def load(folder, case, form):
    return (folder / f"{case}.{form}").read_bytes().decode("utf-8")  # strict: anything else is no report


def schema_errors(document):
    """What is wrong by the published schema. Where that cannot be had the test goes on, and ends as skipped."""
    global VALIDATOR
    if VALIDATOR is None and not UNREACHABLE:
        done = subprocess.run([HERE / "schema"], stdout=subprocess.PIPE, text=True)
        if done.returncode == 3:
            UNREACHABLE.append("the registry that has SARIF's schema cannot be reached: nothing was validated by it")
        elif done.returncode:
            return ["SARIF's schema is not there"]
        else:
            schema = json.loads(pathlib.Path(done.stdout.strip()).read_text())
            VALIDATOR = jsonschema.Draft202012Validator(schema)
    if VALIDATOR is None:
        return []
    return [f"{'/'.join(map(str, error.path))}: {error.message[:200]}" for error in VALIDATOR.iter_errors(document)]


def urls(node):
    """All URIs of files in a piece of SARIF, with the base of each."""
    if isinstance(node, dict):
        if "uri" in node:
            yield node["uri"], node.get("uriBaseId")
        for value in node.values():
            yield from urls(value)
    elif isinstance(node, list):
        for value in node:
            yield from urls(value)


def messages(node):
    if isinstance(node, dict):
        for key, value in node.items():
            if key == "text" and isinstance(value, str):
                yield value
            else:
                yield from messages(value)
    elif isinstance(node, list):
        for value in node:
            yield from messages(value)


def sarif_rules(run):
    """What the schema does not say of one run."""
    wrong = Complaints()
    rules = run["tool"]["driver"]["rules"]
    wrong.unless(len({rule["id"] for rule in rules}) == len(rules), "a rule stands there twice")
    for rule in rules:
        wrong.unless(len(rule["properties"]["tags"]) <= 20, f"{rule['id']} has more than 20 tags")
        wrong.unless(rule["help"]["text"] and rule["shortDescription"]["text"], f"{rule['id']} is not explained")
    for result in run["results"]:
        wrong.unless(rules[result["ruleIndex"]]["id"] == result["ruleId"], "a rule's index is another rule's")
        wrong.unless(result["locations"], "a result is nowhere: GitHub does not show it")
    prints = [result["fingerprints"]["underlock/v1"] for result in run["results"]]
    wrong.unless(len(set(prints)) == len(prints), "two results have one fingerprint")
    states = {result.get("baselineState") for result in run["results"]}
    wrong.unless(None not in states or len(states) <= 1, "some results have a baseline state and others have none")
    for uri, base in urls(run["results"]):
        wrong.unless(re.fullmatch(r"(file:///)?([A-Za-z0-9._~!$&'()*+,;=@/-]|%[0-9A-F]{2})*", uri), f"no URI: {uri}")
        wrong.unless((base == "%SRCROOT%") != uri.startswith("file:///"), f"{uri} has a base, or needs one")
    for text in messages(run):
        wrong.unless(not re.search(r"\]\(", text), f"a link in {text!r}")
        wrong.unless(not re.search(r"(?<!\{)(\{\{)*\{(?!\{)", text), f"a placeholder in {text!r}")
    return wrong


def sarif_case(run, case):
    wrong = Complaints()
    failing, verdict = CASES[case]
    invocation, = run["invocations"]
    wrong.unless(invocation["executionSuccessful"] == verdict, "whether it succeeded is wrong")
    wrong.unless((invocation["exitCode"] != 0) == (case in RED), "the exit code is wrong")
    errors = [n for n in invocation["toolExecutionNotifications"] if n["level"] == "error"]
    wrong.unless(bool(errors) != verdict, "no verdict is an error notification, and nothing else is")
    wrong.unless(sum(r["properties"]["fails"] for r in run["results"]) == failing, "other findings fail")
    return wrong


def sarif_evidence(runs):
    """What certain cases must have."""
    wrong = Complaints()
    cycle, = runs["cycle"]["results"]
    flows, = cycle["codeFlows"]
    wrong.unless(len(flows["threadFlows"]) == 2, "a cycle of two threads is not two thread flows")
    orders = sorted(at["executionOrder"] for flow in flows["threadFlows"] for at in flow["locations"])
    wrong.unless(orders == [1, 2, 3, 4], f"the interleaving is {orders}")
    first = [flow["locations"][0]["executionOrder"] for flow in flows["threadFlows"]]
    wrong.unless(sorted(first) == [1, 2], "not all threads take their first lock before they wait")
    wrong.unless(len(cycle["stacks"]) == 4, f"a cycle of two has {len(cycle['stacks'])} stacks, not both of each edge")
    wrong.unless(len(cycle["relatedLocations"]) == 3, "the other places of the cycle are missing")
    race, = runs["race"]["results"]
    frames = [frame for stack in race["stacks"] for frame in stack["frames"]]
    nameless = [frame for frame in frames if "address" in frame["location"]["physicalLocation"]]
    wrong.unless([frame["location"]["physicalLocation"]["address"] for frame in nameless] == [{"name": "0xffffffff81000000"}]
                 and "threadId" not in nameless[0], f"code that is not known: {nameless}")
    wrong.unless([p["message"]["text"] for p in race["relatedLocations"][-1:]] == ["another thread reads it"], "the access")
    contract, = runs["contract"]["results"]
    wrong.unless("M" in contract["relatedLocations"][0]["message"]["text"], "the held lock is missing")
    wrong.unless(contract["properties"]["missing"] == ["L"], "the missing lock is missing")
    states = [(r["baselineState"], [s["justification"] for s in r.get("suppressions", [])])
              for r in runs["standing"]["results"]]
    wrong.unless(states == [("new", []), ("unchanged", []), ("unchanged", ["one flow of control here"])],
                 f"standing: {states}")
    twice, = runs["two"]["results"]
    wrong.unless((twice["occurrenceCount"], twice["properties"]["recordings"]) == (2, 2), "two recordings are not one")
    wrong.unless(runs["clean"]["tool"]["driver"]["rules"], "a clean report does not say which rules were looked at")
    return wrong


def sarif(folder, _):
    wrong, runs = Complaints(), {}
    for case in CASES:
        document = json.loads(load(folder, case, "sarif"))
        wrong += [f"{case}: {text}" for text in schema_errors(document)]
        wrong.unless(len(document["runs"]) == 1, f"{case}: GitHub rejects several runs of one tool")
        runs[case] = document["runs"][0]
        wrong += [f"{case}: {text}" for text in sarif_rules(runs[case]) + sarif_case(runs[case], case)]
    return wrong + sarif_evidence(runs)


def junit_case(text, case):
    wrong = Complaints()
    failing, verdict = CASES[case]
    suite = ElementTree.fromstring(text).find("testsuite")
    found = {kind: len(suite.findall(f"testcase/{kind}")) for kind in ("failure", "error", "skipped")}
    for kind, attribute in (("failure", "failures"), ("error", "errors"), ("skipped", "skipped")):
        wrong.unless(int(suite.get(attribute)) == found[kind], f"{attribute} are miscounted")
    wrong.unless(int(suite.get("tests")) == len(suite.findall("testcase")), "tests are miscounted")
    wrong.unless(found["failure"] == failing + (case == "expired"), f"{found['failure']} failures")
    wrong.unless(bool(found["error"]) != verdict, "no verdict is an error, and nothing else is")
    names = [(test.get("classname"), test.get("name")) for test in suite.findall("testcase")]
    wrong.unless(len(set(names)) == len(names) or case in ("two", "partly"), "two tests have one name")
    return wrong


def github_commands(text):
    """The workflow commands as the runner reads them: [kind, properties, message]."""
    found = []
    for line in text.split("\n"):
        match = re.fullmatch(r"::(\w+) ([^:]*)::(.*)", line)
        if match:
            pairs = [pair.split("=", 1) for pair in match.group(2).split(",")]
            found.append((match.group(1), dict(pairs), match.group(3)))
        elif line.lstrip().startswith("::"):
            found.append(("unreadable", {}, line))
    return found


def github_case(text, case):
    wrong = Complaints()
    failing, verdict = CASES[case]
    found = github_commands(text)
    kinds = [kind for kind, _, _ in found]
    wrong.unless(set(kinds) <= {"error", "warning", "notice"}, f"commands: {set(kinds)}")
    wrong.unless(kinds.count("error") == failing + (not verdict) + (case == "expired"), f"errors: {kinds}")
    wrong.unless(text.rstrip("\n").split("\n")[-1].startswith("underlock: "), "the last line is not the verdict")
    wrong.unless(not re.search("[\x00-\x08\x0b-\x1f]", text) or case == "odd", "control characters")
    return wrong


def gitlab_case(text, case):
    wrong = Complaints()
    failing, verdict = CASES[case]
    entries = json.loads(text)
    for entry in entries:
        wrong.unless(set(entry) == {"description", "check_name", "fingerprint", "severity", "location"}, "other fields")
        wrong.unless(entry["severity"] in ("info", "minor", "major", "critical", "blocker"), "no severity of GitLab's")
        wrong.unless(entry["location"]["path"] and entry["location"]["lines"]["begin"] >= 1, "an entry is nowhere")
    prints = [entry["fingerprint"] for entry in entries]
    wrong.unless(len(set(prints)) == len(prints), "two entries have one fingerprint, GitLab shows one")
    grave = [entry for entry in entries if entry["severity"] != "info"]
    wrong.unless(len(grave) == failing + (not verdict) + (case == "expired"), f"{len(grave)} entries that fail")
    return wrong


def markdown_case(text, case):
    wrong = Complaints()
    failing, verdict = CASES[case]
    head = text.split("\n")[0]
    wrong.unless(head.startswith("## Underlock: "), "no heading")
    wrong.unless(("clean: " in head) == (case not in RED), f"{head!r}")
    wrong.unless(("no verdict" in head) != verdict, f"{head!r}")
    for row in re.findall(r"^\|.*$", text, re.M):
        cells = len(re.findall(r"(?<!\\)\|", row)) - 1
        wrong.unless(cells in (4, 6), f"{cells} cells in {row!r}")
    outside = re.sub(r"<pre>.*?</pre>", "", text, flags=re.S)
    tags = set(re.findall(r"<[^>]*>", outside))
    wrong.unless(tags <= {"<details>", "<summary>", "</summary>", "</details>"}, f"markup from a name: {tags}")
    wrong.unless(text.count("<details>") == failing, "not all evidence is there")
    return wrong


def formats(folder, _):
    wrong = Complaints()
    forms = {"junit": junit_case, "github": github_case, "gitlab": gitlab_case, "markdown": markdown_case}
    for form, check in forms.items():
        for case in CASES:
            wrong += [f"{case}.{form}: {text}" for text in check(load(folder, case, form), case)]
    odd = {kind: properties for kind, properties, _ in github_commands(load(folder, "odd", "github"))}
    wrong.unless("%3A%3Aerror%3A%3Ax%2Cy" in odd["error"]["file"] and odd["error"]["line"] == "6",
                 f"odd.github: {odd['error']}")
    standing = load(folder, "standing", "junit")
    for reason in ("known: issue 12", "suppressed: one flow of control here"):
        wrong.unless(f'<skipped message="{reason}"/>' in standing, f"standing.junit: {reason} is not there")
    wrong.unless("the suppression of text.c matches nothing" in load(folder, "standing", "markdown"),
                 "standing.markdown: a suppression that matches nothing is not told of")
    for form in forms:
        wrong.unless("gone" in load(folder, "standing", form) or form in ("gitlab", "github"),
                     f"standing.{form}: what is gone is not told of")
    for case, form in (("nothing", "json"), ("nothing", "text")):
        wrong.unless("no instrumented code" in load(folder, case, form), f"{case}.{form} does not say why")
    return wrong


def many_sarif(folder, case, results):
    wrong = Complaints()
    raw = (folder / f"{case}.sarif").read_bytes()
    size = len(gzip.compress(raw, 6))
    wrong.unless(size <= 10_000_000, f"{size} bytes gzipped")
    document = json.loads(raw)
    run, = document["runs"]
    wrong.unless(len(run["results"]) == results, f"{len(run['results'])} results")
    wrong.unless(len(run["tool"]["driver"]["rules"]) <= 25_000, "too many rules")
    wrong += sarif_rules(run)
    for result in run["results"]:
        places = len(result["locations"]) + len(result.get("relatedLocations", []))
        steps = sum(len(f["locations"]) for c in result.get("codeFlows", []) for f in c["threadFlows"])
        wrong.unless(places <= 1000 and steps <= 10_000, f"{places} locations, {steps} of thread flows in a result")
    said = [n["message"]["text"] for n in run["invocations"][0]["toolExecutionNotifications"]]
    out = run["properties"]["findings"] - results
    wrong.unless(run["properties"]["findingsLeftOut"] == out, "what is left out is miscounted")
    wrong.unless(not out or any(text.startswith(f"{out} of ") for text in said), f"{out} are left out in silence")
    bare = sum("stacks" not in result for result in run["results"])
    wrong.unless(not bare or any(text.startswith(f"the stacks of {bare} of ") for text in said),
                 f"the stacks of {bare} are left out in silence")
    # A validator in Python takes minutes for all of them.
    run["results"] = run["results"][:20] + run["results"][-20:]
    wrong += schema_errors(document)
    print(f"{case}.sarif: {results} results, {len(raw)} bytes, {size} gzipped, {bare} without stacks")
    return [f"{case}: {text}" for text in wrong]


def many(folder, _):
    wrong = Complaints()
    wrong += many_sarif(folder, "many", 25_000) + many_sarif(folder, "huge", 6000)
    found = github_commands(load(folder, "many", "github"))
    for kind in ("error", "warning", "notice"):
        wrong.unless(sum(k == kind for k, _, _ in found) <= 10, f"many.github: more than ten of {kind}")
    wrong.unless(any("29991 more error(s)" in message for _, _, message in found), "many.github: a silent cut")
    page = load(folder, "many", "markdown")
    wrong.unless(len(page.encode()) <= 1 << 20, f"many.markdown: {len(page.encode())} bytes")
    wrong.unless("more finding(s) are not in this table" in page and "more finding(s) is left out" in page,
                 "many.markdown: a silent cut")
    return wrong
