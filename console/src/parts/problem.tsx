import { Problem } from "../api";
import { hasSentence, say, sayMoment, sentenceOr } from "../i18n";
import { CeremonyFailure } from "../webauthn";

function sayProblem({ body, title }: Problem): string {
  const name = `problem.${body.code}`;
  const until = body.held_until ? sayMoment(new Date(body.held_until)) : "";
  if (hasSentence(name)) return say(name, { until });
  return [title, body.detail, body.remedy].filter(Boolean).join(" · ");
}

function sayReason({ body }: Problem): string {
  const name = `reason.${body.reason}`;
  return hasSentence(name) ? say(name) : "";
}

/** Why something did not happen, in the reader's language where somebody has written it. */
export function sayFailure(failure: unknown): string {
  if (failure instanceof CeremonyFailure) return say(`ceremony.${failure.kind}`);
  if (failure instanceof Problem) {
    return [sayProblem(failure), sayReason(failure)].filter(Boolean).join(" ");
  }
  return say("error.reach");
}

function pointed(failure: unknown): readonly { pointer: string; detail: string }[] {
  return failure instanceof Problem ? (failure.body.errors ?? []) : [];
}

function sayField(pointer: string): string {
  const name = pointer.slice(1).split("/")[0] ?? "";
  return say(sentenceOr(`field.${name}`, "field.other"), { name });
}

/** The place where a form or a page says what went wrong; a screen reader reads it out. */
export function Failure({ failure }: { failure: unknown }) {
  return (
    <div role="alert">
      {failure !== null && (
        <div class="warning" data-code={failure instanceof Problem ? failure.body.code : ""}>
          <p>{sayFailure(failure)}</p>
          {pointed(failure).map(({ pointer, detail }) => (
            <p key={pointer}>
              {sayField(pointer)}: {detail}
            </p>
          ))}
        </div>
      )}
    </div>
  );
}
