#!/usr/bin/env python3
"""Says where a folder's meson.build does not list exactly the C files that lie there.

usage: check_lists.py [--write]

A folder with many C files has one `files(` … `)` block, in the order of the names, which --write
mends. Those that are named elsewhere in the same meson.build are not in it.
"""
import glob
import os
import re
import sys

FOLDERS = sorted(glob.glob("src/*/")) + ["tests/unit/", "tests/fuzz/", "bench/"]
BLOCK = re.compile(r"(files\(\n)((?:\s*'[^']*',\n)*)(\s*\))")


def c_files(folder):
    return sorted(os.path.basename(path) for path in glob.glob(folder + "*.c"))


def check_folder(folder, write):
    sources = c_files(folder)
    path = folder + "meson.build"
    if not os.path.exists(path):
        return [f"{folder} has C files but no meson.build"] if sources else []
    with open(path, encoding="utf-8") as stream:
        content = stream.read()
    block = BLOCK.search(content)
    if not block:
        missing = [source for source in sources if f"'{source}'" not in content]
        return [f"{path}: missing {missing}"] if missing else []
    elsewhere = re.findall(r"'([^']+\.c)'", content[: block.start()] + content[block.end() :])
    wanted = [source for source in sources if source not in elsewhere]
    listed = re.findall(r"'([^']*)'", block.group(2))
    if listed == wanted:
        return []
    if not write:
        missing, gone = set(wanted) - set(listed), set(listed) - set(wanted)
        return [f"{path}: missing {sorted(missing)}, not there {sorted(gone)} (--write mends it)"]
    indent = block.group(3).rstrip(")").strip("\n") + "  "
    rows = "".join(f"{indent}'{source}',\n" for source in wanted)
    with open(path, "w", encoding="utf-8") as stream:
        stream.write(content[: block.start(2)] + rows + content[block.end(2) :])
    print(f"{path}: {len(wanted)} files")
    return []


def main():
    os.chdir(os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
    write = "--write" in sys.argv[1:]
    findings = [finding for folder in FOLDERS for finding in check_folder(folder, write)]
    print("\n".join(findings) or "ok")
    sys.exit(1 if findings else 0)


if __name__ == "__main__":
    main()
