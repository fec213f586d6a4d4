import { say, sentenceOr } from "../i18n";
import { useDoing } from "../parts/doing";
import { Facts } from "../parts/facts";
import { focusSoon } from "../parts/focus";
import { Moment } from "../parts/moment";
import { Failure } from "../parts/problem";
import { useReading } from "../parts/reading";
import { MemberFrame } from "../parts/shell";
import { post, read, step, type SessionUse } from "../rest";
import { logOut } from "../state/account";
import { sayDevice } from "../state/device";

const PAGE = "sessions/list";

function SessionCard({ use, onDone }: { use: SessionUse; onDone: () => Promise<void> }) {
  const { failure, isBusy, run } = useDoing();
  const { session: it } = use;
  function end(): void {
    step(PAGE, "end");
    void run(async () => {
      await post(`/v1/me/sessions/${it.id}/end`);
      await onDone();
      focusSoon("sessions-title");
    });
  }
  return (
    <li class="panel card">
      <div class="card-head">
        <h3><bdi>{sayDevice(it.device) || say("sessions.unknown")}</bdi></h3>
        {use.current && <span class="badge badge-active">{say("sessions.current")}</span>}
      </div>
      <Facts
        facts={[
          { label: say("sessions.place"), value: <bdi>{use.last_used_from ?? it.place}</bdi> },
          { label: say("sessions.used"), value: use.last_used_at &&
            <Moment at={use.last_used_at} /> },
          { label: say("sessions.opened"), value: <Moment at={it.opened_at} /> },
          { label: say("sessions.method"),
            value: say(sentenceOr(`method.${it.method}`, "method.none")) },
          { label: say("sessions.expires"), value: <Moment at={it.expires_at} /> },
          { label: say("sessions.held"), value: it.held_until && <Moment at={it.held_until} /> },
        ]}
      />
      <Failure failure={failure.value} />
      <div class="buttons">
        {use.current ? (
          <button type="button" class="button-plain" onClick={() => void run(logOut)}>
            {say("sessions.logout")}
          </button>
        ) : (
          <button type="button" class="button-plain" disabled={isBusy.value} onClick={end}>
            {say("sessions.end")}
          </button>
        )}
      </div>
    </li>
  );
}

export function Sessions() {
  const { value, failure, again } = useReading(
    () => read<{ sessions: readonly SessionUse[] }>("/v1/me/sessions"), "mine");
  const ending = useDoing();
  const sessions = value.value?.sessions ?? [];
  function endOthers(): void {
    step(PAGE, "end-others");
    void ending.run(async () => {
      await post("/v1/me/sessions/end-others");
      await again();
      focusSoon("sessions-title");
    });
  }
  return (
    <MemberFrame title={say("page.sessions")} text={say("sessions.text")}>
      <Failure failure={failure.value} />
      <section aria-labelledby="sessions-title" class="group">
        <div class="card-head">
          <h2 id="sessions-title" tabIndex={-1}>{say("sessions.open")}</h2>
          {sessions.length > 1 && (
            <button type="button" class="button-plain" disabled={ending.isBusy.value}
              onClick={endOthers}>
              {say("sessions.end.others")}
            </button>
          )}
        </div>
        <Failure failure={ending.failure.value} />
        <ul class="cards">
          {sessions.map((use) => <SessionCard key={use.session.id} use={use} onDone={again} />)}
        </ul>
      </section>
    </MemberFrame>
  );
}
