import { phrase, say, sayNumber } from "../i18n";
import { answeredAt, isReachable, serverState } from "../state/server";
import { Facts, type Fact } from "./facts";
import { Moment } from "./moment";

function factsOf(): Fact[] {
  const state = serverState.value;
  if (!state) return [];
  const { accepted, refused, waiting } = state.acts;
  return [
    { label: say("server.accepted"), value: sayNumber(accepted) },
    { label: say("server.refused"), value: sayNumber(refused) },
    {
      label: say("server.waiting"),
      value: waiting === undefined ? null : sayNumber(waiting),
    },
    { label: say("server.since"), value: <Moment at={state.started_at} /> },
    { label: say("server.version"), value: <bdi>{state.version}</bdi> },
    { label: say("server.store"), value: <bdi>{state.store}</bdi> },
  ];
}

function Silence() {
  if (isReachable.value) return serverState.value ? null : <p>{say("server.loading")}</p>;
  const last = answeredAt.value;
  return (
    <p class="warning">
      {last
        ? phrase("server.unreachable", { time: <Moment at={last.toISOString()} /> })
        : say("server.silent")}
    </p>
  );
}

export function ServerPanel() {
  return (
    <section class="panel" aria-labelledby="server-title">
      <h2 id="server-title">{say("server.title")}</h2>
      <div role="status">
        <Silence />
      </div>
      <Facts facts={factsOf()} class="facts facts-figures" />
    </section>
  );
}
