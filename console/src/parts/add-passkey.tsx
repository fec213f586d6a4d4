import { useSignal } from "@preact/signals";
import { say } from "../i18n";
import { post, type Authenticator } from "../rest";
import { loadAccount, me, recently } from "../state/account";
import { makePasskey, type Challenge } from "../webauthn";
import { Added } from "./added";
import { useDoing } from "./doing";
import { Field, valuesOf } from "./field";
import { Failure } from "./problem";

/** Another passkey: on another device, so that losing one is no loss. */
export function AddPasskey({ onAdded }: { onAdded?: () => void }) {
  const added = useSignal<Authenticator | null>(null);
  const { failure, isBusy, run } = useDoing();

  async function add(name: string): Promise<void> {
    const person = me.value?.person;
    const asked = await recently(() => post<Challenge>("/v1/me/passkeys/challenge"));
    const made = await makePasskey(asked, person?.email ?? person?.name ?? "", person?.name ?? "");
    added.value = await post<Authenticator>("/v1/me/passkeys", { name, ...made });
    await loadAccount();
    onAdded?.();
  }

  function submit(event: SubmitEvent): void {
    const { label = "" } = valuesOf(event);
    void run(() => add(label || say("authenticator.passkey")));
  }

  return (
    <div class="block">
      <h2>{say("passkey.add.title")}</h2>
      <p>{say("passkey.add.text")}</p>
      <Failure failure={failure.value} />
      <Added of={added.value} held="passkey.added.held" />
      <form class="form-line" onSubmit={submit}>
        <Field id="label" label={say("passkey.name")} maxLength={60} autocomplete="off" />
        <button type="submit" class="button-plain" disabled={isBusy.value}>
          {say("passkey.add")}
        </button>
      </form>
    </div>
  );
}
