import { useSignal } from "@preact/signals";
import { Fragment } from "preact";
import { Field, Choice, valuesOf } from "../parts/field";
import { useDoing } from "../parts/doing";
import { Facts } from "../parts/facts";
import { focusSoon } from "../parts/focus";
import { Moment } from "../parts/moment";
import { Failure } from "../parts/problem";
import { useReading } from "../parts/reading";
import { MemberFrame } from "../parts/shell";
import { ShortId } from "../parts/short-id";
import { say, sentenceOr } from "../i18n";
import { post, readAll, step, type Member, type Service, type Subscription } from "../rest";
import { may, membership } from "../state/account";
import { linkTo } from "../state/route";
import { canWithdraw, sayPrice, serviceOf } from "../state/subscriptions";

const PAGE = "services/list";

interface Contents {
  services: readonly Service[];
  subscriptions: readonly Subscription[];
  members: readonly Member[];
}

async function load(): Promise<Contents> {
  const [services, subscriptions, members] = await Promise.all([
    readAll<Service>("/v1/services", "services"),
    readAll<Subscription>("/v1/subscriptions", "subscriptions"),
    readAll<Member>("/v1/members", "members").catch(() => []), // names are a help, no more
  ]);
  return { services, subscriptions, members };
}

/** A person by name, where they are or were a member. */
function nameOf(members: readonly Member[], person: string | null) {
  const name = members.find((member) => member.person === person)?.name;
  if (name !== undefined) return <bdi>{name}</bdi>;
  return person && <ShortId id={person} />;
}

/** Who proposed or ended it: a member by name, others by what they are, and with which key. */
function partyOf(members: readonly Member[], person: string | null, by: string | null) {
  if (person !== null || by === null) return nameOf(members, person);
  const [role = "", ...ids] = by.split(" ");
  return (
    <>
      {say(sentenceOr(`who.${role}`, "who.other"), { role })}
      {ids.map((id) => <Fragment key={id}> · <ShortId id={id} /></Fragment>)}
    </>
  );
}

/** `ended_by` names a person, or a role and its key or person. */
function enderOf(members: readonly Member[], by: string) {
  const person = by.split(" ").find((word) => word.startsWith("per_"));
  return person ? nameOf(members, person) : partyOf(members, null, by);
}

interface CardProps {
  subscription: Subscription;
  contents: Contents;
  onDone: () => Promise<void>;
}

/** Getting out: withdrawing takes two steps, so that a slip does not end a service. */
function Endings({ subscription: it, onDone }: CardProps) {
  const { failure, isBusy, run } = useDoing();
  const isAskingToCancel = useSignal(false);
  const path = `/v1/subscriptions/${it.id}`;

  function act(control: string, way: string, body: object = {}): void {
    step(PAGE, control);
    void run(async () => {
      await post(path + way, body);
      isAskingToCancel.value = false;
      await onDone();
      focusSoon(`title-${it.id}`);
    });
  }

  function sendReason(event: SubmitEvent, control: string, way: string): void {
    const { reason } = valuesOf(event);
    act(control, way, reason ? { reason } : {});
  }

  if (it.withdrawal_begun_at && canWithdraw(it)) {
    return (
      <form class="next next-urgent" onSubmit={(event) =>
        sendReason(event, "confirm-withdrawal", "/withdraw/confirm")}>
        <h3>{say("services.withdraw.second")}</h3>
        <p>{say("services.withdraw.text")}</p>
        <Failure failure={failure.value} />
        <Field id="reason" label={say("services.reason")} maxLength={1000} />
        <button type="submit" class="button button-danger" disabled={isBusy.value}>
          {say("services.withdraw.confirm")}
        </button>
      </form>
    );
  }
  if (isAskingToCancel.value) {
    return (
      <form class="next next-urgent" onSubmit={(event) => sendReason(event, "cancel", "/cancel")}>
        <h3>{say("services.cancel.second")}</h3>
        <p>{say("services.cancel.text")}</p>
        <Failure failure={failure.value} />
        <Field id="reason" label={say("services.reason")} maxLength={1000} />
        <div class="buttons">
          <button type="submit" class="button button-danger" disabled={isBusy.value}>
            {say("services.cancel.confirm")}
          </button>
          <button type="button" class="button-plain"
            onClick={() => (isAskingToCancel.value = false)}>
            {say("button.back")}
          </button>
        </div>
      </form>
    );
  }
  return (
    <>
      <Failure failure={failure.value} />
      <div class="buttons">
        {canWithdraw(it) && (
          <button type="button" class="button-plain" disabled={isBusy.value}
            onClick={() => act("withdraw", "/withdraw")}>
            {say("services.withdraw")}
          </button>
        )}
        {it.state === "active" && (
          <button type="button" class="button-plain"
            onClick={() => {
              isAskingToCancel.value = true;
              focusSoon("reason");
            }}>
            {say("services.cancel")}
          </button>
        )}
      </div>
    </>
  );
}

function Answers({ subscription: it, onDone }: CardProps) {
  const { failure, isBusy, run } = useDoing();
  function decline(): void {
    step(PAGE, "decline");
    void run(async () => {
      await post(`/v1/subscriptions/${it.id}/decline`);
      await onDone();
      focusSoon(`title-${it.id}`);
    });
  }
  return (
    <>
      <Failure failure={failure.value} />
      <div class="buttons">
        {!membership.value?.isHelped && (
          <a class="button button-link" href={linkTo("consent", it.id)}
            onClick={() => step(PAGE, "read-terms")}>
            {say("services.read")}
          </a>
        )}
        <button type="button" class="button-plain" disabled={isBusy.value} onClick={decline}>
          {say("services.decline")}
        </button>
      </div>
    </>
  );
}

function priceOf({ subscription: it, contents }: CardProps): string {
  const { consent } = it;
  if (consent?.currency) {
    const { total_amount, currency, period_unit, period_count } = consent;
    return sayPrice(total_amount, currency, period_unit, period_count);
  }
  const service = serviceOf(contents.services, it);
  if (!service) return "";
  const { price, period_unit, period_count } = service;
  return sayPrice(price.amount, price.currency, period_unit, period_count);
}

function moment(at: string | null | undefined) {
  return at ? <Moment at={at} /> : null;
}

function factsOf({ subscription: it, contents: { members } }: CardProps) {
  const { consent, proposal } = it;
  const level = consent ? consent.level : "none";
  const isOver = it.state !== "active" && it.state !== "proposed";
  return [
    { label: say("services.signed.by"), value: consent && nameOf(members, consent.by) },
    { label: say("services.signed.at"), value: moment(consent?.at) },
    { label: say("services.signed.with"), value: level === "none" ? "" : say(`level.${level}`) },
    { label: say("services.proposed.by"), value: partyOf(members, proposal.person, proposal.by) },
    { label: say("services.proposed.at"), value: moment(proposal.at) },
    { label: say("services.via"), value: proposal.via },
    { label: say("detail.reason"), value: proposal.reason && <q>{proposal.reason}</q> },
    { label: say("services.countersigned"), value: it.countersignature?.by &&
      nameOf(members, it.countersignature.by) },
    { label: say("services.next"), value: isOver ? null : moment(it.next_charge_at) },
    { label: say("services.withdraw.until"), value: isOver ? null : moment(it.withdraw_until) },
    { label: say("services.ends"), value: moment(it.ends_at) },
    { label: say("services.ended"), value: moment(it.ended_at) },
    { label: say("services.ended.by"), value: it.ended_by && enderOf(members, it.ended_by) },
    { label: say("services.ended.reason"), value: it.ended_reason && <q>{it.ended_reason}</q> },
  ];
}

function Card(props: CardProps) {
  const it = props.subscription;
  return (
    <li class={`panel card card-${it.state}`}>
      <div class="card-head">
        <h3 id={`title-${it.id}`} tabIndex={-1}>
          <bdi>{it.name}</bdi>
        </h3>
        <span class={`badge badge-${it.state}`}>{say(`service.${it.state}`)}</span>
      </div>
      <p class="card-price">{priceOf(props)}</p>
      <Facts facts={factsOf(props)} />
      {may("services") && it.state === "proposed" && <Answers {...props} />}
      {may("services") && <Endings {...props} />}
      <p class="entry-proof">
        {may("people") && (
          <>
            <a href={linkTo("activity", it.id)}>{say("services.history")}</a> ·{" "}
          </>
        )}
        <a href={`/v1/subscriptions/${it.id}/evidence`} download={`${it.id}.json`}>
          {say("services.evidence")}
        </a>
      </p>
    </li>
  );
}

function Proposal({ contents, onDone }: { contents: Contents; onDone: () => Promise<void> }) {
  const { failure, isBusy, run } = useDoing();
  const busy = contents.subscriptions
    .filter(({ state }) => ["proposed", "active", "canceled"].includes(state))
    .map((it) => serviceOf(contents.services, it)?.id);
  const open = contents.services.filter((it) => !it.retired_at && !busy.includes(it.id));
  function submit(event: SubmitEvent): void {
    const { service, reason } = valuesOf(event);
    step(PAGE, "propose");
    void run(async () => {
      await post("/v1/subscriptions", { service, ...(reason && { reason }) });
      await onDone();
      focusSoon("running-title");
    });
  }
  return (
    <section class="panel" aria-labelledby="propose-title">
      <h2 id="propose-title">{say("services.propose.title")}</h2>
      <p>{say(open.length > 0 ? "services.propose.text" : "services.propose.none")}</p>
      <Failure failure={failure.value} />
      {open.length > 0 && (
        <form onSubmit={submit}>
          <Choice id="service" label={say("services.service")}>
            {open.map((it) => (
              <option key={it.id} value={it.id}>
                {`${it.name} · ${sayPrice(it.price.amount, it.price.currency, it.period_unit,
                  it.period_count)}`}
              </option>
            ))}
          </Choice>
          <Field id="why" name="reason" label={say("services.reason")} maxLength={1000} />
          <button type="submit" class="button-plain" disabled={isBusy.value}>
            {say("services.propose")}
          </button>
        </form>
      )}
    </section>
  );
}

const GROUPS = {
  running: ["active", "canceled"],
  waiting: ["proposed"],
  over: ["withdrawn", "ended", "declined"],
} as const;

export function Services() {
  const { value, failure, again } = useReading(load, membership.value?.org ?? "");
  const contents = value.value;
  return (
    <MemberFrame title={say("page.services")} text={say("services.text")}>
      <Failure failure={failure.value} />
      {contents && Object.entries(GROUPS).map(([group, states]) => {
        const name = group as keyof typeof GROUPS;
        const rows = contents.subscriptions.filter(({ state }) =>
          (states as readonly string[]).includes(state));
        if (rows.length === 0 && name !== "running") return null;
        return (
          <section key={name} aria-labelledby={`${name}-title`} class="group">
            <h2 id={`${name}-title`} tabIndex={-1}>{say(`services.${name}`)}</h2>
            {rows.length === 0 && <p class="quiet">{say("services.nothing")}</p>}
            <ul class="cards">
              {rows.map((it) => (
                <Card key={it.id} subscription={it} contents={contents} onDone={again} />
              ))}
            </ul>
          </section>
        );
      })}
      {contents && may("services") && <Proposal contents={contents} onDone={again} />}
    </MemberFrame>
  );
}
