#!/usr/bin/env python3
"""Says where a file includes from a floor above its own, or a library that is another's.

usage: check_floors.py
"""
import glob
import os
import re
import sys

FLOORS = {
    "base": 0,
    "store": 1,
    "tlog": 1,
    "act": 2,
    "identity": 3,
    "policy": 3,
    "market": 4,
    "net": 5,
    "cmd": 6,
}
# What a floor must not include although it lies below.
UNKNOWN_TO = {
    "tlog": ["store"],
    "policy": ["store", "act", "identity"],
}
# Libraries that one module hides from the rest: header, and the files that may include it.
LIBRARIES = {
    r"sqlite3\.h": r"src/store/sqlite\w*\.[ch]",
    r"libpq.*\.h": r"src/store/postgres\w*\.[ch]",
    r"microhttpd\.h": r"src/net/http\w*\.[ch]",
    r"curl/.*": r"src/net/\w+\.[ch]",
    r"gmime/.*": r"src/net/mail_message\.[ch]",
    r"seccomp\.h": r"src/cmd/\w+\.[ch]",
    r"jansson\.h": r"src/base/json\.[ch]",
    r"cbor\.h": r"src/identity/ctap_cbor\.c",
    r"sodium\.h": r"src/identity/(cose_key|password)\.c",
    r"hs/hs\.h": r"src/policy/match\.c",
    r"pcre2\.h": r"src/policy/match\.c",
}
INCLUDE = re.compile(r'^\s*#\s*include\s+(["<])([^">]+)[">]')


def check_own(path, folder, target):
    if "/" not in target:
        return f'"{target}": include paths start at src/'
    above = target.split("/")[0]
    if above not in FLOORS:
        return f'"{target}": no floor of that name'
    if FLOORS[above] > FLOORS[folder]:
        return f'"{target}" lies on floor {FLOORS[above]}, this file on floor {FLOORS[folder]}'
    if above in UNKNOWN_TO.get(folder, []):
        return f'"{target}": {folder} knows nothing of {above}'
    return None


def check_library(path, target):
    for header, allowed in LIBRARIES.items():
        if re.fullmatch(header, target) and not re.fullmatch(allowed, path):
            return f"<{target}> belongs to {allowed}"
    return None


def check_file(path):
    folder = path.split("/")[1]
    with open(path, encoding="utf-8") as stream:
        for number, line in enumerate(stream, 1):
            match = INCLUDE.match(line)
            if not match:
                continue
            own, target = match.group(1) == '"', match.group(2)
            finding = check_own(path, folder, target) if own else check_library(path, target)
            if finding:
                yield f"{path}:{number}: {finding}"


def main():
    os.chdir(os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
    files = sorted(glob.glob("src/*/*.[ch]") + glob.glob("src/*/*.def"))
    findings = [finding for path in files for finding in check_file(path)]
    print("\n".join(findings) or f"{len(files)} files include only from their floor and below")
    sys.exit(1 if findings else 0)


if __name__ == "__main__":
    main()
