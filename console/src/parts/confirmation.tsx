import { useEffect, useRef } from "preact/hooks";
import { say } from "../i18n";
import { question } from "../state/account";
import { useDoing } from "./doing";
import { Field, valuesOf } from "./field";
import { Failure } from "./problem";

/** Asks who has no passkey for password and code, before something that needs a recent proof. */
export function Confirmation() {
  const dialog = useRef<HTMLDialogElement>(null);
  const { failure, isBusy, run } = useDoing();
  const asked = question.value;

  useEffect(() => {
    if (asked) dialog.current?.showModal();
    else dialog.current?.close();
  }, [asked]);

  function submit(event: SubmitEvent): void {
    const { "confirm-password": password = "", "confirm-code": code = "" } = valuesOf(event);
    void run(async () => asked?.answer({ password, code }));
  }

  return (
    <dialog ref={dialog} class="panel" aria-labelledby="confirmation-title"
      onCancel={() => asked?.giveUp()}>
      <h2 id="confirmation-title">{say("confirm.title")}</h2>
      <p>{say("confirm.text")}</p>
      <Failure failure={failure.value} />
      {asked && (
        <form onSubmit={submit}>
          <Field id="confirm-password" type="password" label={say("login.password")} required
            autocomplete="current-password" />
          <Field id="confirm-code" inputMode="numeric" label={say("login.code")} required
            autocomplete="one-time-code" />
          <div class="buttons">
            <button type="submit" class="button" disabled={isBusy.value}>
              {say("confirm.button")}
            </button>
            <button type="button" class="button-plain" onClick={() => asked.giveUp()}>
              {say("button.back")}
            </button>
          </div>
        </form>
      )}
    </dialog>
  );
}
