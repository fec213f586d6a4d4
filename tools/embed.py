#!/usr/bin/env python3
"""Turns folders of files into one C file for src/base/embedded.h.

usage: embed.py --out FILE.c --depfile FILE.d NAME=FOLDER…

A file x in FOLDER is called NAME/x. A folder that is absent gives no files, with a warning: the
server says so on the page that would have come from it.
"""
import argparse
import hashlib
import os
import sys

MEDIA_TYPES = {
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".ico": "image/x-icon",
    ".woff2": "font/woff2",
    ".json": "application/json",
    ".map": "application/json",
    ".txt": "text/plain; charset=utf-8",
    ".sql": "text/plain; charset=utf-8",
}


def list_files(name, folder):
    """Pairs of (path in the program, path on disk) and the folders that were read."""
    found, folders = [], [folder]
    for here, subfolders, names in os.walk(folder):
        folders += [os.path.join(here, subfolder) for subfolder in subfolders]
        for file_name in names:
            on_disk = os.path.join(here, file_name)
            found.append((f"{name}/{os.path.relpath(on_disk, folder)}", on_disk))
    return found, folders


def array_of(data):
    """The bytes of an initialiser, with a NUL behind them."""
    numbers = [str(byte) for byte in data + b"\0"]
    rows = [", ".join(numbers[i : i + 24]) for i in range(0, len(numbers), 24)]
    return ",\n    ".join(rows)


def render(files):
    parts = ['#include "base/embedded.h"\n']
    rows = []
    for index, (path, on_disk) in enumerate(sorted(files, key=lambda pair: pair[0].encode())):
        suffix = os.path.splitext(path)[1]
        if suffix not in MEDIA_TYPES:
            sys.exit(f"embed.py: no media type is known for {on_disk}")
        with open(on_disk, "rb") as stream:
            data = stream.read()
        etag = hashlib.sha256(data).hexdigest()[:32]
        parts.append(f"static const unsigned char bytes_{index}[] = {{\n    {array_of(data)}}};\n")
        rows.append(
            f'    {{"{path}", "{MEDIA_TYPES[suffix]}", "\\"{etag}\\"", bytes_{index}, {len(data)}}},'
        )
    rows.append("    {0},")  # ISO C knows no empty array
    parts.append("const struct embedded_file embedded_files[] = {\n" + "\n".join(rows) + "\n};")
    parts.append(f"const size_t embedded_file_count = {len(files)};\n")
    return "\n".join(parts)


def write_if_changed(path, content):
    try:
        with open(path, encoding="utf-8") as stream:
            if stream.read() == content:
                return
    except FileNotFoundError:
        pass
    with open(path, "w", encoding="utf-8") as stream:
        stream.write(content)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", required=True)
    parser.add_argument("--depfile", required=True)
    parser.add_argument("folders", nargs="+", metavar="NAME=FOLDER")
    arguments = parser.parse_args()
    files, watched = [], []
    for pair in arguments.folders:
        name, folder = pair.split("=", 1)
        if not os.path.isdir(folder):
            print(f"embed.py: {folder} is absent, the program will lack {name}/", file=sys.stderr)
        found, folders = list_files(name, folder)
        files += found
        watched += folders + [on_disk for _, on_disk in found]
    write_if_changed(arguments.out, render(files))
    escaped = [path.replace(" ", "\\ ") for path in watched]
    with open(arguments.depfile, "w", encoding="utf-8") as stream:
        stream.write(f"{arguments.out}: {' '.join(escaped)}\n")


if __name__ == "__main__":
    main()
