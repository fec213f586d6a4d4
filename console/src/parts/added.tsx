import { phrase, say, type Sentence } from "../i18n";
import type { Authenticator } from "../rest";
import { Moment } from "./moment";

/** That an authenticator was added, and until when it waits. */
export function Added({ of, held }: { of: Authenticator | null; held: Sentence }) {
  return (
    <div role="status">
      {of && <p class="done">{say("passkey.added", { name: of.name })}</p>}
      {of?.held_until && <p>{phrase(held, { until: <Moment at={of.held_until} /> })}</p>}
    </div>
  );
}
