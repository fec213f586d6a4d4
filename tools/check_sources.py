#!/usr/bin/env python3
"""Says where a source breaks a rule of CONTRIBUTING.md that a program can see.

usage: check_sources.py

Functions and files not too long, lines not too wide, no function of the C library that cannot be
used safely, no SQL that not every engine has, no mark of unfinished work, no path of somebody's
machine.
"""
import json
import os
import re
import subprocess
import sys

FUNCTION_LINES_MAX = 70
FILE_LINES_MAX = 1000
LINE_WIDTH_MAX = 100
BANNED = ("strcpy strcat sprintf vsprintf gets strtok atoi atol atoll system popen strncpy strncat "
          "alloca mktemp tmpnam scanf sscanf rand srand localtime gmtime asctime ctime").split()
BANNED_CALL = re.compile(r"(?<![\w.>])(" + "|".join(BANNED) + r")\s*\(")
UNFINISHED = re.compile(r"\b(TO" + r"DO|FIX" + r"ME|XX" + r"X|HA" + r"CK)\b")
MACHINE_PATH = re.compile(r"(?<![\w.])/(work|home/\w+|root|tmp/build)[/\s\"']")
COMMENT_OR_STRING = re.compile(
    r"""//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'""", re.DOTALL
)
TEXT_SUFFIXES = (".c", ".h", ".def", ".py", ".sh", ".ts", ".tsx", ".mjs", ".go", ".sql", ".build",
                 ".css", ".html")
# What engines that speak PostgreSQL's protocol lack, or have on one machine only: SQL that the
# program is built with names none of it. (tests/unit/test_distribute.c reads what is declared.)
NOT_PORTABLE = re.compile(
    r"""\b(SERIAL|BIGSERIAL|AS\s+IDENTITY|NOTIFY|LISTEN|pg_notify|pg_(try_)?advisory\w*|nextval
    |CREATE\s+(TRIGGER|SEQUENCE|FUNCTION|TEMP\w*)|DEFERRABLE|SAVEPOINT)\b""", re.VERBOSE)
STRING = re.compile(r'"(?:\\.|[^"\\\n])*"')
SCRIPTS = ("run", "check", ".ci/run")


def blank(match):
    return "".join(c if c == "\n" else " " for c in match.group(0))


def check_lines(path, content):
    wide_allowed = path.endswith(".def")
    for number, line in enumerate(content.splitlines(), 1):
        if len(line) > LINE_WIDTH_MAX and not wide_allowed:
            yield f"{path}:{number}: {len(line)} columns, at most {LINE_WIDTH_MAX}"
        if UNFINISHED.search(line):
            yield f"{path}:{number}: a mark of unfinished work"
        if MACHINE_PATH.search(line):
            yield f"{path}:{number}: a path of one machine"
    if content.count("\n") > FILE_LINES_MAX:
        yield f"{path}: more than {FILE_LINES_MAX} lines"


def check_calls(path, content):
    code = COMMENT_OR_STRING.sub(blank, content)
    for match in BANNED_CALL.finditer(code):
        number = code.count("\n", 0, match.start()) + 1
        yield f"{path}:{number}: {match.group(1)}() is not used here"


def check_sql(path, content):
    if path.endswith(".sql"):
        pieces = [(0, re.sub(r"--[^\n]*", blank, content))]
    else:
        pieces = [(match.start(), match.group(0)) for match in STRING.finditer(content)]
    for start, sql in pieces:
        for match in NOT_PORTABLE.finditer(sql):
            number = content.count("\n", 0, start + match.start()) + 1
            yield f"{path}:{number}: {match.group(0)} is not portable SQL"


def check_functions(paths):
    """Lengths from universal-ctags; the signature's first line to the closing brace."""
    if not paths:
        return
    listing = subprocess.run(
        ["ctags", "--output-format=json", "--fields=+ne", "--kinds-C=f", "-f", "-", *paths],
        check=True, capture_output=True, text=True).stdout
    for line in listing.splitlines():
        tag = json.loads(line)
        length = tag.get("end", tag["line"]) - tag["line"] + 1
        if length > FUNCTION_LINES_MAX:
            yield (f"{tag['path']}:{tag['line']}: {tag['name']} has {length} lines, "
                   f"at most {FUNCTION_LINES_MAX}")


def tracked_files():
    """What is committed, or would be by `git add`."""
    names = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        check=True, capture_output=True, text=True).stdout.split("\0")
    return [name for name in names
            if (name.endswith(TEXT_SUFFIXES) or name in SCRIPTS) and os.path.isfile(name)]


def main():
    os.chdir(os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
    findings, files = [], sorted(tracked_files())
    for path in files:
        with open(path, encoding="utf-8") as stream:
            content = stream.read()
        findings += check_lines(path, content)
        if path.endswith((".c", ".h")):
            findings += check_calls(path, content)
        if path.startswith("src/") and path.endswith((".c", ".h", ".sql")):
            findings += check_sql(path, content)
    findings += check_functions([path for path in files if path.endswith(".c")])
    print("\n".join(findings) or f"{len(files)} files keep the rules")
    sys.exit(1 if findings else 0)


if __name__ == "__main__":
    main()
