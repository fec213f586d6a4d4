import type { Act, FeedEvent } from "../api";
import { hasSentence, say, sayCount, sayNumber, sentenceOr } from "../i18n";
import { arrival, notices, phase, timeline } from "../state/order";
import { Facts, type Fact } from "./facts";
import { Marks } from "./marks";
import { Moment } from "./moment";
import { ShortId } from "./short-id";

function textOf(value: unknown): string {
  return typeof value === "string" ? value : "";
}

function isReceipt(act: Act): boolean {
  return act.type.startsWith("receipt.") && act.outcome === "accepted";
}

/** What happened, as a sentence. */
function sentenceOf(act: Act): string {
  const values = { actor: say(`actor.${act.actor.role}`), type: act.type };
  if (act.outcome === "refused") {
    return say(sentenceOr(`attempt.${act.type}`, "attempt.other"), values);
  }
  const audience = textOf(act.body.audience);
  const special = isReceipt(act) ? `mark.delivered.${audience}` : `incident.${audience}`;
  if (hasSentence(special)) return say(special);
  return say(sentenceOr(`act.${act.type}`, "act.other"), values);
}

function detailsOf({ body }: Act): Fact[] {
  const stars = typeof body.stars === "number" ? sayCount("detail.stars", body.stars) : "";
  return [
    { label: say("detail.reason"), value: textOf(body.reason) && <q>{textOf(body.reason)}</q> },
    { label: say("detail.note"), value: textOf(body.note) && <q>{textOf(body.note)}</q> },
    { label: say("detail.carrier"), value: textOf(body.carrier) },
    { label: say("detail.tracking"), value: textOf(body.tracking) },
    { label: say("detail.rating"), value: stars },
  ];
}

/** Why the server refused, in the reader's language where somebody has written it. */
function Refusal({ problem }: { problem: NonNullable<Act["problem"]> }) {
  const code = problem.code ?? problem.type?.replace(/^.*:/, "") ?? "";
  const name = `problem.${code}`;
  return (
    <p class="refusal">
      <strong>{say("timeline.refused")}</strong>{" "}
      {hasSentence(name) ? say(name) : (problem.detail ?? problem.title)}
    </p>
  );
}

function kindOf(act: Act): string {
  if (act.outcome === "refused") return "refused";
  if (act.type === "incident.raised") return "incident";
  return act.actor.role === "system" ? "system" : "accepted";
}

function Entry({ event }: { event: FeedEvent }) {
  const { act } = event;
  const { buyer, key } = act.actor;
  return (
    <li class={`entry entry-${kindOf(act)}`} data-act={act.id}>
      <div class="entry-head">
        <h4>{sentenceOf(act)}</h4>
        <Moment at={act.at} />
      </div>
      {act.problem && <Refusal problem={act.problem} />}
      <Facts facts={detailsOf(act)} class="facts facts-inline" />
      <Marks notices={notices.value.filter((notice) => notice.act === act.id)} />
      <p class="entry-proof">
        {say("timeline.entry", { index: sayNumber(event.log_index) })}
        {(buyer || key) && " · "}
        {buyer ? <bdi>{buyer}</bdi> : key && <ShortId id={key} />}
      </p>
    </li>
  );
}

/** Receipts show as marks on the act that they are about, if that can be seen here. */
function withoutReceipts(events: readonly FeedEvent[]): FeedEvent[] {
  const marked = new Set(notices.value.map((notice) => notice.act));
  return events.filter(({ act }) => !isReceipt(act) || !marked.has(textOf(act.body.act)));
}

export function Timeline() {
  const shown = withoutReceipts(timeline.value);
  return (
    <div class="timeline">
      <h3 class="timeline-title">
        {say("timeline.title")} <span>{say("timeline.hint")}</span>
      </h3>
      <p class="unseen" aria-live="polite">
        {arrival.value && sentenceOf(arrival.value.act)}
      </p>
      {shown.length === 0 && phase.value === "live" && <p>{say("timeline.empty")}</p>}
      <ol reversed>
        {shown.map((event) => (
          <Entry key={event.act.id} event={event} />
        ))}
      </ol>
    </div>
  );
}
