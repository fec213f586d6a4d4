#!/usr/bin/env python3
"""How well the message rules do: precision and recall by rule and language, false positives.

usage: policy_quality.py [--check | --write] [--rules FOLDER] [--misses] [--held-out] PROGRAM

Judges every line of tests/policy/corpus/*.jsonl ("expect": ids of rules that must speak; empty:
an ordinary message), and the corpora in $COUNTERFOIL_DATA/policy, with PROGRAM (the binary).

  --write      keep the figures in tests/policy/recorded.json and docs/policy-quality.md
  --check      fail if more ordinary lines are disturbed, or fewer violating ones found, than before
  --misses     also print the lines that were judged wrongly; never those that are set aside
  --held-out   only the lines that are set aside (files with "held" in their path)
"""
import csv
import glob
import json
import os
import re
import subprocess
import sys

CORPUS = "tests/policy/corpus"
RECORDED = "tests/policy/recorded.json"
PAGE = "docs/policy-quality.md"
LANGUAGES = ("ru", "zh", "es", "ja", "en")


def read_jsonl(path):
    with open(path, encoding="utf-8") as stream:
        return [json.loads(line) for line in stream if line.strip()]


def own_corpora():
    """Name and lines of each file of our own."""
    found = {}
    for path in sorted(glob.glob(f"{CORPUS}/**/*.jsonl", recursive=True)):
        lines = [line for line in read_jsonl(path) if "text" in line]
        if lines:
            found[os.path.relpath(path, CORPUS).removesuffix(".jsonl")] = lines
    return found


def message(language, sender, text):
    return {"text": text, "lang": language, "from": sender}


def banking(folder):
    with open(f"{folder}/en_banking77_test.csv", encoding="utf-8", newline="") as stream:
        return [message("en", "buyer", row["text"]) for row in csv.DictReader(stream)]


def sms(folder, label):
    with open(f"{folder}/en_sms_spam.csv", encoding="latin-1", newline="") as stream:
        return [message("en", "buyer", row["v2"]) for row in csv.DictReader(stream)
                if row["v1"] == label]


def cold(folder, label):
    with open(f"{folder}/zh_cold_test.csv", encoding="utf-8-sig", newline="") as stream:
        return [message("zh", "buyer", row["TEXT"]) for row in csv.DictReader(stream)
                if row["label"] == label]


def asdc(folder):
    return [message("ja", "seller" if said["name"] == "agent" else "buyer", said["text"])
            for talk in read_jsonl(f"{folder}/ja_asdc_question_no.jsonl")
            for said in talk["utterances"]]


def text_lines(folder, name, language, sender):
    with open(f"{folder}/{name}", encoding="utf-8") as stream:
        return [message(language, sender, line.strip()) for line in stream if line.strip()]


def xquad(folder, language):
    """Sentences of an encyclopaedia and questions about them: many numbers and names."""
    with open(f"{folder}/xquad_{language}.json", encoding="utf-8") as stream:
        data = json.load(stream)["data"]
    found = []
    for paragraph in (part for page in data for part in page["paragraphs"]):
        found += re.split(r"(?<=[.!?])\s+", paragraph["context"].replace("\ufeff", ""))
        found += [asked["question"] for asked in paragraph["qas"]]
    return [message(language, "seller", text) for text in found if len(text.split()) > 1]


def others_corpora():
    """Clean and dirty ones, each with the reader that knows its format; {} without the data."""
    folder = os.path.join(os.environ.get("COUNTERFOIL_DATA", "../shared/data"), "policy")
    if not os.path.isdir(folder):
        return {}, {}
    clean = {
        "banking77 (en)": banking(folder),
        "SMS, no spam (en)": sms(folder, "ham"),
        "COLD, not offensive (zh)": cold(folder, "0"),
        "ASDC dialogues (ja)": asdc(folder),
        "short questions (ru)": text_lines(folder, "ru_questions5.txt", "ru", "buyer"),
        "XQuAD (ru)": xquad(folder, "ru"),
        "XQuAD (es)": xquad(folder, "es"),
    }
    dirty = {
        "rudetoxifier (ru)": text_lines(folder, "ru_toxic_10k.txt", "ru", "buyer"),
        "COLD, offensive (zh)": cold(folder, "1"),
        "SMS spam (en)": sms(folder, "spam"),
    }
    return clean, dirty


def judge(program, rules, lines):
    """The verdict of each line; conversations go on from line to line."""
    kept = ("text", "lang", "from", "context", "conversation", "to", "at")
    rows = [json.dumps({"id": str(number), **{key: line[key] for key in kept if key in line}},
                       ensure_ascii=False) for number, line in enumerate(lines)]
    command = [program, "judge"] + (["--rules", rules] if rules else [])
    done = subprocess.run(command, input="\n".join(rows), capture_output=True, text=True,
                          encoding="utf-8", check=False)
    if done.returncode != 0:
        sys.exit(f"policy_quality.py: {done.stderr}")
    return [json.loads(line) for line in done.stdout.splitlines()]


def is_found(line, verdict):
    spoken = {finding["rule"] for finding in verdict["findings"]}
    return bool(spoken & set(line["expect"]))


class Tally:
    """Counts of one corpus: by line, and by rule and language."""

    def __init__(self):
        self.violating = self.found = self.ordinary = self.disturbed = 0
        self.rules = {}

    def cell(self, rule, language):
        return self.rules.setdefault((rule, language), {"expected": 0, "hit": 0, "wrong": 0})

    def add(self, line, verdict):
        language = line.get("lang") or "?"
        spoken = {finding["rule"] for finding in verdict["findings"]}
        for rule in line["expect"]:
            cell = self.cell(rule, language)
            cell["expected"] += 1
            cell["hit"] += rule in spoken
        for rule in spoken - set(line["expect"]):
            self.cell(rule, language)["wrong"] += 1
        if line["expect"]:
            self.violating += 1
            self.found += is_found(line, verdict)
        else:
            self.ordinary += 1
            self.disturbed += verdict["verdict"] != "allow"


def percent(part, whole):
    return f"{100 * part / whole:.1f} %" if whole else "–"


def print_wrong(name, lines, verdicts):
    for line, verdict in zip(lines, verdicts):
        spoken = [f"{finding['rule']} “{finding['text']}”" for finding in verdict["findings"]]
        if line["expect"] and not is_found(line, verdict):
            what = "missed " + " ".join(line["expect"])
        elif not line["expect"] and verdict["verdict"] != "allow":
            what = "disturbed"
        else:
            continue
        print(f"{name} {line.get('id', '')} {line.get('from', '')} {what}: {line['text']}"
              + (f"   [{'; '.join(spoken)}]" if spoken else ""))


def table(head, rows):
    return "\n".join(["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
                     + ["| " + " | ".join(map(str, row)) + " |" for row in rows]) + "\n"


def rule_table(tallies):
    """Precision / recall of each rule and language, over the corpora given."""
    cells = {}
    for tally in tallies:
        for key, cell in tally.rules.items():
            into = cells.setdefault(key, {"expected": 0, "hit": 0, "wrong": 0})
            for name in into:
                into[name] += cell[name]
    rows = []
    for rule in sorted({rule for rule, _ in cells}):
        row = [f"`{rule}`"]
        for language in LANGUAGES:
            cell = cells.get((rule, language))
            spoken = cell and cell["hit"] + cell["wrong"]
            row.append("–" if not cell else
                       f"{percent(cell['hit'], spoken)} / {percent(cell['hit'], cell['expected'])}"
                       f" ({cell['expected']})")
        rows.append(row)
    return table(["rule", *LANGUAGES], rows)


def line_table(tallies):
    return table(["corpus", "violating", "found", "ordinary", "disturbed"],
                 [[name, tally.violating, percent(tally.found, tally.violating), tally.ordinary,
                   percent(tally.disturbed, tally.ordinary)] for name, tally in tallies.items()])


def spoken_table(counts, title):
    return table(["corpus", "lines", title],
                 [[name, lines, f"{spoken} = {percent(spoken, lines)}"]
                  for name, (lines, spoken) in counts.items()])


def held_out(name):
    return "held" in name


def page(own, clean, dirty):
    open_ = {name: tally for name, tally in own.items() if not held_out(name)}
    aside = {name: tally for name, tally in own.items() if held_out(name)}
    parts = [
        "# How well the message rules do\n",
        "Made by `tools/policy_quality.py --write`; `./check policy` compares with these figures. "
        "A line is *found* if one of the rules that it breaks speaks; it is *disturbed* if nothing "
        "is wrong with it and the verdict is warn or worse.\n",
        "## Lines\n", line_table(own)]
    if aside:
        parts += ["The files with *held* in their names are set aside: rules are not written from "
                  "them.\n"]
    parts += ["## Rules: precision / recall (lines expected)\n", rule_table(open_.values())]
    if aside:
        parts += ["### Of the lines that are set aside\n", rule_table(aside.values())]
    if clean:
        parts += ["## Ordinary text of others\n",
                  "None of it was written with these rules in mind, and nearly none breaks one.\n",
                  spoken_table(clean, "disturbed")]
        parts += ["## Rude text and spam of others\n",
                  "Labelled by other rules than ours; for orientation.\n",
                  spoken_table(dirty, "found")]
    return "\n".join(parts)


def count_spoken(program, rules, corpora):
    return {name: (len(lines), sum(verdict["verdict"] != "allow"
                                   for verdict in judge(program, rules, lines)))
            for name, lines in corpora.items()}


def recorded_form(own, clean, dirty):
    return {
        "own": {name: {"ordinary": tally.ordinary, "disturbed": tally.disturbed,
                       "violating": tally.violating, "found": tally.found}
                for name, tally in own.items()},
        "clean": {name: {"lines": lines, "disturbed": spoken}
                  for name, (lines, spoken) in clean.items()},
        "dirty": {name: {"lines": lines, "found": spoken}
                  for name, (lines, spoken) in dirty.items()},
    }


def compare(now, recorded):
    """What is worse than it was; a corpus that is new or not there is no failure."""
    for kind, corpora in now.items():
        for name, figures in corpora.items():
            before = recorded.get(kind, {}).get(name)
            if before is None:
                continue
            if figures.get("disturbed", 0) > before.get("disturbed", 0):
                yield (f"{kind} {name}: {figures['disturbed']} ordinary lines disturbed, "
                       f"{before['disturbed']} recorded")
            if figures.get("found", 0) < before.get("found", 0):
                yield f"{kind} {name}: {figures['found']} lines found, {before['found']} recorded"


def read_recorded():
    if not os.path.exists(RECORDED):
        return {}
    with open(RECORDED, encoding="utf-8") as stream:
        return json.load(stream)


def write(text, path):
    with open(path, "w", encoding="utf-8") as stream:
        stream.write(text)


def read_arguments():
    switches = {name for name in sys.argv[1:] if name.startswith("--")}
    rest = [name for name in sys.argv[1:] if not name.startswith("--")]
    rules = rest.pop(0) if "--rules" in switches and rest else None
    unknown = switches - {"--check", "--write", "--rules", "--misses", "--held-out"}
    if unknown or len(rest) != 1:
        sys.exit(__doc__)
    return switches, rules and os.path.abspath(rules), os.path.abspath(rest[0])


def judge_own(switches, program, rules):
    tallies = {}
    for name, lines in own_corpora().items():
        if "--held-out" in switches and not held_out(name):
            continue
        verdicts = judge(program, rules, lines)
        tally = tallies[name] = Tally()
        for line, verdict in zip(lines, verdicts):
            tally.add(line, verdict)
        if "--misses" in switches and not held_out(name):
            print_wrong(name, lines, verdicts)
    return tallies


def main():
    switches, rules, program = read_arguments()
    os.chdir(os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
    own = judge_own(switches, program, rules)
    clean_corpora, dirty_corpora = ({}, {}) if "--held-out" in switches else others_corpora()
    clean = count_spoken(program, rules, clean_corpora)
    dirty = count_spoken(program, rules, dirty_corpora)
    now = recorded_form(own, clean, dirty)
    print(page(own, clean, dirty))
    if "--write" in switches:
        write(json.dumps(now, indent=2, ensure_ascii=False) + "\n", RECORDED)
        write(page(own, clean, dirty), PAGE)
    worse = list(compare(now, read_recorded())) if "--check" in switches else []
    print("\n".join(worse))
    sys.exit(1 if worse else 0)


if __name__ == "__main__":
    main()
