#!/usr/bin/env python3
"""Says where a Markdown file of ours links to a file or heading that is not there, or names a test
that is not: `takeover.test.mjs`: “a weak password is refused”, `test_x.c`: `a_function`.

usage: check_links.py
"""
import os
import re
import subprocess
import sys

LINK = re.compile(r"(?<!!)\[[^\]]*\]\(([^)\s]+)\)")
TEST = re.compile(r"`(?:[\w/]+/)?([\w.]+\.test\.mjs|test_\w+\.c)`"
                  r"((?::|,) (?:“[^”]+”|`\w+`)(?:, (?:“[^”]+”))*)?")
FENCE = re.compile(r"^```.*?^```", re.DOTALL | re.MULTILINE)


def anchors(path):
    """The anchors that GitHub makes of the headings."""
    with open(path, encoding="utf-8") as stream:
        headings = re.findall(r"^#+\s+(.*)$", FENCE.sub("", stream.read()), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading).strip().lower().replace(" ", "-")
            for heading in headings}


def tests_by_name():
    """What stands in each file of tests, as its strings say it."""
    found = {}
    for folder, _, names in os.walk("tests"):
        for name in names:
            if name.endswith((".test.mjs", ".c")):
                with open(os.path.join(folder, name), encoding="utf-8") as stream:
                    found[name] = found.get(name, "") + stream.read().replace("\\'", "'")
    return found


def check_tests(path, content, tests):
    for name, said in TEST.findall(content):
        if name not in tests:
            yield f"{path}: there is no test file {name}"
            continue
        for quoted, function in re.findall(r"“([^”]+)”|`(\w+)`", said):
            title = quoted.replace("…", "").strip()
            if (function or title) not in tests[name]:
                yield f"{path}: {name} has no test “{function or quoted}”"


def check_file(path, tests):
    with open(path, encoding="utf-8") as stream:
        content = FENCE.sub("", stream.read())
    yield from check_tests(path, content, tests)
    for target in LINK.findall(content):
        if re.match(r"[a-z]+:", target):
            continue
        name, _, anchor = target.partition("#")
        goal = os.path.normpath(os.path.join(os.path.dirname(path), name)) if name else path
        if not os.path.exists(goal):
            yield f"{path}: {target} is not there"
        elif anchor and goal.endswith(".md") and anchor not in anchors(goal):
            yield f"{path}: {target} has no such heading"


def main():
    os.chdir(os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
    names = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", "*.md"],
        check=True, capture_output=True, text=True).stdout.split("\0")
    files = sorted(name for name in names if name and os.path.isfile(name))
    tests = tests_by_name()
    findings = [finding for path in files for finding in check_file(path, tests)]
    print("\n".join(findings) or f"{len(files)} files")
    sys.exit(1 if findings else 0)


if __name__ == "__main__":
    main()
