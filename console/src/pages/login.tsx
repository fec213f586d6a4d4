import { useSignal } from "@preact/signals";
import { say } from "../i18n";
import { useDoing } from "../parts/doing";
import { Field, valuesOf } from "../parts/field";
import { focusSoon } from "../parts/focus";
import { Failure } from "../parts/problem";
import { NarrowFrame } from "../parts/shell";
import { loginWithPasskey, loginWithPassword, recover } from "../state/account";

type Way = "password" | "recovery";

function CodeForm({ way }: { way: Way }) {
  const { failure, isBusy, run } = useDoing();

  function submit(event: SubmitEvent): void {
    const { email = "", password = "", code = "" } = valuesOf(event);
    void run(() =>
      way === "password"
        ? loginWithPassword(email, password, code)
        : recover(email, code, password),
    );
  }

  return (
    <form onSubmit={submit}>
      <Failure failure={failure.value} />
      <Field id="email" type="email" label={say("login.email")} required autocomplete="username" />
      <Field
        id="password"
        type="password"
        label={say(way === "password" ? "login.password" : "login.password.optional")}
        required={way === "password"}
        autocomplete="current-password"
      />
      <Field
        id="code"
        label={say(way === "password" ? "login.code" : "login.recovery.code")}
        required
        inputMode={way === "password" ? "numeric" : "text"}
        autocomplete={way === "password" ? "one-time-code" : "off"}
      />
      <button type="submit" class="button" disabled={isBusy.value}>
        {say("login.submit")}
      </button>
    </form>
  );
}

export function Login() {
  const way = useSignal<Way | null>(null);
  const { failure, isBusy, run } = useDoing();

  function choose(other: Way): void {
    way.value = other;
    focusSoon("email");
  }

  return (
    <NarrowFrame>
      <section class="panel" aria-labelledby="login-title">
        <h1 id="login-title">{say("login.title")}</h1>
        <p>{say("login.text")}</p>
        <Failure failure={failure.value} />
        <button
          type="button"
          class="button"
          disabled={isBusy.value}
          onClick={() => void run(loginWithPasskey)}
        >
          {say("login.passkey")}
        </button>
        {(["password", "recovery"] as const).map((other) => (
          <div key={other} class="disclosure">
            <button
              type="button"
              class="button-plain"
              aria-expanded={way.value === other}
              onClick={() => choose(other)}
            >
              {say(`login.way.${other}`)}
            </button>
            {way.value === other && (
              <>
                {other === "recovery" && <p class="quiet">{say("login.recovery.text")}</p>}
                <CodeForm way={other} />
              </>
            )}
          </div>
        ))}
      </section>
    </NarrowFrame>
  );
}
