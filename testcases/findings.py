# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""Lists of findings that are right: a paragraph each, the fingerprint and a title, and below them the reason.

'#' begins a comment. What a recording is judged to have is compared with such a list: no more and no fewer, but for
what has `maybe:` before its title, and a reason why it is not always found. A list that is read after another one may
say `gone:` before a title of that one: not found here, for this reason.
"""

import pathlib


def expected(path):
    """{fingerprint: title} of the list in the file `path`. A finding without a reason ends the program."""
    wanted = {}
    for paragraph in pathlib.Path(path).read_text().split("\n\n"):
        lines = [line for line in paragraph.splitlines() if line and not line.startswith("#")]
        if lines:
            fingerprint, _, title = lines[0].partition(" ")
            if not lines[1:]:
                raise SystemExit(f"error: {path} gives no reason for {fingerprint}")
            wanted[fingerprint] = title.strip()
    return wanted


def compare(findings, *paths):
    """What is wrong, one line each: in one of the lists and not found, or found and in none."""
    wanted = {fingerprint: title for path in paths for fingerprint, title in expected(path).items()}
    found = {finding["fingerprint"]: finding for finding in findings}
    complaints = [f"missing: {fingerprint} {title}" for fingerprint, title in wanted.items()
                  if fingerprint not in found and not title.startswith(("maybe:", "gone:"))]
    for fingerprint, finding in found.items():
        if wanted.get(fingerprint, "gone:").startswith("gone:"):
            complaints.append(f"not in {pathlib.Path(paths[-1]).name}: {fingerprint} [{finding['analysis']}, "
                              f"{finding['certainty']}] {finding['title']}: {', '.join(finding['identity'])}")
    return complaints
