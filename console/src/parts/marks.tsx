import type { Notice } from "../api";
import { hasSentence, phrase, say, sayDistance } from "../i18n";
import { now } from "../state/clock";
import { Moment } from "./moment";

function Reached({ notice }: { notice: Notice }) {
  const means = `means.${notice.delivered_by}`;
  return (
    <li class="mark mark-done">
      {say(`mark.delivered.${notice.audience}`)}
      {hasSentence(means) && ` ${say(means)}`}
      {", "}
      <Moment at={notice.delivered_at!} />
    </li>
  );
}

function Seen({ notice }: { notice: Notice }) {
  return (
    <li class="mark mark-seen">
      {say(`mark.seen.${notice.audience}`)}
      {", "}
      <Moment at={notice.seen_at!} />
      {notice.seen_by && (
        <>
          {" · "}
          <bdi class="quiet">{notice.seen_by}</bdi>
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

/** Whom an act reached, who has seen it, and who must still be told. */
export function Marks({ notices }: { notices: readonly Notice[] }) {
  if (notices.length === 0) return null;
  return (
    <ul class="marks">
      {notices.flatMap((notice) => [
        notice.delivered_at ? (
          <Reached key={`${notice.audience} reached`} notice={notice} />
        ) : notice.seen_at ? null : (
          <Pending key={`${notice.audience} due`} notice={notice} />
        ),
        notice.seen_at && <Seen key={`${notice.audience} seen`} notice={notice} />,
      ])}
    </ul>
  );
}
