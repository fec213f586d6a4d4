#!/usr/bin/env python3
"""Counts the tests in the TAP output of cmocka or of node --test.

usage: tap.py NAME LOG EXIT_STATUS

Prints a row for each test, `pass|fail|skip TAB name TAB log`. A group of tests counts only where it
failed although none of its tests did (its set-up, mostly). A program that died or that ended badly
without a failed test is itself a failure, and so is one without any test.
"""
import re
import sys

POINT = re.compile(r"^(\s*)(not )?ok \d+(?: - | )?(.*)$")
DIRECTIVE = re.compile(r"(?:^|\s)#\s*(?:skip|todo)\b\s*(.*)$", re.IGNORECASE)
PLAN = re.compile(r"^1\.\.(\d+)")


class Point:
    """One `ok` or `not ok` line; those of its own tests stand before it, indented more."""

    def __init__(self, indent, passed, text):
        directive = DIRECTIVE.search(text)
        self.indent = indent
        self.skipped = directive is not None
        self.passed = passed
        # cmocka writes the name behind the directive, node before it.
        self.name = DIRECTIVE.sub("", text).strip() or (directive.group(1) if directive else "")
        self.children = []

    def leaves(self, path):
        name = f"{path} > {self.name}"
        if not self.children:
            yield ("skip" if self.skipped else "pass" if self.passed else "fail", name)
            return
        below = [leaf for child in self.children for leaf in child.leaves(name)]
        yield from below
        if not self.passed and all(outcome != "fail" for outcome, _ in below):
            yield ("fail", name)


def read_points(lines):
    waiting, planned = [], 0
    for line in lines:
        plan = PLAN.match(line)
        if plan:
            planned += int(plan.group(1))
        match = POINT.match(line)
        if not match:
            continue
        point = Point(len(match.group(1)), match.group(2) is None, match.group(3))
        while waiting and waiting[-1].indent > point.indent:
            point.children.insert(0, waiting.pop())
        waiting.append(point)
    return waiting, planned


def main():
    name, log, status = sys.argv[1], sys.argv[2], int(sys.argv[3])
    with open(log, encoding="utf-8", errors="replace") as stream:
        points, planned = read_points(stream)
    rows = [leaf for point in points for leaf in point.leaves(name)]
    failed = any(outcome == "fail" for outcome, _ in rows)
    if not rows:
        rows.append(("fail", f"{name} > ran no test (exit status {status})"))
    elif status != 0 and not failed:
        rows.append(("fail", f"{name} > ended with exit status {status}"))
    elif len(points) < planned:
        rows.append(("fail", f"{name} > ran {len(points)} of {planned} tests"))
    for outcome, test in rows:
        print(outcome, test.replace("\t", " "), log, sep="\t")


if __name__ == "__main__":
    main()
