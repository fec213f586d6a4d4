// The notices that went out by mail, or will: to whom, what became of them, and what they say.
import { useSignal } from "@preact/signals";
import { say, sayCount } from "../i18n";
import { Facts } from "../parts/facts";
import { Choice } from "../parts/field";
import { Moment } from "../parts/moment";
import { Failure } from "../parts/problem";
import { useReading } from "../parts/reading";
import { MemberFrame } from "../parts/shell";
import { read, readAll, type Mail, type MailMessage } from "../rest";
import { membership } from "../state/account";

const SHOWN = 20; // each is asked for its subject

/** What a reader tells apart: a mail that is just being handed over waits, too. */
const STATES = ["waiting", "sent", "failed", "uncertain"] as const;
type State = (typeof STATES)[number];

const BADGES: { [state in State]: string } = {
  waiting: "badge badge-proposed",
  sent: "badge badge-active",
  failed: "badge badge-failed",
  uncertain: "badge badge-proposed",
};

function stateOf({ state }: Mail): State {
  return state === "pending" || state === "sending" ? "waiting" : state;
}

function answerOf({ attempts }: Mail): string {
  const last = attempts?.at(-1);
  return last?.answer ?? last?.error ?? "";
}

/** As the addressee reads it: text, whatever stands in it. */
function Contents({ mail, message }: { mail: Mail; message: MailMessage }) {
  return (
    <>
      <Facts
        class="facts facts-inline"
        facts={[
          { label: say("mails.from"), value: <bdi>{message.from}</bdi> },
          { label: say("mails.to"), value: <bdi>{message.to}</bdi> },
          { label: say("mails.sent"), value: mail.sent_at && <Moment at={mail.sent_at} /> },
          { label: say("mails.next"), value: mail.next_at && <Moment at={mail.next_at} /> },
          { label: say("mails.answer"), value: answerOf(mail) && <q>{answerOf(mail)}</q> },
        ]}
      />
      {stateOf(mail) === "uncertain" && <p class="warning">{say("mails.uncertain.text")}</p>}
      <pre class="mail-text" lang={mail.language}>{message.text}</pre>
      {message.file !== undefined && (
        <details>
          <summary>{say("mails.file")}</summary>
          <pre tabIndex={0} translate={false}>{message.file}</pre>
        </details>
      )}
    </>
  );
}

function Row({ mail }: { mail: Mail }) {
  const { value, failure } = useReading(
    () => read<MailMessage>(`/v1/mails/${mail.id}/message`), mail.id);
  const message = value.value;
  return (
    <li class="panel mail" data-type={mail.type}>
      <details>
        <summary>
          <span class="mail-subject" lang={mail.language}>
            {message?.subject ?? say("shell.loading")}
          </span>
          <span class={BADGES[stateOf(mail)]}>{say(`mails.state.${stateOf(mail)}`)}</span>
          <span class="mail-to">
            <bdi>{mail.address}</bdi> · <Moment at={mail.made_at} />
          </span>
        </summary>
        <div class="block">
          <Failure failure={failure.value} />
          {message && <Contents mail={mail} message={message} />}
        </div>
      </details>
    </li>
  );
}

export function Mails() {
  const org = membership.value?.org ?? "";
  const { value, failure, again } = useReading(async () =>
    (await readAll<Mail>("/v1/mails", "mails")).reverse(), org);
  const wanted = useSignal<State | "">("");
  const shown = useSignal(SHOWN);
  const mails = value.value?.filter((mail) => wanted.value === "" ||
    stateOf(mail) === wanted.value);

  function choose(state: string): void {
    wanted.value = state as State | "";
    shown.value = SHOWN;
  }

  return (
    <MemberFrame title={say("page.mails")} text={say("mails.text")}>
      <Failure failure={failure.value} />
      {value.value?.length === 0 && (
        <section class="panel">
          <h2>{say("mails.empty")}</h2>
          <p>{say("mails.empty.text")}</p>
        </section>
      )}
      {mails && value.value && value.value.length > 0 && (
        <section aria-labelledby="mails-title" class="group">
          <div class="card-head">
            <h2 id="mails-title">
              {sayCount("mails.count", mails.length)}{" "}
              <span class="quiet">{say("timeline.hint")}</span>
            </h2>
            <div class="mails-tools">
              <Choice id="mail-state" label={say("mails.state")} value={wanted.value}
                onChoose={choose}>
                <option value="">{say("activity.any")}</option>
                {STATES.map((state) => (
                  <option key={state} value={state}>
                    {say(`mails.state.${state}`)}
                  </option>
                ))}
              </Choice>
              <button type="button" class="button-plain" onClick={() => void again()}>
                {say("support.look")}
              </button>
            </div>
          </div>
          <p class="unseen" role="status">
            {sayCount("mails.count", mails.length)}
          </p>
          <ul class="group">
            {mails.slice(0, shown.value).map((mail) => <Row key={mail.id} mail={mail} />)}
          </ul>
          {mails.length > shown.value && (
            <button type="button" class="button-plain" onClick={() => (shown.value += SHOWN)}>
              {say("mails.more")}
            </button>
          )}
        </section>
      )}
    </MemberFrame>
  );
}
