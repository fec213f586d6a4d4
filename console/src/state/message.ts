// What the message rules say of a message that is being typed.
import { useSignal, type Signal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { language } from "../i18n";
import { post } from "../rest";

export type Mode = "warn" | "hold" | "block";
export type Verdict = "allow" | Mode;

export interface Span {
  start: number;
  end: number;
}

/** What a rule found. Its span counts the bytes of the text in UTF-8. */
export interface Finding {
  rule: string;
  version: number;
  span: Span;
  text: string;
  reason: string;
  mend: string;
  clause: string;
  mode: Mode;
  points: number;
}

interface Judgement {
  verdict: Verdict;
  findings: readonly Finding[];
}

export interface Message {
  text: string;
  from: "seller" | "buyer";
  /** Empty: the rules of all languages look at it. */
  lang: string;
  orderId: string;
  stars: number | null;
  unanswered: number;
  /** The seller began to write only after the review. */
  isAfterReview: boolean;
}

/** A judgement, with the text that it is of and spans that count as strings do. */
export interface Judged extends Judgement {
  text: string;
}

const PAUSE_MS = 200; // in typing, until what is written is judged
const LONE_SURROGATES = /\p{Surrogate}/gu; // which UTF-8 cannot write

function bytesOf(codePoint: number): number {
  if (codePoint < 0x80) return 1;
  if (codePoint < 0x800) return 2;
  return codePoint < 0x10000 ? 3 : 4;
}

/** For each of the OFFSETS into TEXT in UTF-8 bytes, the one in UTF-16 units. */
function unitsAt(text: string, offsets: readonly number[]): Map<number, number> {
  const sorted = [...new Set(offsets)].sort((a, b) => a - b);
  const found = new Map<number, number>();
  let next = 0;
  let bytes = 0;
  let units = 0;
  for (const character of text) {
    while (next < sorted.length && sorted[next]! <= bytes) found.set(sorted[next++]!, units);
    bytes += bytesOf(character.codePointAt(0)!);
    units += character.length;
  }
  while (next < sorted.length) found.set(sorted[next++]!, units);
  return found;
}

function inUnits(text: string, findings: readonly Finding[]): Finding[] {
  const units = unitsAt(text, findings.flatMap(({ span }) => [span.start, span.end]));
  return findings.map((finding) => {
    const { start, end } = finding.span;
    return { ...finding, span: { start: units.get(start)!, end: units.get(end)! } };
  });
}

function contextOf({ orderId, stars, unanswered, isAfterReview }: Message): object {
  return {
    ...(orderId && { order_id: orderId }),
    ...(stars !== null && { review: { stars } }),
    ...(unanswered > 0 && { seller_messages_since_buyer_reply: unanswered }),
    ...(isAfterReview && { contact_after_review: true }),
  };
}

async function judge(message: Message): Promise<Judged> {
  const text = message.text.replace(LONE_SURROGATES, "\uFFFD");
  const { verdict, findings } = await post<Judgement>("/v1/messages/lint", {
    text,
    from: message.from,
    ...(message.lang && { lang: message.lang }),
    reader_language: language.value,
    context: contextOf(message),
  });
  return { verdict, findings: inUnits(text, findings), text };
}

/** Judges MESSAGE whenever it has changed and its writer pauses; the newest answer stays. */
export function useJudgement(message: Message): {
  judged: Signal<Judged | null>;
  failure: Signal<unknown>;
} {
  const judged = useSignal<Judged | null>(null);
  const failure = useSignal<unknown>(null);
  const asked = useSignal(0);
  const answered = useSignal(0);

  async function ask(number: number): Promise<void> {
    let answer: Judged | null = null;
    let fault: unknown = null;
    try {
      answer = await judge(message);
    } catch (error) {
      fault = error;
    }
    if (number < answered.peek()) return; // a later one has overtaken it
    answered.value = number;
    failure.value = fault;
    if (answer) judged.value = answer;
  }

  useEffect(() => {
    const number = asked.peek() + 1;
    asked.value = number;
    if (message.text.trim() === "") {
      answered.value = number;
      judged.value = failure.value = null;
      return undefined;
    }
    const timer = setTimeout(() => void ask(number), PAUSE_MS);
    return () => clearTimeout(timer);
  }, [language.value, ...Object.values(message)]);

  return { judged, failure };
}

function commonLength(a: string, b: string, max: number, at: (s: string, i: number) => string) {
  let length = 0;
  while (length < max && at(a, length) === at(b, length)) length++;
  return length;
}

/** The findings where they stand in TEXT, which may have been edited since it was judged. */
export function findingsIn({ text: judged, findings }: Judged, text: string): Finding[] {
  if (judged === text) return [...findings];
  const shorter = Math.min(judged.length, text.length);
  const before = commonLength(judged, text, shorter, (s, i) => s[i]!);
  const after = commonLength(judged, text, shorter - before, (s, i) => s[s.length - 1 - i]!);
  const shift = text.length - judged.length;
  return findings.flatMap((finding) => {
    const { start, end } = finding.span;
    if (end <= before) return [finding];
    if (start < judged.length - after) return []; // what it found is being edited
    return [{ ...finding, span: { start: start + shift, end: end + shift } }];
  });
}

export interface Piece {
  text: string;
  mode: Mode | null;
}

const SEVERITY: { [mode in Mode]: number } = { warn: 1, hold: 2, block: 3 };

export function worstOf(modes: readonly Mode[]): Mode | null {
  return modes.reduce<Mode | null>(
    (worst, mode) => (worst === null || SEVERITY[mode] > SEVERITY[worst] ? mode : worst), null);
}

/** TEXT cut where findings begin and end; each piece with the gravest that covers it. */
export function piecesOf(text: string, findings: readonly Finding[]): Piece[] {
  const edges = findings.flatMap(({ span }) => [span.start, span.end]);
  const cuts = [...new Set([0, ...edges, text.length])].sort((a, b) => a - b);
  return cuts.slice(1).map((end, index) => {
    const start = cuts[index]!;
    const covering = findings.filter(({ span }) => span.start <= start && end <= span.end);
    return { text: text.slice(start, end), mode: worstOf(covering.map(({ mode }) => mode)) };
  });
}

/** All that one rule found; the passage that weighs most leads. */
export interface Group {
  lead: Finding;
  passages: readonly Finding[];
}

/** By rule, in the order of the text; a passage within another one of its rule adds nothing. */
export function groupsOf(findings: readonly Finding[]): Group[] {
  const byRule = new Map<string, Finding[]>();
  for (const finding of findings) {
    byRule.set(finding.rule, [...(byRule.get(finding.rule) ?? []), finding]);
  }
  return [...byRule.values()].map((all) => {
    const lead = all.reduce((most, one) => (one.points > most.points ? one : most));
    const isWithin = (one: Finding) => all.some((other) => other !== one &&
      other.text.length > one.text.length &&
      other.span.start <= one.span.start && one.span.end <= other.span.end);
    return { lead, passages: all.filter((one) => one === lead || !isWithin(one)) };
  });
}
