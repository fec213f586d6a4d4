// The console's language: catalogues of sentences, and dates, numbers and money in its manner.
//
// A sentence holds {names}; a sentence that counts has one form for each plural category of its
// language. English says which sentences there are; the compiler checks that no catalogue lacks
// one.
import { computed, signal } from "@preact/signals";
import type { VNode } from "preact";
import type { Money } from "./api";
import type english from "./catalogues/en.json";

type Plural = { other: string } & { [category in Intl.LDMLPluralRule]?: string };
type English = typeof english;
export type Sentence = {
  [Name in keyof English]: English[Name] extends string ? Name : never;
}[keyof English];
export type Count = Exclude<keyof English, Sentence>;
type Catalogue = { [Name in Sentence]: string } & { [Name in Count]: Plural };

export const languages = {
  en: { name: "English", tag: "en-GB" },
  ru: { name: "Русский", tag: "ru-RU" },
  zh: { name: "简体中文", tag: "zh-Hans-CN" },
  es: { name: "Español", tag: "es-ES" },
  ja: { name: "日本語", tag: "ja-JP" },
} as const;
export type Language = keyof typeof languages;

const catalogues: { [name in Language]: () => Promise<{ default: Catalogue }> } = {
  en: () => import("./catalogues/en.json"),
  ru: () => import("./catalogues/ru.json"),
  zh: () => import("./catalogues/zh.json"),
  es: () => import("./catalogues/es.json"),
  ja: () => import("./catalogues/ja.json"),
};

const REMEMBERED = "counterfoil.language";

interface Chosen {
  language: Language;
  catalogue: Catalogue;
}
const chosen = signal<Chosen | null>(null);
const current = computed(() => {
  if (!chosen.value) throw new Error("no language was chosen yet");
  return chosen.value;
});

export const language = computed(() => current.value.language);
const formats = computed(() => formatsOf(languages[language.value].tag));

function formatsOf(tag: string) {
  return {
    moment: new Intl.DateTimeFormat(tag, { dateStyle: "medium", timeStyle: "medium" }),
    number: new Intl.NumberFormat(tag),
    plural: new Intl.PluralRules(tag),
    distance: new Intl.RelativeTimeFormat(tag, { numeric: "always" }),
    tag,
  };
}

export function isLanguage(name: string): name is Language {
  return Object.hasOwn(languages, name);
}

/** What was chosen here before, else the first of the browser's languages that there is. */
export function preferredLanguage(): Language {
  const wanted = [remembered(), ...navigator.languages.map((tag) => tag.slice(0, 2).toLowerCase())];
  return wanted.find(isLanguage) ?? "en";
}

function remembered(): string {
  try {
    return localStorage.getItem(REMEMBERED) ?? "";
  } catch {
    return ""; // a browser that forbids storage just forgets
  }
}

export function rememberLanguage(name: Language): void {
  try {
    localStorage.setItem(REMEMBERED, name);
  } catch {
    // The choice then holds until the page is closed.
  }
}

export async function setLanguage(name: Language): Promise<void> {
  const { default: catalogue } = await catalogues[name]();
  chosen.value = { language: name, catalogue };
  document.documentElement.lang = name === "zh" ? "zh-Hans" : name;
}

type Values = Readonly<Record<string, string | VNode>>;
const NAME = /\{(\w+)\}/;

/** The sentence in parts, so that a value may be an element. */
export function phrase(name: Sentence, values: Values): (string | VNode)[] {
  return current.value.catalogue[name]
    .split(NAME)
    .map((part, index) => (index % 2 ? (values[part] ?? "") : part));
}

export function say(name: Sentence, values: Readonly<Record<string, string>> = {}): string {
  return phrase(name, values).join("");
}

/** The sentence of that name, or another one if nobody has written it. */
export function sentenceOr(name: string, otherwise: Sentence): Sentence {
  return hasSentence(name) ? name : otherwise;
}

export function hasSentence(name: string): name is Sentence {
  return Object.hasOwn(current.value.catalogue, name);
}

export function sayCount(name: Count, count: number): string {
  const forms: Plural = current.value.catalogue[name];
  const form = forms[formats.value.plural.select(count)] ?? forms.other;
  return form.replace("{count}", sayNumber(count));
}

export function sayNumber(value: number): string {
  return formats.value.number.format(value);
}

export function sayMoment(at: Date): string {
  return formats.value.moment.format(at);
}

export function sayMoney({ amount, currency }: Money): string {
  const format = new Intl.NumberFormat(formats.value.tag, { style: "currency", currency });
  const digits = format.resolvedOptions().maximumFractionDigits ?? 0;
  return format.format(amount / 10 ** digits);
}

const UNITS = [
  ["day", 86_400],
  ["hour", 3_600],
  ["minute", 60],
] as const;
const SECOND = ["second", 1] as const;

/** How far from NOW, in the largest unit that fits twice: "in 42 minutes", "in 46 hours". */
export function sayDistance(at: Date, now: number): string {
  const seconds = Math.round((at.getTime() - now) / 1000);
  const [unit, length] = UNITS.find(([, size]) => Math.abs(seconds) >= 2 * size) ?? SECOND;
  return formats.value.distance.format(Math.trunc(seconds / length), unit);
}
