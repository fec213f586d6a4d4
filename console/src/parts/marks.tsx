import type { Notice } from "../api";
import { hasSentence, phrase, say, sayDistance } from "../i18n";
import { now } from "../state/clock";
import { Moment } from "./moment";

function Reached({ notice, at }: { notice: Notice; at: string }) {
  const means = `means.${notice.delivered?.means}`;
  return (
    <li class="mark mark-done">
      {say(`mark.delivered.${notice.audience}`)}
      {hasSentence(means) && ` · ${say(means)}`}
      {" · "}
      <Moment at={at} />
    </li>
  );
}

function Seen({ notice, at }: { notice: Notice; at: string }) {
  return (
    <li class="mark mark-seen">
      {say(`mark.seen.${notice.audience}`)}
      {" · "}
      <Moment at={at} />
      {notice.seen?.by && (
        <>
          {" · "}
          <bdi class="quiet">{notice.seen.by}</bdi>
        </>
      )}
    </li>
  );
}

function Pending({ notice }: { notice: Notice }) {
  const time = <Moment at={notice.due_at} />;
  if (notice.incident_at) {
    return <li class="mark mark-late">{phrase(`mark.overdue.${notice.audience}`, { time })}</li>;
  }
  const distance = sayDistance(new Date(notice.due_at), now.value);
  return (
    <li class="mark mark-due">{phrase(`mark.due.${notice.audience}`, { time, distance })}</li>
  );
}

function MarksOf({ notice }: { notice: Notice }) {
  const { delivered, seen } = notice;
  return (
    <>
      {delivered && <Reached notice={notice} at={delivered.at} />}
      {seen && <Seen notice={notice} at={seen.at} />}
      {!delivered && !seen && <Pending notice={notice} />}
    </>
  );
}

/** Whom an act reached, who has seen it, and who must still be told. */
export function Marks({ notices }: { notices: readonly Notice[] }) {
  if (notices.length === 0) return null;
  return (
    <ul class="marks">
      {notices.map((notice) => (
        <MarksOf key={notice.audience} notice={notice} />
      ))}
    </ul>
  );
}
