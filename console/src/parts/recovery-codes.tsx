import { useSignal } from "@preact/signals";
import { say } from "../i18n";
import { post } from "../rest";
import { loadAccount, me, recently } from "../state/account";
import { Copyable } from "./copyable";
import { useDoing } from "./doing";
import { Failure } from "./problem";

/** Ten codes for the day on which every authenticator is lost; the server shows them once. */
export function RecoveryCodes() {
  const codes = useSignal<readonly string[] | null>(null);
  const { failure, isBusy, run } = useDoing();
  const left = me.value?.recovery_codes ?? 0;

  async function make(): Promise<void> {
    const answer = await recently(() =>
      post<{ codes: readonly string[] }>("/v1/me/recovery-codes"),
    );
    codes.value = answer.codes;
    await loadAccount();
  }

  return (
    <div class="block">
      <h2>{say("codes.title")}</h2>
      <p>{say("codes.text")}</p>
      <Failure failure={failure.value} />
      {codes.value ? (
        <>
          <p class="warning">{say("codes.once")}</p>
          <Copyable label={say("codes.title")} text={codes.value.join("\n")} />
        </>
      ) : (
        <>
          {left > 0 && <p>{say("codes.left", { count: String(left) })}</p>}
          <button type="button" class="button-plain" disabled={isBusy.value}
            onClick={() => void run(make)}>
            {say(left > 0 ? "codes.renew" : "codes.make")}
          </button>
        </>
      )}
    </div>
  );
}
