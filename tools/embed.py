#!/usr/bin/env python3
"""Turns folders of files into one C file with the arrays that src/base/embedded.h declares.

usage: embed.py --out FILE.c --depfile FILE.d NAME=FOLDER…

The files of FOLDER become embedded_NAME[], in ascending order of their paths, with an entry whose
path is NULL at the end. After each file's bytes stands a NUL that its length does not count. A
folder that is absent gives an empty array and a warning; a .json file that is no JSON is an error.
"""
import argparse
import hashlib
import json
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
    ".rules": "text/plain; charset=utf-8",
    ".model": "text/plain; charset=utf-8",
}


def list_files(folder):
    """Paths relative to the folder, and all folders that were read."""
    found, folders = [], [folder]
    for here, subfolders, names in os.walk(folder):
        folders += [os.path.join(here, subfolder) for subfolder in subfolders]
        found += [os.path.relpath(os.path.join(here, name), folder) for name in names]
    return sorted(found, key=str.encode), folders


def array_of(data):
    """The bytes of an initialiser, with a NUL behind them."""
    numbers = [str(byte) for byte in data + b"\0"]
    rows = [", ".join(numbers[i : i + 24]) for i in range(0, len(numbers), 24)]
    return ",\n    ".join(rows)


def check_json(path, data):
    try:
        json.loads(data)
    except ValueError as error:
        sys.exit(f"embed.py: {path}: {error}")


def render(name, folder, files):
    parts, rows = [], []
    for index, path in enumerate(files):
        suffix = os.path.splitext(path)[1]
        if suffix not in MEDIA_TYPES:
            sys.exit(f"embed.py: no media type is known for {folder}/{path}")
        with open(os.path.join(folder, path), "rb") as stream:
            data = stream.read()
        if suffix == ".json":
            check_json(f"{folder}/{path}", data)
        bytes_name = f"{name}_{index}"
        etag = hashlib.sha256(data).hexdigest()[:32]
        parts.append(f"static const unsigned char {bytes_name}[] = {{\n    {array_of(data)}}};\n")
        rows.append(
            f'    {{"{path}", "{MEDIA_TYPES[suffix]}", "\\"{etag}\\"",'
            f" {bytes_name}, {len(data)}}},\n"
        )
    rows.append("    {NULL, NULL, NULL, NULL, 0},\n")
    parts.append(f"const struct embedded_file embedded_{name}[] = {{\n{''.join(rows)}}};\n")
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
    parts, watched = ['#include "base/embedded.h"\n'], []
    for pair in arguments.folders:
        name, folder = pair.split("=", 1)
        if not os.path.isdir(folder):
            print(f"embed.py: {folder} is absent, the program goes without it", file=sys.stderr)
        files, folders = list_files(folder)
        parts.append(render(name, folder, files))
        watched += folders + [os.path.join(folder, path) for path in files]
    write_if_changed(arguments.out, "\n".join(parts))
    escaped = [path.replace(" ", "\\ ") for path in watched]
    with open(arguments.depfile, "w", encoding="utf-8") as stream:
        stream.write(f"{arguments.out}: {' '.join(escaped)}\n")


if __name__ == "__main__":
    main()
