#!/usr/bin/env python3
"""Says where a Markdown file of ours links to a file or heading that is not there.

usage: check_links.py
"""
import os
import re
import subprocess
import sys

LINK = re.compile(r"(?<!!)\[[^\]]*\]\(([^)\s]+)\)")
FENCE = re.compile(r"^```.*?^```", re.DOTALL | re.MULTILINE)


def anchors(path):
    """The anchors that GitHub makes of the headings."""
    with open(path, encoding="utf-8") as stream:
        headings = re.findall(r"^#+\s+(.*)$", FENCE.sub("", stream.read()), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading).strip().lower().replace(" ", "-")
            for heading in headings}


def check_file(path):
    with open(path, encoding="utf-8") as stream:
        content = FENCE.sub("", stream.read())
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
    findings = [finding for path in files for finding in check_file(path)]
    print("\n".join(findings) or f"{len(files)} files")
    sys.exit(1 if findings else 0)


if __name__ == "__main__":
    main()
