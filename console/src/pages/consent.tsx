// The page on which an owner signs. It shows the terms and nothing else: what stands here is taken
// from the very bytes that the passkey signs, and nothing on it comes from anywhere else.
import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { say, sayCount, sayMoney, sayNumber } from "../i18n";
import { useDoing } from "../parts/doing";
import { Facts } from "../parts/facts";
import { Field, valuesOf } from "../parts/field";
import { focusSoon } from "../parts/focus";
import { Failure } from "../parts/problem";
import { Problem } from "../api";
import { read, readAll, step, type PeriodUnit, type Service, type Subscription } from "../rest";
import { actSigned, me, membership, readTerms, type Terms } from "../state/account";
import { linkTo, route } from "../state/route";
import { serviceOf, sayPeriod, textOf } from "../state/subscriptions";
import { Wordmark } from "../parts/wordmark";

const PAGE = "services/consent";

/** What `terms` holds for a paid service (service_terms.c). */
interface ServiceTerms {
  name: string;
  edition: number;
  currency: string;
  price_minor: number;
  total_minor: number;
  tax: "none" | "included" | "added";
  tax_minor: number;
  tax_rate: number;
  period: { unit: PeriodUnit; count: number };
  renewal: "automatic" | "none";
  notice_days: number;
  first_charge_days: number;
  withdrawal_days: number;
  code_withdrawal_days: number;
  text_sha256: string;
}

interface Shown {
  asked: Terms;
  terms: ServiceTerms;
  language: string;
  text: string;
}

function isCountersigning(): boolean {
  return membership.value?.four_eyes === true && membership.value.role !== "owner";
}

function theAct() {
  return isCountersigning()
    ? ({ type: "service.countersigned", way: "countersign" } as const)
    : ({ type: "service.activated", way: "activate" } as const);
}

async function sha256(text: string): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
  return [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

async function load(subject: string): Promise<Shown> {
  const [row, services] = await Promise.all([
    read<Subscription>(`/v1/subscriptions/${subject}`),
    readAll<Service>("/v1/services", "services"),
  ]);
  const service = serviceOf(services, row);
  const read_text = service && textOf(service);
  if (!read_text) throw new Problem(404, "", { code: "not-found" });
  const { language, text } = read_text;
  const asked = await readTerms(theAct().type, subject, { language });
  const { terms } = JSON.parse(asked.terms) as { terms: ServiceTerms };
  // A text that is not the one whose digest is signed is not shown as if it were.
  if ((await sha256(text)) !== terms.text_sha256) {
    throw new Problem(409, "", { code: "terms-changed" });
  }
  return { asked, terms, language, text };
}

function sayTax(terms: ServiceTerms): string {
  if (terms.tax === "none") return say("consent.tax.none");
  return say(`consent.tax.${terms.tax}`, {
    rate: sayNumber(terms.tax_rate / 100),
    amount: sayMoney({ amount: terms.tax_minor, currency: terms.currency }),
  });
}

function sayFirst(terms: ServiceTerms): string {
  return terms.first_charge_days === 0
    ? say("consent.first.now")
    : sayCount("consent.first.later", terms.first_charge_days);
}

function sayRenewal(terms: ServiceTerms): string {
  return terms.renewal === "none"
    ? say("consent.renewal.none")
    : sayCount("consent.renewal.automatic", terms.notice_days);
}

/** The terms as names and values; of two terms, those that differ are what has changed. */
function factsOf(terms: ServiceTerms) {
  const { unit, count } = terms.period;
  const { currency } = terms;
  const price = sayMoney({ amount: terms.total_minor, currency });
  return [
    { label: say("consent.price"), value: `${price} ${sayPeriod(unit, count)}` },
    { label: say("consent.service"), value: terms.name },
    { label: say("consent.edition"), value: sayNumber(terms.edition) },
    { label: say("consent.tax"), value: sayTax(terms) },
    { label: say("consent.first"), value: sayFirst(terms) },
    { label: say("consent.renewal"), value: sayRenewal(terms) },
    { label: say("consent.withdrawal"), value: sayCount("consent.days", terms.withdrawal_days) },
  ];
}

function TermsOf({ shown: { terms, text, language, asked } }: { shown: Shown }) {
  const { unit, count } = terms.period;
  const [, ...facts] = factsOf(terms); // the price stands above them
  return (
    <>
      <p class="consent-price">
        {sayMoney({ amount: terms.total_minor, currency: terms.currency })}{" "}
        <span>{sayPeriod(unit, count)}</span>
      </p>
      <Facts
        class="facts facts-figures"
        facts={[
          { label: say("consent.for"), value: <bdi>{membership.value?.name}</bdi> },
          { label: say("consent.signer"), value: <bdi>{me.value?.person.name}</bdi> },
          ...facts,
        ]}
      />
      <section class="consent-text" aria-labelledby="text-title">
        <h2 id="text-title">{say("consent.text")}</h2>
        <p lang={language}>{text}</p>
      </section>
      <details>
        <summary>{say("consent.bytes")}</summary>
        <pre tabIndex={0} translate={false}>{asked.terms}</pre>
      </details>
    </>
  );
}

/** What is on offer now, if the server refused because it is not what was read. */
function termsNow(failure: unknown): ServiceTerms | null {
  const now = failure instanceof Problem ? failure.body.terms : undefined;
  return now ? (now.terms as ServiceTerms) : null;
}

function DifferenceTable({ read: was, now: is }: { read: ServiceTerms; now: ServiceTerms }) {
  const after = factsOf(is);
  const rows = factsOf(was)
    .map(({ label, value }, index) => ({ label, was: value, is: after[index]?.value ?? "" }))
    .filter((row) => row.was !== row.is);
  return (
    <table class="difference">
      <caption>{say("consent.difference")}</caption>
      <thead>
        <tr>
          <th scope="col">{say("consent.difference.what")}</th>
          <th scope="col">{say("consent.difference.was")}</th>
          <th scope="col">{say("consent.difference.is")}</th>
        </tr>
      </thead>
      <tbody>
        {rows.map((row) => (
          <tr key={row.label}>
            <th scope="row">{row.label}</th>
            <td>{row.was}</td>
            <td>{row.is}</td>
          </tr>
        ))}
        {was.text_sha256 !== is.text_sha256 && (
          <tr>
            <th scope="row">{say("consent.text")}</th>
            <td colSpan={2}>{say("consent.difference.text")}</td>
          </tr>
        )}
      </tbody>
    </table>
  );
}

/** What must be read anew before it can be signed. */
const STALE = ["terms-changed", "signature-expired", "signature-used", "signature-invalid"];

export function Consent() {
  const subject = route.value.subject;
  const shown = useSignal<Shown | null>(null);
  const isSigned = useSignal(false);
  const reading = useDoing();
  const signing = useDoing();

  async function readAgain(): Promise<void> {
    signing.failure.value = null;
    await reading.run(async () => {
      shown.value = null;
      shown.value = await load(subject);
    });
    focusSoon("consent-title");
  }
  useEffect(() => void readAgain(), [subject]);

  async function sign(code: string | null): Promise<void> {
    const it = shown.value;
    if (!it) return;
    step(PAGE, "sign");
    isSigned.value = await signing.run(() =>
      actSigned(`/v1/subscriptions/${subject}/${theAct().way}`, { language: it.language },
        it.asked, code));
    if (isSigned.value) focusSoon("consent-title");
  }

  function submit(event: SubmitEvent): void {
    const { code } = valuesOf(event);
    void sign(code ?? null);
  }

  const failure = signing.failure.value;
  const isStale = failure instanceof Problem && STALE.includes(failure.body.code ?? "");
  const it = shown.value;
  const now = termsNow(failure);
  const withCode = it !== null && it.asked.credentials.length === 0 && it.asked.has_totp;
  return (
    <main id="content" class="page page-narrow consent" tabIndex={-1}>
      <Wordmark />
      <section class="panel" aria-labelledby="consent-title">
        <h1 id="consent-title" tabIndex={-1}>
          {say(isSigned.value ? "consent.done" : "consent.title")}
        </h1>
        <p>{say(isSigned.value ? "consent.done.text" : "consent.lead")}</p>
        <Failure failure={reading.failure.value} />
        {it && <TermsOf shown={it} />}
        <Failure failure={failure} />
        {it && now && <DifferenceTable read={it.terms} now={now} />}
        {it && !isSigned.value && !isStale && (
          <form onSubmit={submit}>
            {isCountersigning() && <p>{say("consent.countersign")}</p>}
            {withCode && (
              <Field id="code" label={say("login.code")} hint={say("consent.code.hint")}
                inputMode="numeric" required autocomplete="one-time-code" />
            )}
            <button type="submit" class="button button-wide" disabled={signing.isBusy.value}>
              {say(withCode ? "consent.sign.code" : "consent.sign")}
            </button>
          </form>
        )}
        {(isStale || reading.failure.value !== null) && (
          <button type="button" class="button" onClick={() => void readAgain()}>
            {say("consent.again")}
          </button>
        )}
        <p>
          <a href={linkTo("services")}>
            {say(isSigned.value ? "consent.to.services" : "consent.not.now")}
          </a>
        </p>
      </section>
    </main>
  );
}
