import { useSignal, type Signal } from "@preact/signals";
import { languages, say, sayCount, type Language } from "../i18n";
import { Choice, Field } from "../parts/field";
import { MarkedText, selectIn } from "../parts/marked-text";
import { Failure } from "../parts/problem";
import { OpenFrame } from "../parts/shell";
import { examples } from "../state/examples";
import {
  findingsIn, groupsOf, useJudgement, type Finding, type Group, type Judged, type Message,
} from "../state/message";

const TEXT = "message";
const STARS = [1, 2, 3, 4, 5];
const UNANSWERED = [0, 1, 2, 3, 4, 5];
const names = Object.keys(languages) as Language[];

type Change = (change: Partial<Message>) => void;

function Examples({ onChoose }: { onChoose: (name: Language) => void }) {
  return (
    <div class="examples" role="group" aria-labelledby="examples-title">
      <p id="examples-title">{say("message.examples")}</p>
      <div class="buttons">
        {names.map((name) => (
          <button key={name} type="button" class="button-quiet" lang={name}
            onClick={() => onChoose(name)}>
            {languages[name].name}
          </button>
        ))}
      </div>
    </div>
  );
}

/** Who writes, in which language, and what a server would know of the order and the talk. */
function Known({ message, onChange }: { message: Message; onChange: Change }) {
  const { from, lang, stars, unanswered, isAfterReview } = message;
  return (
    <section class="panel message-known" aria-labelledby="known-title">
      <h2 id="known-title">{say("message.known")}</h2>
      <p>{say("message.known.text")}</p>
      <div class="fields">
        <Choice id="from" label={say("message.from")} value={from}
          onChoose={(value) => onChange({ from: value as Message["from"] })}>
          <option value="seller">{say("actor.seller")}</option>
          <option value="buyer">{say("actor.buyer")}</option>
        </Choice>
        <Choice id="message-language" label={say("message.language")} value={lang}
          onChoose={(value) => onChange({ lang: value })}>
          <option value="">{say("message.language.detect")}</option>
          {names.map((name) => (
            <option key={name} value={name} lang={name}>{languages[name].name}</option>
          ))}
        </Choice>
        <Field id="order-id" label={say("form.order")} maxLength={40} autocomplete="off"
          onType={(orderId) => onChange({ orderId: orderId.trim() })} />
        <Choice id="stars" label={say("message.stars")} value={stars === null ? "" : `${stars}`}
          onChoose={(value) => onChange({ stars: value === "" ? null : Number(value) })}>
          <option value="">{say("message.stars.none")}</option>
          {STARS.map((count) => (
            <option key={count} value={`${count}`}>{sayCount("detail.stars", count)}</option>
          ))}
        </Choice>
        <Choice id="unanswered" label={say("message.unanswered")} value={`${unanswered}`}
          onChoose={(value) => onChange({ unanswered: Number(value) })}>
          {UNANSWERED.map((count) => <option key={count} value={`${count}`}>{count}</option>)}
        </Choice>
        <div class="choices">
          <label>
            <input type="checkbox" checked={isAfterReview}
              onChange={(event) => onChange({ isAfterReview: event.currentTarget.checked })} />
            {say("message.after.review")}
          </label>
        </div>
      </div>
    </section>
  );
}

function Passage({ finding }: { finding: Finding }) {
  return (
    <button type="button" class={`passage found found-${finding.mode}`}
      aria-label={say("finding.show", { text: finding.text })}
      onClick={() => selectIn(TEXT, finding)}>
      {finding.text}
    </button>
  );
}

function FindingItem({ group: { lead, passages } }: { group: Group }) {
  return (
    <li class={`finding finding-${lead.mode}`} data-rule={lead.rule}>
      <h3>{lead.reason}</h3>
      <p>{lead.mend}</p>
      <div class="passages">
        {passages.map((it) => <Passage key={`${it.span.start} ${it.span.end}`} finding={it} />)}
      </div>
      <p class="entry-proof">
        {say(`verdict.${lead.mode}`)} · <span lang="en">{lead.clause}</span> ·{" "}
        <code>{lead.rule}</code> {say("finding.version", { version: `${lead.version}` })}
      </p>
    </li>
  );
}

function VerdictOf({ judged, groups }: { judged: Judged | null; groups: readonly Group[] }) {
  const verdict = judged?.verdict ?? "none";
  return (
    <div id="verdict" role="status" class={`verdict-box verdict-${verdict}`}
      data-verdict={verdict}>
      <p class="verdict-word">
        {say(`verdict.${verdict}`)}
        {groups.length > 0 && <span> · {sayCount("message.findings", groups.length)}</span>}
      </p>
      <p>{say(`verdict.${verdict}.text`)}</p>
    </div>
  );
}

interface JudgementProps {
  judged: Judged | null;
  findings: readonly Finding[];
  failure: Signal<unknown>;
}

function Judgement({ judged, findings, failure }: JudgementProps) {
  const groups = groupsOf(findings);
  return (
    <section class="panel message-judgement" aria-labelledby="judgement-title">
      <h2 id="judgement-title">{say("message.judgement")}</h2>
      <Failure failure={failure.value} />
      <VerdictOf judged={judged} groups={groups} />
      <ul class="findings">
        {groups.map((group) => <FindingItem key={group.lead.rule} group={group} />)}
      </ul>
    </section>
  );
}

const EMPTY: Message = {
  text: "", from: "seller", lang: "", orderId: "", stars: null, unanswered: 0,
  isAfterReview: false,
};

/** Anybody types a message here and sees what the rules say of it. */
export function MessagePage() {
  const message = useSignal<Message>(EMPTY);
  const { judged, failure } = useJudgement(message.value);
  const { text, lang } = message.value;
  const findings = judged.value ? findingsIn(judged.value, text) : [];
  const change: Change = (it) => (message.value = { ...message.value, ...it });
  return (
    <OpenFrame title={say("message.title")} text={say("message.text")} class="page-message">
      <div class="panel message-text">
        <MarkedText id={TEXT} label={say("message.label")} text={text} lang={lang}
          findings={findings} onType={(typed) => change({ text: typed })} />
        <Examples onChoose={(name) => change({ text: examples[name], from: "seller" })} />
      </div>
      <Judgement judged={judged.value} findings={findings} failure={failure} />
      <Known message={message.value} onChange={change} />
    </OpenFrame>
  );
}
