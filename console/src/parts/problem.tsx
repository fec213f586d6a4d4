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

function fieldOf({ pointer }: { pointer: string }): string {
  return pointer.slice(1).split("/")[0] ?? "";
}

function sayField(name: string): string {
  return say(sentenceOr(`field.${name}`, "field.other"), { name });
}

/** What is wrong with that field of the form, to be said at the field. */
export function errorAt(failure: unknown, name: string): string | undefined {
  const found = pointed(failure).find((error) => fieldOf(error) === name);
  const known = `refused.${name}`;
  return found && (hasSentence(known) ? say(known) : found.detail);
}

interface FailureProps {
  failure: unknown;
  /** Fields of the form that say themselves what is wrong with them. */
  fields?: readonly string[];
}

/** The place where a form or a page says what went wrong; a screen reader reads it out. */
export function Failure({ failure, fields = [] }: FailureProps) {
  const errors = pointed(failure);
  const others = errors.filter((error) => !fields.includes(fieldOf(error)));
  const isSaid = errors.length > 0 && others.length === 0;
  return (
    <div role="alert">
      {failure !== null && !isSaid && (
        <div class="warning" data-code={failure instanceof Problem ? failure.body.code : ""}>
          <p>{sayFailure(failure)}</p>
          {others.map((error) => (
            <p key={error.pointer}>
              {sayField(fieldOf(error))}: {error.detail}
            </p>
          ))}
        </div>
      )}
    </div>
  );
}
