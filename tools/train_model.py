#!/usr/bin/env python3
"""Trains the model of the message policy (src/policy/model.h) from the project's own corpus.

usage: train_model.py [--write | --check | --try] MODEL_GRAMS

One logistic model for each rule of FAMILIES, over the grams that MODEL_GRAMS (build/src/policy/
model_grams) sees. Trained from the open part of tests/policy/corpus and from the examples of
rules/*.rules; never from the lines that are set aside. Needs python3-numpy.

  --write   makes rules/wording.model and tests/policy/wording.json (texts and their scores)
  --check   trains again and fails if rules/wording.model would be another, byte for byte
  --try     only prints how well models do on lines that they were not trained from: lines that
            are like each other are together in one of five parts, four train, one is judged
"""
import glob
import json
import os
import re
import struct
import subprocess
import sys
from collections import defaultdict

import numpy

CORPUS = "tests/policy/corpus"
MODEL = "rules/wording.model"
VECTORS = "tests/policy/wording.json"
FAMILIES = ("review.removal", "review.pressure", "review.incentive", "contact.request",
            "contact.messenger", "offplatform", "phishing.support", "phishing.credentials",
            "insult", "disparage")
COLUMNS = 12       # weights of a gram in the file, and in memory
ROWS_MAX = 18000   # grams that are kept
SEEN_MIN = 1       # lines that a gram stands in, or it is not kept
SLOT_BITS = 16     # two grams in one slot: the one that tells more is kept
FOLDS = 5
ALIKE = 0.35       # share of the grams that two lines have in common: they are of one fold
STEPS = 150
RATE = 0.1
DECAY = 2e-5
EXAMPLE_WEIGHT = 0.6
GOALS = {"sure": 0.002, "likely": 0.012}  # share of ordinary lines that may be said to be so
LOST_MAX = 0.02    # share of the lines that break a rule and are said to be ordinary


class Line:
    """A text; what it is known to break (True, False), or None where nobody says."""

    def __init__(self, text, language, sender, labels, weight):
        self.text, self.language, self.sender = text, language, sender
        self.labels, self.weight = labels, weight
        self.pieces = []


def corpus_lines():
    paths = sorted(glob.glob(f"{CORPUS}/*.jsonl") + glob.glob(f"{CORPUS}/wider/*.jsonl"))
    for path in paths:
        language = os.path.basename(path)[:2]
        with open(path, encoding="utf-8") as stream:
            for row in map(json.loads, stream):
                # what only the state between messages tells is not in the wording
                if "conversation" in row and row["expect"]:
                    continue
                labels = [family in row["expect"] for family in FAMILIES]
                yield Line(row["text"], language, row["from"], labels, 1.0)


def example_lines():
    """The rules' own examples say something of one rule only."""
    for path in sorted(glob.glob("rules/*.rules")):
        language, rule, hit = os.path.basename(path)[:2], None, None
        with open(path, encoding="utf-8") as stream:
            for row in stream:
                opened = re.match(r"rule (\S+)", row)
                key = re.match(r"  (\w[\w.]*)", row)
                if opened:
                    rule, hit = opened[1], None
                elif key:
                    hit = {"hits": True, "misses": False}.get(key[1])
                elif hit is not None and row.startswith("    ") and rule in FAMILIES:
                    notes, text = re.match(r"\s*(?:\[(.*?)\] )?(.*)", row).groups()
                    labels = [hit if family == rule else None for family in FAMILIES]
                    sender = "buyer" if "buyer" in (notes or "") else "seller"
                    yield Line(text.strip(), language, sender, labels, EXAMPLE_WEIGHT)


def read_lines(program):
    lines = list(corpus_lines()) + list(example_lines())
    written = "".join(json.dumps(line.text) + "\n" for line in lines)
    done = subprocess.run([program], input=written, capture_output=True, text=True, check=True)
    for line, row in zip(lines, done.stdout.splitlines()):
        line.pieces = [numpy.array(piece.split(), dtype=numpy.uint32) for piece in row.split("/")]
    return lines


def folds_of(lines):
    """Lines that are alike get the same number; the groups are dealt out in turn."""
    sets = [set(numpy.concatenate(line.pieces).tolist()) for line in lines]
    where = defaultdict(list)
    parent = list(range(len(lines)))

    def root(number):
        while parent[number] != number:
            number = parent[number]
        return number

    for number, grams in enumerate(sets):
        common = defaultdict(int)
        for gram in grams:
            for other in where[gram][-200:]:
                common[other] += 1
            where[gram].append(number)
        for other, count in common.items():
            if count > ALIKE * min(len(grams), len(sets[other])):
                parent[root(number)] = root(other)
    dealt = {}
    return numpy.array([dealt.setdefault(root(number), len(dealt)) % FOLDS
                        for number in range(len(lines))])


class Design:
    """The grams of lines (of their first pieces) as rows of numbers, for the gradient."""

    def __init__(self, lines, vocabulary):
        self.columns, counts = [], []
        for line in lines:
            grams = [vocabulary[g] for g in line.pieces[0].tolist() if g in vocabulary]
            self.columns.append(numpy.array(sorted(set(grams)), dtype=numpy.int64))
            counts.append(max(len(line.pieces[0]), 1))
        self.row = numpy.repeat(numpy.arange(len(lines)), [len(c) for c in self.columns])
        self.column = numpy.concatenate(self.columns) if lines else numpy.array([], dtype=int)
        self.scale = 1 / numpy.sqrt(numpy.array(counts, dtype=float))
        order = numpy.argsort(self.column, kind="stable")
        self.by_column = self.row[order]
        sorted_columns = self.column[order]
        self.used, self.starts = numpy.unique(sorted_columns, return_index=True)
        self.filled = numpy.flatnonzero([len(c) > 0 for c in self.columns])
        lengths = [len(c) for c in self.columns if len(c) > 0]
        self.row_starts = numpy.concatenate(([0], numpy.cumsum(lengths)[:-1])).astype(int)
        self.buyer = numpy.array([line.sender == "buyer" for line in lines], dtype=float)

    def scores(self, model):
        weights, bias, buyer = model
        total = numpy.zeros((len(self.columns), weights.shape[1]))
        if len(self.column) > 0:
            total[self.filled] = numpy.add.reduceat(weights[self.column], self.row_starts, axis=0)
        return total * self.scale[:, None] + bias + self.buyer[:, None] * buyer

    def gradient(self, errors, size):
        scaled = errors * self.scale[:, None]
        found = numpy.zeros((size, errors.shape[1]))
        found[self.used] = numpy.add.reduceat(scaled[self.by_column], self.starts, axis=0)
        return found, errors.sum(axis=0), (errors * self.buyer[:, None]).sum(axis=0)


def vocabulary_of(lines):
    seen = defaultdict(int)
    for line in lines:
        for gram in set(numpy.concatenate(line.pieces).tolist()):
            seen[gram] += 1
    return {gram: place for place, gram in
            enumerate(sorted(gram for gram, count in seen.items() if count >= SEEN_MIN))}


def label_arrays(lines):
    truth = numpy.array([[bool(label) for label in line.labels] for line in lines], dtype=float)
    weight = numpy.array([[0.0 if label is None else line.weight for label in line.labels]
                          for line in lines])
    return truth, weight


def train(lines):
    vocabulary = vocabulary_of(lines)
    design = Design(lines, vocabulary)
    truth, weight = label_arrays(lines)
    whole = weight.sum(axis=0)
    shares = (weight * truth).sum(axis=0) / whole
    start = [numpy.zeros((len(vocabulary), len(FAMILIES))), numpy.log(shares / (1 - shares)),
             numpy.zeros(len(FAMILIES))]
    first = [numpy.zeros_like(part) for part in start]
    second = [numpy.zeros_like(part) for part in start]
    model = start
    for step in range(1, STEPS + 1):
        guess = 1 / (1 + numpy.exp(-design.scores(model)))
        errors = (guess - truth) * weight / whole
        gradient = list(design.gradient(errors, len(vocabulary)))
        gradient[0] = gradient[0] + DECAY * model[0]
        for i in range(3):
            first[i] = 0.9 * first[i] + 0.1 * gradient[i]
            second[i] = 0.99 * second[i] + 0.01 * gradient[i] ** 2
            move = (first[i] / (1 - 0.9 ** step)) / (numpy.sqrt(second[i] / (1 - 0.99 ** step))
                                                    + 1e-7)
            model[i] = model[i] - RATE * move
    return vocabulary, model


def cross_scores(lines):
    """The score of each line by a model that was trained without it and what is like it."""
    folds = folds_of(lines)
    scores = numpy.zeros((len(lines), len(FAMILIES)))
    for fold in range(FOLDS):
        vocabulary, model = train([l for l, f in zip(lines, folds) if f != fold])
        aside = [l for l, f in zip(lines, folds) if f == fold]
        scores[folds == fold] = Design(aside, vocabulary).scores(model)
    return scores


def thresholds(lines, scores):
    """From what score on a line is said to be `sure` or `likely`, below what `ordinary`."""
    truth, weight = label_arrays(lines)
    known = weight > 0
    found = {}
    for column, family in enumerate(FAMILIES):
        clean = numpy.sort(scores[known[:, column] & (truth[:, column] == 0), column])
        guilty = numpy.sort(scores[known[:, column] & (truth[:, column] == 1), column])
        levels = {name: float(clean[int(len(clean) * (1 - share)) - 1])
                  for name, share in GOALS.items()}
        levels["ordinary"] = float(guilty[int(len(guilty) * LOST_MAX)])
        found[family] = levels
    return found


def print_tried(lines, scores, levels):
    truth, weight = label_arrays(lines)
    own = numpy.array([line.weight == 1 for line in lines])
    clean = own & (truth.sum(axis=1) == 0)
    for column, family in enumerate(FAMILIES):
        guilty = own & (truth[:, column] == 1)
        parts = [f"{name} {100 * (scores[guilty, column] > levels[family][name]).mean():5.1f} % / "
                 f"{100 * (scores[clean, column] > levels[family][name]).mean():4.2f} %"
                 for name in ("sure", "likely", "ordinary")]
        print(f"{family:22}{guilty.sum():5}  " + "   ".join(parts))
    for name in ("sure", "likely"):
        above = scores > numpy.array([levels[family][name] for family in FAMILIES])
        guilty = own & (truth.sum(axis=1) > 0)
        hit = (above & (truth > 0)).any(axis=1)
        print(f"{name}: {100 * hit[guilty].mean():.1f} % of {guilty.sum()} found, "
              f"{100 * above.any(axis=1)[clean].mean():.2f} % of {clean.sum()} disturbed")


def rows_of(vocabulary, weights):
    """The grams that tell most, one a slot: (gram, weights as whole numbers), and the scales."""
    scales = numpy.maximum(numpy.abs(weights).max(axis=0), 1e-6) / 127
    whole = numpy.rint(weights / scales).astype(int)
    worth = numpy.abs(whole).max(axis=1)
    slots = {}
    for gram, place in vocabulary.items():
        slot = gram & ((1 << SLOT_BITS) - 1)
        held = slots.get(slot)
        if worth[place] > 0 and (held is None or worth[place] > worth[vocabulary[held]]):
            slots[slot] = gram
    kept = sorted(slots.values(), key=lambda gram: (-worth[vocabulary[gram]], gram))[:ROWS_MAX]
    return [(gram, whole[vocabulary[gram]]) for gram in sorted(kept)], scales


def number(value):
    return f"{value:.5g}"


def heads_of(model, scales, levels):
    """What the file says of each rule: numbers as they are written, so that all read the same."""
    _, bias, buyer = model
    return [(family, *map(number, (scales[i], bias[i], buyer[i], levels[family]["ordinary"],
                                   levels[family]["likely"], levels[family]["sure"])))
            for i, family in enumerate(FAMILIES)]


def file_of(heads, rows):
    head = "counterfoil wording model 1\n" + "".join(f"rule {' '.join(h)}\n" for h in heads) + "\n"
    padding = COLUMNS - len(FAMILIES)
    return head.encode() + b"".join(
        struct.pack(f"<I{len(FAMILIES)}b{padding}x", gram, *weights) for gram, weights in rows)


def score_as_program(heads, rows, line):
    """What src/policy/model.c comes to: the highest score of the line's pieces."""
    weights = dict(rows)
    found = []
    for column, head in enumerate(heads):
        scale, bias, buyer = map(float, head[1:4])
        found.append(max(
            sum(int(weights[g][column]) for g in piece.tolist() if g in weights) * scale
            / max(len(piece), 1) ** 0.5 + bias + (buyer if line.sender == "buyer" else 0)
            for piece in line.pieces))
    return found


def vectors_of(heads, rows, lines):
    """Some texts with their scores, that the program must come to, too (tests/unit)."""
    chosen = [line for line in lines if line.weight == 1][::101]
    return json.dumps(
        [{"from": line.sender, "text": line.text,
          "scores": [round(score, 3) for score in score_as_program(heads, rows, line)]}
         for line in chosen], ensure_ascii=False, indent=1).encode() + b"\n"


def make(lines):
    levels = thresholds(lines, cross_scores(lines))
    vocabulary, model = train(lines)
    rows, scales = rows_of(vocabulary, model[0])
    heads = heads_of(model, scales, levels)
    return {MODEL: file_of(heads, rows), VECTORS: vectors_of(heads, rows, lines)}


def main():
    arguments = sys.argv[1:]
    if len(arguments) != 2 or arguments[0] not in ("--write", "--check", "--try"):
        sys.exit(__doc__)
    program = os.path.abspath(arguments[1])
    os.chdir(os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
    lines = read_lines(program)
    if arguments[0] == "--try":
        scores = cross_scores(lines)
        print_tried(lines, scores, thresholds(lines, scores))
        return
    for path, content in make(lines).items():
        if arguments[0] == "--write":
            with open(path, "wb") as stream:
                stream.write(content)
            continue
        with open(path, "rb") as stream:
            if stream.read() != content:
                sys.exit(f"{path} is not what its corpus gives: run train_model.py --write")


if __name__ == "__main__":
    main()
