#!/usr/bin/env python3
"""Says where the labelled corpus of messages breaks a rule of its README.md.

usage: check_corpus.py [--text] [FOLDER]

Checks the format of every line, ids, that no text stands twice, that the open and the held part
are the ones which the recorded rule draws, and that there are enough lines of every rule and
language. Prints how many lines there are, never a text of the held part unless --text is given.
FOLDER is the corpus, by default the folder above this script.
"""
import json
import re
import sys
import unicodedata
from collections import Counter, defaultdict
from datetime import datetime
from pathlib import Path

LANGUAGES = ("ru", "zh", "es", "ja", "en")
RULES = ("contact.phone", "contact.email", "contact.messenger", "contact.link", "contact.request",
         "offplatform", "review.removal", "review.incentive", "review.pressure",
         "phishing.support", "phishing.credentials", "insult", "disparage", "oneword")
ROW = {"id": str, "lang": str, "from": str, "conversation": str, "to": str, "at": str,
       "text": str, "context": dict, "expect": list}
CONTEXT = {"order_id": str, "tracking": str, "sku": list, "review": dict, "prior_offers": list,
           "seller_messages_since_buyer_reply": int}
REQUIRED = ("id", "from", "text", "expect")
LINES_A_LANGUAGE, OPEN_LINES, LINES_A_RULE, CONVERSATIONS = 380, 300, 10, 8
EVERY, WHICH = 5, 3  # of every five lines of a class, the third is held


def is_count(value):
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def wrong_fields(what, value, allowed):
    for name, content in value.items():
        if name not in allowed:
            yield f"{what} has a field {name} that is none of {', '.join(allowed)}"
        elif not isinstance(content, allowed[name]) or isinstance(content, bool):
            yield f"{what}.{name} is not of the type {allowed[name].__name__}"


def wrong_context(context):
    yield from wrong_fields("context", context, CONTEXT)
    review = context.get("review")
    if isinstance(review, dict):
        if set(review) != {"stars", "days_ago"} or not all(map(is_count, review.values())):
            yield "context.review is not {stars, days_ago} with two counts"
        elif not 1 <= review["stars"] <= 5:
            yield "context.review.stars is not 1 to 5"
    if not all(map(is_count, context.get("prior_offers", []))):
        yield "context.prior_offers has something else than minor units"
    if not all(isinstance(article, str) and article for article in context.get("sku", [])):
        yield "context.sku has something else than article numbers"


def wrong_expect(row):
    expect = row["expect"]
    unknown = [rule for rule in expect if rule not in RULES]
    if unknown:
        yield f"expect names no rule: {', '.join(map(str, unknown))}"
    if len(set(map(str, expect))) != len(expect):
        yield "expect names a rule twice"
    if row["from"] == "buyer" and "oneword" in expect:
        yield "oneword is a rule for sellers, the line is a buyer's"
    if "oneword" in expect and len(row["text"].split()) > 1:
        yield "oneword has more than one word"


def wrong_row(row, lang):
    missing = [name for name in REQUIRED if name not in row]
    if missing:
        yield f"has no {', '.join(missing)}"
        return
    wrong = list(wrong_fields("the line", row, ROW))
    yield from wrong
    if wrong:
        return
    if not re.fullmatch(lang + r"-\d{4,6}", row["id"]):
        yield f"id is not {lang}- and four to six digits"
    if row.get("lang", lang) != lang:
        yield f"lang is not {lang}"
    if row["from"] not in ("seller", "buyer"):
        yield "from is neither seller nor buyer"
    if not row["text"].strip() or row["text"] != row["text"].strip():
        yield "text is empty or has white space around it"
    if not row.get("conversation", f"{lang}-").startswith(f"{lang}-"):
        yield f"conversation does not begin with {lang}-"
    if ("to" in row or "at" in row) and "conversation" not in row:
        yield "to and at belong to a line of a conversation"
    if "at" in row and instant(row["at"]) is None:
        yield "at is not a time of RFC 3339 with its offset"
    yield from wrong_context(row.get("context", {}))
    yield from wrong_expect(row)


def instant(text):
    if not re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)", text):
        return None
    try:
        return datetime.fromisoformat(text.replace("Z", "+00:00"))
    except ValueError:
        return None


def read(path, lang, problems):
    rows = []
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
        try:
            row = json.loads(line)
        except json.JSONDecodeError as error:
            problems.append(f"{path.name}:{number}: no JSON: {error}")
            continue
        found = list(wrong_row(row, lang)) if isinstance(row, dict) else ["is no object"]
        problems.extend(f"{path.parent.name}/{path.name}:{number}: {what}" for what in found)
        if not found:
            rows.append(row)
    return rows


def normal(text):
    """What two lines may not have in common: everything but the case and the numbers."""
    text = unicodedata.normalize("NFKC", text).casefold()
    text = "".join("0" if unicodedata.category(c) == "Nd" else c for c in text)
    return re.sub(r"\s+", " ", re.sub(r"0+", "0", text)).strip()


def number_of(row):
    return int(row["id"].partition("-")[2])


def drawn(rows):
    """The ids that the recorded rule holds back; rows in the order of their ids."""
    conversations, seen, held = {}, Counter(), set()
    for row in rows:
        name = row.get("conversation")
        if name:
            place = conversations.setdefault(name, len(conversations) + 1)
        else:
            kind = row["expect"][0] if row["expect"] else "ordinary " + row["from"]
            seen[kind] += 1
            place = seen[kind]
        if place % EVERY == WHICH:
            held.add(row["id"])
    return held


def check_order(rows, problems):
    last = {}
    for row in rows:
        name, at = row.get("conversation"), row.get("at")
        if not name or not at:
            continue
        if name in last and instant(at) < last[name]:
            problems.append(f"{row['id']}: is earlier than the line before it in {name}")
        last[name] = instant(at)


def check_language(lang, parts, problems):
    rows = sorted(parts["open"] + parts["held"], key=number_of)
    for row_id, count in Counter(row["id"] for row in rows).items():
        if count > 1:
            problems.append(f"{row_id}: stands {count} times")
    numbers = set(map(number_of, rows))
    gaps = sorted(set(range(1, max(numbers, default=0) + 1)) - numbers)
    problems.extend(f"{lang}-{number:04d}: is missing from both parts" for number in gaps)
    for name, part in parts.items():
        if part != sorted(part, key=number_of):
            problems.append(f"{lang}, {name}: the lines are not in the order of their ids")
    held, held_there = drawn(rows), {row["id"] for row in parts["held"]}
    for row in rows:
        if (row["id"] in held) != (row["id"] in held_there):
            problems.append(f"{row['id']}: the rule of the draw puts it into the other part")
    check_order(rows, problems)
    rules = Counter(rule for row in rows for rule in row["expect"])
    for rule in RULES:
        if rules[rule] < LINES_A_RULE:
            problems.append(f"{lang}: {rules[rule]} lines of {rule}, {LINES_A_RULE} are needed")
    talks = {row["conversation"] for row in rows if "conversation" in row}
    for what, have, need in (("lines", len(rows), LINES_A_LANGUAGE),
                             ("open lines", len(parts["open"]), OPEN_LINES),
                             ("conversations", len(talks), CONVERSATIONS)):
        if have < need:
            problems.append(f"{lang}: {have} {what}, {need} are needed")
    return rules, talks


def check_twins(everything, show, problems):
    texts = defaultdict(list)
    for row in everything:
        texts[normal(row["text"])].append(row)
    for rows in texts.values():
        if len(rows) > 1:
            names = ", ".join(row["id"] for row in rows)
            problems.append(f"{names}: the same text" + (f": {rows[0]['text']}" if show else ""))


def print_table(figures):
    print(f"{'':22}" + "".join(f"{lang:>12}" for lang in LANGUAGES) + "   all/held")
    for name in figures["ru"]:
        cells = (f"{whole}/{held}" for whole, held in (figures[lang][name] for lang in LANGUAGES))
        print(f"{name:22}" + "".join(f"{cell:>12}" for cell in cells))


def count(parts, rules, talks):
    rows = parts["open"] + parts["held"]
    held = parts["held"]
    held_rules = Counter(rule for row in held for rule in row["expect"])
    figures = {"lines": (len(rows), len(held)),
               "violating": tuple(sum(bool(r["expect"]) for r in part) for part in (rows, held)),
               "ordinary": tuple(sum(not r["expect"] for r in part) for part in (rows, held)),
               "conversations": (len(talks), len({r["conversation"] for r in held
                                                  if "conversation" in r}))}
    figures.update((rule, (rules[rule], held_rules[rule])) for rule in RULES)
    return figures


def main(arguments):
    show = "--text" in arguments
    folders = [argument for argument in arguments if argument != "--text"]
    if len(folders) > 1 or any(folder.startswith("-") for folder in folders):
        print(__doc__.strip(), file=sys.stderr)
        return 2
    folder = Path(folders[0]) if folders else Path(__file__).resolve().parent.parent
    problems, figures, everything = [], {}, []
    for lang in LANGUAGES:
        paths = {"open": folder / f"{lang}.jsonl", "held": folder / "held" / f"{lang}.jsonl"}
        missing = [str(path) for path in paths.values() if not path.is_file()]
        if missing:
            problems.append(f"{lang}: there is no {' and no '.join(missing)}")
            paths = {}
        parts = {"open": [], "held": []}
        parts.update((name, read(path, lang, problems)) for name, path in paths.items())
        rules, talks = check_language(lang, parts, problems)
        figures[lang] = count(parts, rules, talks)
        everything += parts["open"] + parts["held"]
    check_twins(everything, show, problems)
    print_table(figures)
    print("\n".join(problems), file=sys.stderr)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
