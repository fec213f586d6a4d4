import { say, sayCount } from "../i18n";
import { checkpoint, serverState } from "../state/server";
import { Copyable } from "./copyable";

export function LogPanel() {
  const log = serverState.value?.log;
  return (
    <section class="panel" aria-labelledby="log-title">
      <h2 id="log-title">{say("log.title")}</h2>
      {log && (
        <p class="log-size" key={log.size}>
          {sayCount("log.entries", log.size)}
        </p>
      )}
      <p>{say("log.text")}</p>
      {log && (
        <>
          <Copyable label={say("log.root")} text={log.root} />
          <Copyable label={say("log.checkpoint")} text={checkpoint.value} />
          <Copyable label={say("log.vkey")} text={log.vkey} />
        </>
      )}
    </section>
  );
}
