import { useSignal } from "@preact/signals";
import { say, sentenceOr } from "../i18n";
import { useDoing } from "../parts/doing";
import { Facts } from "../parts/facts";
import { Choice, Field, valuesOf } from "../parts/field";
import { Moment } from "../parts/moment";
import { Failure } from "../parts/problem";
import { useReading } from "../parts/reading";
import { MemberFrame } from "../parts/shell";
import { ShortId } from "../parts/short-id";
import { read, readAll, type ActivityEntry, type ActivityPage, type Member } from "../rest";
import { membership, memberships } from "../state/account";
import { sayDevice } from "../state/device";
import { linkTo, route } from "../state/route";

const SHOWN = 50;
const KINDS = ["service.", "member.", "authenticator.", "session.", "login.", "org.", "support",
  "order.", "key.", "endpoint."] as const;
type Filters = Readonly<Record<string, string>>;

/** A day as the reader's clock has it, as the moment at which it begins. */
function momentOf(day: string, daysLater: number): string {
  const at = new Date(`${day}T00:00:00`);
  at.setDate(at.getDate() + daysLater);
  return at.toISOString();
}

function queryOf(filters: Filters, more: Filters = {}): string {
  const { from, until, ...plain } = filters;
  const all = {
    ...plain,
    ...(from && { from: momentOf(from, 0) }),
    ...(until && { until: momentOf(until, 1) }),
    ...more,
  };
  return new URLSearchParams(Object.entries(all).filter(([, value]) => value)).toString();
}

function Who({ who }: ActivityEntry) {
  const role = say(sentenceOr(`who.${who.role}`, "who.other"), { role: who.role });
  const id = who.person ?? who.key;
  if (!who.name && !id) return <>{role}</>;
  return (
    <>
      {who.name ? <bdi>{who.name}</bdi> : <ShortId id={id ?? ""} />} ({role})
    </>
  );
}

/** The organisation by its name, where the reader is in it. */
function Organisation({ org }: { org: string }) {
  const known = memberships.value.find((it) => it.org === org);
  return known ? <bdi title={org}>{known.name}</bdi> : <ShortId id={org} />;
}

/** What happened; of what was refused, what it would have been. */
function sayWhat({ type, outcome, sentence, who }: ActivityEntry): string {
  const known = sentenceOr(`did.${type}`, sentenceOr(`act.${type}`, "did.other"));
  const actor = say(sentenceOr(`actor.${who.role}`, "actor.system"));
  const what = say(known, { sentence, actor });
  return outcome === "refused" ? say("activity.tried", { what }) : what;
}

function sayValue(value: unknown): string {
  if (value === null || value === undefined || value === "") return "—";
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

function Changes({ entry }: { entry: ActivityEntry }) {
  const { changes = [] } = entry;
  if (changes.length === 0) return null;
  return (
    <details>
      <summary>{say("activity.changes")}</summary>
      <ul class="changes">
        {changes.map(({ table, column, from, to }) => (
          <li key={`${table}.${column}`}>
            <code>{`${table}.${column}`}</code> <del>{sayValue(from)}</del> →{" "}
            <ins>{sayValue(to)}</ins>
          </li>
        ))}
      </ul>
    </details>
  );
}

function stepsOf({ steps = [] }: ActivityEntry): string {
  return steps.map(({ page, control }) => `${page}: ${control}`).join(" → ");
}

function withWhat({ who, signed }: ActivityEntry) {
  const method = who.method ?? "none";
  const how = signed ? say(`activity.signed.${signed}`) :
    method === "none" ? "" : say(sentenceOr(`method.${method}`, "method.none"));
  const { authenticator } = who;
  return (how || authenticator) && (
    <>
      {how}
      {authenticator && (
        <>
          {how && " · "}
          {authenticator.name ? <bdi>{authenticator.name}</bdi> :
            <ShortId id={authenticator.id} />}, {say("activity.since")}{" "}
          <Moment at={authenticator.registered_at} />
        </>
      )}
    </>
  );
}

function Entry({ entry }: { entry: ActivityEntry }) {
  const { outcome, problem } = entry;
  const { address, device } = entry.where ?? {};
  const place = [address, sayDevice(device ?? null)].filter(Boolean).join(" · ");
  return (
    <li class={`entry entry-${outcome}`} data-act={entry.act} data-type={entry.type}>
      <div class="entry-head">
        <h3>{sayWhat(entry)}</h3>
        <Moment at={entry.at} />
      </div>
      {problem && (
        <p class="refusal">
          <strong>{say("timeline.refused")}</strong>{" "}
          {say(sentenceOr(`problem.${problem.code}`, "activity.problem"),
            { title: problem.title, until: "" })}
        </p>
      )}
      <Facts
        class="facts facts-inline"
        facts={[
          { label: say("activity.who"), value: <Who {...entry} /> },
          { label: say("activity.behalf"), value: entry.who.on_behalf_of &&
            <Organisation org={entry.who.on_behalf_of} /> },
          { label: say("activity.where"), value: place && <bdi title={device}>{place}</bdi> },
          { label: say("activity.with"), value: withWhat(entry) },
          { label: say("activity.steps"), value: stepsOf(entry) },
          { label: say("detail.reason"), value: entry.reason && <q>{entry.reason}</q> },
        ]}
      />
      <Changes entry={entry} />
      <p class="entry-proof">
        <code>{entry.type}</code> ·{" "}
        <a href={linkTo("activity", entry.subject)}><ShortId id={entry.subject} /></a>
      </p>
    </li>
  );
}

interface FormProps {
  filters: Filters;
  members: readonly Member[];
  onFilter: (filters: Filters) => void;
}

function FilterForm({ filters, members, onFilter }: FormProps) {
  return (
    <form class="panel filters" role="search" onSubmit={(event) => onFilter(valuesOf(event))}>
      <Field id="q" type="search" label={say("activity.words")} defaultValue={filters.q ?? ""} />
      <Choice id="person" label={say("activity.person")}>
        <option value="">{say("activity.everybody")}</option>
        {members.map(({ person, name }) => (
          <option key={person} value={person}>
            {name}
          </option>
        ))}
      </Choice>
      <Field id="key" label={say("activity.key")} placeholder="key_…" autocomplete="off" />
      <Choice id="type" label={say("activity.kind")}>
        <option value="">{say("activity.any")}</option>
        {KINDS.map((kind) => (
          <option key={kind} value={kind}>
            {say(`kind.${kind}`)}
          </option>
        ))}
      </Choice>
      <Choice id="outcome" label={say("activity.outcome")}>
        <option value="">{say("activity.any")}</option>
        <option value="accepted">{say("activity.accepted")}</option>
        <option value="refused">{say("activity.refused")}</option>
      </Choice>
      <Field id="object" label={say("activity.object")} autocomplete="off"
        defaultValue={filters.object ?? ""} />
      <Field id="from" type="date" label={say("activity.from")} />
      <Field id="until" type="date" label={say("activity.until")} />
      <button type="submit" class="button">
        {say("activity.filter")}
      </button>
    </form>
  );
}

export function Activity() {
  const filters = useSignal<Filters>({ object: route.value.subject });
  const older = useSignal<readonly ActivityEntry[]>([]);
  const next = useSignal<number | null>(null);
  const more = useDoing();
  const org = membership.value?.org ?? "";
  const members = useReading(() => readAll<Member>("/v1/members", "members"), org);
  const query = queryOf(filters.value);
  const newest = useReading(async () => {
    const page = await read<ActivityPage>(
      `/v1/activity?${queryOf(filters.value, { limit: String(SHOWN) })}`);
    older.value = [];
    next.value = page.next;
    return page.activity;
  }, `${org} ${query}`);

  async function readMore(): Promise<void> {
    const page = await read<ActivityPage>(`/v1/activity?${queryOf(filters.value,
      { limit: String(SHOWN), before: String(next.value) })}`);
    older.value = [...older.value, ...page.activity];
    next.value = page.next;
  }

  const entries = newest.value.value && [...newest.value.value, ...older.value];
  return (
    <MemberFrame title={say("page.activity")} text={say("activity.text")}>
      <FilterForm filters={filters.value} members={members.value.value ?? []}
        onFilter={(values) => (filters.value = values)} />
      <section aria-labelledby="entries-title" class="group">
        <div class="card-head">
          <h2 id="entries-title">
            {say("timeline.title")} <span class="quiet">{say("timeline.hint")}</span>
          </h2>
          <p class="exports">
            {say("activity.export")}{" "}
            {(["csv", "jsonl"] as const).map((format) => (
              <a key={format} download={`activity.${format}`}
                href={`/v1/activity?${queryOf(filters.value, { format })}`}>
                {say(`activity.${format}`)}
              </a>
            ))}
          </p>
        </div>
        <Failure failure={newest.failure.value} />
        <p class="unseen" role="status">
          {entries && say("activity.count", { count: String(entries.length) })}
        </p>
        {entries?.length === 0 && <p class="quiet">{say("activity.nothing")}</p>}
        <ol class="panel entries" reversed>
          {entries?.map((entry) => <Entry key={entry.act} entry={entry} />)}
        </ol>
        <Failure failure={more.failure.value} />
        {next.value !== null && (
          <button type="button" class="button-plain" disabled={more.isBusy.value}
            onClick={() => void more.run(readMore)}>
            {say("activity.more")}
          </button>
        )}
      </section>
    </MemberFrame>
  );
}
