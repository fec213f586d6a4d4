import { useSignal } from "@preact/signals";
import { say } from "../i18n";
import { post, step, type Authenticator } from "../rest";
import { loadAccount, recently } from "../state/account";
import { Added } from "./added";
import { useDoing } from "./doing";
import { Field, valuesOf } from "./field";
import { focusSoon } from "./focus";
import { Failure } from "./problem";
import { TotpSeed, type Seed } from "./totp-seed";

/** An authenticator app, for the days on which no passkey is at hand. */
export function AddApp({ onAdded }: { onAdded: () => void }) {
  const seed = useSignal<Seed | null>(null);
  const added = useSignal<Authenticator | null>(null);
  const { failure, isBusy, run } = useDoing();

  async function setUp(): Promise<void> {
    added.value = null;
    seed.value = await recently(() => post<Seed>("/v1/me/totp/setup"));
    focusSoon("code");
  }

  async function add(id: string, name: string, code: string): Promise<void> {
    step("protection/list", "add-app");
    added.value = await recently(() => post<Authenticator>("/v1/me/totp", { id, name, code }));
    seed.value = null;
    await loadAccount();
    onAdded();
  }

  function submit(event: SubmitEvent, { id }: Seed): void {
    const { "app-name": name, code = "" } = valuesOf(event);
    void run(() => add(id, name || say("authenticator.totp"), code));
  }

  const it = seed.value;
  return (
    <div class="block">
      <h2>{say("app.title")}</h2>
      <p>{say("app.text")}</p>
      <Failure failure={failure.value} />
      <Added of={added.value} held="app.held" />
      {it ? (
        <form onSubmit={(event) => submit(event, it)}>
          <TotpSeed seed={it} />
          <Field id="app-name" label={say("app.name")} maxLength={60} autocomplete="off" />
          <div class="buttons">
            <button type="submit" class="button" disabled={isBusy.value}>
              {say("app.add")}
            </button>
            <button type="button" class="button-plain" onClick={() => (seed.value = null)}>
              {say("button.back")}
            </button>
          </div>
        </form>
      ) : (
        <button type="button" class="button-plain" disabled={isBusy.value}
          onClick={() => void run(setUp)}>
          {say("app.add")}
        </button>
      )}
    </div>
  );
}
