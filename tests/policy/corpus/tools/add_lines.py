#!/usr/bin/env python3
"""Adds labelled lines to the corpus: gives them ids, and draws which of them are set aside.

usage: add_lines.py LANGUAGE FILE [FOLDER]

FILE has lines without ids (../README.md). A line whose text stands in the corpus already, but for
case and numbers, is left out. Prints how many were added, never a text. FOLDER is the corpus, by
default the folder above this script.
"""
import json
import sys
from pathlib import Path

from check_corpus import drawn, normal, number_of, wrong_row


def read(path):
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line]


def write(path, rows):
    lines = (json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    path.write_text("".join(lines), encoding="utf-8")


def main(arguments):
    if len(arguments) not in (2, 3):
        print(__doc__.strip(), file=sys.stderr)
        return 2
    lang, new = arguments[0], read(Path(arguments[1]))
    folder = Path(arguments[2]) if len(arguments) > 2 else Path(__file__).resolve().parent.parent
    paths = {"open": folder / f"{lang}.jsonl", "held": folder / "held" / f"{lang}.jsonl"}
    rows = sorted(read(paths["open"]) + read(paths["held"]), key=number_of)
    before = len(rows)
    texts = {normal(row["text"]) for path in folder.glob("**/*.jsonl") for row in read(path)}
    for number, row in enumerate(new, 1):
        row = {"id": f"{lang}-{len(rows) + 1:04d}", **row}
        problems = list(wrong_row(row, lang))
        if problems:
            print(f"{arguments[1]}:{number}: {'; '.join(problems)}", file=sys.stderr)
            return 1
        if normal(row["text"]) not in texts:
            texts.add(normal(row["text"]))
            rows.append(row)
    held = drawn(rows)
    write(paths["open"], [row for row in rows if row["id"] not in held])
    write(paths["held"], [row for row in rows if row["id"] in held])
    print(f"{len(rows) - before} added, {len(new) - (len(rows) - before)} left out")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
