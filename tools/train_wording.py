#!/usr/bin/env python3
"""Trains the model of wordings (src/policy/wording.h) on the project's own corpus.

Reads the open lines of tests/policy/corpus/*.jsonl (never those that are set aside) and the
examples in rules/*.rules as PROGRAM ("rules features") sees them, and writes rules/wording.model
for the rules that have a line "scan wording". The same lines give the same weights, but for steps
of rounding between processors.

Logistic regression with L2, one for each rule and one for "any rule"; a rule's score is the sum of
its own and that one. A feature comes in with the square root of how far it tells the lines that
break the rule from the others (as in NBSVM: Wang and Manning, "Baselines and Bigrams", 2012), so
that rare words that tell much are not held down with those that tell nothing. Needs numpy (Debian:
python3-numpy).
"""
import argparse
import json
import subprocess
import sys
from pathlib import Path

import numpy

HOME = Path(__file__).resolve().parent.parent
CORPUS = HOME / "tests/policy/corpus"
RULES = HOME / "rules"
MODEL = RULES / "wording.model"
EXAMPLE_TIMES = 3      # as a rule must hold to its examples, each counts as so many lines
LEAST_LINES = 2        # in which a feature must stand
FEATURES = 64000       # that are kept: those that weigh most
ROW = 6.0              # length of a line's row
PRIOR = 0.3            # lines of either side that each feature is taken to stand in besides
SHORTEST = 20          # features that a line is taken to have; FEATURES_LEAST of wording.c
PENALTY = 1 / 3        # L2
ROUNDS = 250
PICK_ROUNDS = 100      # to see which features to keep
UNIT = 0.025           # of a weight in the file
LARGEST = 500          # in units
ALONE = 3.5            # log-odds at which the model alone makes a rule speak
NEUTRAL = ALONE - 5.0  # … and at which it adds nothing to the phrases' points
FLOOR = -20            # points that it takes away at the most
SPARE = {"insult": 80} # points against a rule that are forgiven: its phrases say more than words
GATE_SHARE = 1         # of a hundred lines that break a rule: so many are below its gate
GATE_MARGIN = 5        # points that it is below what is said of a message without a known word
FOLDS = 3              # to see lines that were not learnt
FOLD_ROUNDS = 100
STEP = 60              # units from one passage to the next; STEP_UNITS of wording.c
WORD = 2               # units of a word's feature; a run of characters has one
UNKNOWN = 0.5          # as a label


def read_lines():
    lines = []
    for path in sorted(CORPUS.glob("*.jsonl")):
        lines += [json.loads(row) for row in path.read_text(encoding="utf-8").splitlines() if row]
    return [line for line in lines if "conversation" not in line]


def rule_rows():
    """Each row of the rule files with the rule and the list ("hits:") that it stands in."""
    for path in sorted(RULES.glob("*.rules")):
        rule = section = ""
        for row in path.read_text(encoding="utf-8").splitlines():
            if row.startswith("rule "):
                rule = row[5:].strip()
            if not row.startswith("    "):
                section = row.strip()
            yield rule, section, row


def asking_rules():
    return sorted({rule for rule, section, _ in rule_rows() if section == "scan wording"})


def read_example(row, rule, hit):
    """A line under "hits:" or "misses:"; the latter is taken for an ordinary message, and only of
    its own rule is it known whether a hit breaks it."""
    notes, _, text = row[1:].partition("] ") if row.startswith("[") else ("", "", row)
    return {"text": text, "from": "buyer" if "buyer" in notes else "seller", "example": rule,
            "expect": [rule] if hit else []}


def read_examples(rules):
    return [read_example(row.strip(), rule, section == "hits:")
            for rule, section, row in rule_rows()
            if row.startswith("    ") and section in ("hits:", "misses:") and rule in rules]


def read_features(program, lines):
    """Of each line: the features that the program sees."""
    sent = [{key: line[key] for key in ("text", "from", "lang") if key in line}
            for line in lines]
    answer = subprocess.run(
        [program, "rules", "features"], check=True, capture_output=True, encoding="utf-8",
        input="".join(json.dumps(line, ensure_ascii=False) + "\n" for line in sent))
    return [json.loads(row)["features"].rstrip("\n").split("\n")
            for row in answer.stdout.splitlines()]


class Rows:
    """A sparse matrix of lines and features; a line's values are all the same."""

    def __init__(self, lines, names):
        number = {name: index for index, name in enumerate(names)}
        rows = [sorted({number[feature] for feature in line if feature in number})
                for line in lines]
        sizes = numpy.array([len(row) for row in rows])
        self.columns = numpy.array([column for row in rows for column in row])
        self.row_of = numpy.repeat(numpy.arange(len(rows)), sizes)
        self.filled = numpy.flatnonzero(sizes)
        self.starts = (numpy.cumsum(sizes) - sizes)[self.filled]
        self.values = ROW / numpy.sqrt([max(SHORTEST, len(line)) for line in lines])
        self.shape = (len(rows), len(names))

    def times(self, weights):
        sums = numpy.zeros(self.shape[0])
        sums[self.filled] = numpy.add.reduceat(weights[self.columns], self.starts)
        return sums * self.values

    def transposed_times(self, errors):
        return numpy.bincount(self.columns, (errors * self.values)[self.row_of], self.shape[1])

    def counts(self, side):
        """Of each feature, the lines of SIDE that it stands in."""
        return numpy.bincount(self.columns, side[self.row_of], self.shape[1])

    def largest_eigenvalue(self, tell):
        vector = numpy.sign(tell)  # the largest one's vector has these signs
        for _ in range(10):
            vector = tell * self.transposed_times(self.times(tell * vector))
            size = numpy.sqrt((vector * vector).sum())
            vector /= size
        return numpy.ceil(1.05 * size)  # rather too much; and whatever the last bits are


def telling(rows, labels):
    """How far each feature tells lines that break the rule from the others; its sign says which."""
    def share(side):
        return (rows.counts(side) + PRIOR) / max(1, side.sum())
    ratio = numpy.log(share(labels == 1) / share(labels == 0))
    return numpy.sign(ratio) * numpy.sqrt(numpy.abs(ratio))


def train(rows, labels, rounds):
    """Weights and bias, by accelerated gradient descent from zero; a label of 0.5 is none."""
    tell = telling(rows, labels)
    step = 1 / (0.25 * (rows.largest_eigenvalue(tell) + rows.shape[0]) + PENALTY)
    weights, before = numpy.zeros(rows.shape[1]), numpy.zeros(rows.shape[1])
    bias = bias_before = 0.0
    for turn in range(rounds):
        push = turn / (turn + 3)
        ahead, bias_ahead = weights + push * (weights - before), bias + push * (bias - bias_before)
        errors = 1 / (1 + numpy.exp(-(rows.times(tell * ahead) + bias_ahead))) - labels
        errors[labels == UNKNOWN] = 0
        before, bias_before = weights, bias
        weights = ahead - step * (tell * rows.transposed_times(errors) + PENALTY * ahead)
        bias = bias_ahead - step * (errors.sum() + PENALTY * bias_ahead)
    return tell * weights, bias


def label(line, rule):
    return UNKNOWN if line.get("example", rule) != rule else float(rule in line["expect"])


def train_rules(rows, lines, rules, rounds=ROUNDS):
    breaks = numpy.array([float(bool(line["expect"])) for line in lines])
    any_weights, any_bias = train(rows, breaks, rounds)
    trained = []
    for rule in rules:
        labels = numpy.array([label(line, rule) for line in lines])
        weights, bias = train(rows, labels, rounds)
        trained.append((weights + any_weights, bias + any_bias))
    return numpy.array([weights for weights, _ in trained]), [bias for _, bias in trained]


def known_names(features):
    counts = {}
    for line in features:
        for feature in set(line):
            counts[feature] = counts.get(feature, 0) + 1
    return sorted(name for name, count in counts.items() if count >= LEAST_LINES), counts


def heaviest(names, counts, weights):
    """The names whose weights, by how often they count, come to most."""
    sizes = numpy.abs(weights).max(axis=0) * numpy.sqrt([counts[name] for name in names])
    sizes = numpy.round(sizes, 6)  # whatever the last bits are
    order = sorted(range(len(names)), key=lambda index: (-sizes[index], names[index]))
    return sorted(names[index] for index in order[:FEATURES])


def points_of(log_odds):
    return (log_odds - NEUTRAL) * 100 / (ALONE - NEUTRAL)


def passages(features):
    """Facts apart, of two steps each; they overlap by half."""
    steps, units = [[]], 0
    for feature in features:
        if feature.startswith("f:"):
            continue
        if units // STEP == len(steps):
            steps.append([])
        steps[-1].append(feature)
        units += 1 if feature.startswith("c:") else WORD
    return [first + second for first, second in zip(steps, steps[1:])] or steps


def unseen_points(lines, features, rules):
    """Of each line, the rules' points in the passage where they are the most, by a model that has
    not seen it."""
    points = numpy.zeros((len(lines), len(rules)))
    for fold in range(FOLDS):
        seen = [index for index in range(len(lines)) if index % FOLDS != fold]
        unseen = range(fold, len(lines), FOLDS)
        names, _ = known_names([features[index] for index in seen])
        weights, bias = train_rules(Rows([features[index] for index in seen], names),
                                    [lines[index] for index in seen], rules, FOLD_ROUNDS)
        parts = [passages(features[index]) for index in unseen]
        rows = Rows([part for line in parts for part in line], names)
        starts = numpy.cumsum([0] + [len(line) for line in parts[:-1]])
        for number in range(len(rules)):
            most = numpy.maximum.reduceat(rows.times(weights[number]), starts)
            points[unseen, number] = points_of(most + bias[number])
    return points


def gates(lines, features, rules, bias):
    """Points below which a rule's phrases need not be looked for."""
    points = unseen_points(lines, features, rules)
    for number, rule in enumerate(rules):
        breaking = [index for index, line in enumerate(lines)
                    if rule in line["expect"] and "example" not in line]
        least = numpy.percentile(points[breaking, number], GATE_SHARE)
        yield round(min(least, points_of(bias[number]) - GATE_MARGIN))


def model_rows(program):
    rules = asking_rules()
    lines = read_lines() + EXAMPLE_TIMES * read_examples(rules)
    features = read_features(program, lines)
    names, counts = known_names(features)
    weights, _ = train_rules(Rows(features, names), lines, rules, PICK_ROUNDS)
    names = heaviest(names, counts, weights)
    weights, bias = train_rules(Rows(features, names), lines, rules)
    steps = numpy.clip(numpy.rint(weights / UNIT), -LARGEST, LARGEST).astype(int)
    yield "# Made by tools/train_wording.py; docs/rules.md, \"The model\"."
    yield "rules " + " ".join(rules)
    yield "bias " + " ".join(str(round(points_of(value))) for value in bias)
    yield "spare " + " ".join(str(SPARE.get(rule, 0)) for rule in rules)
    yield "gate " + " ".join(map(str, gates(lines, features, rules, bias)))
    yield f"scale {round(1000 * ROW * UNIT * 100 / (ALONE - NEUTRAL))}"
    yield f"floor {FLOOR}"
    for index, name in enumerate(names):
        yield name + "\t" + " ".join(str(step) for step in steps[:, index])


def split_row(row):
    """Of a feature, the bias or the gates: the name and numbers. Another line is all name."""
    name, _, numbers = row.partition("\t" if "\t" in row else " ")
    numbered = "\t" in row or name in ("bias", "gate")
    return (name, [int(word) for word in numbers.split()]) if numbered else (row, [])


def differences(rows, path):
    """Lines that are not there, and weights that differ by more than rounding may."""
    kept = dict(map(split_row, path.read_text(encoding="utf-8").splitlines()))
    made = dict(map(split_row, rows))
    found = sorted(set(kept) ^ set(made))
    for name in sorted(set(kept) & set(made)):
        if any(abs(a - b) > 1 for a, b in zip(kept[name], made[name])):
            found.append(name)
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("program", metavar="PROGRAM", help="counterfoil, as it was built")
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--check", action="store_true",
                      help="train, and compare with the file instead of writing it")
    what.add_argument("--out", type=Path, default=MODEL, help="write there")
    options = parser.parse_args()
    rows = list(model_rows(options.program))
    if options.check:
        wrong = differences(rows, MODEL)
        for name in wrong[:20]:
            print(f"{MODEL.name}: {name}: training gives something else", file=sys.stderr)
        return 1 if wrong else 0
    new = options.out.with_suffix(".new")
    new.write_text("\n".join(rows) + "\n", encoding="utf-8")
    new.replace(options.out)
    print(f"{options.out}: {len(rows) - 7} features")
    return 0


if __name__ == "__main__":
    sys.exit(main())
