import { say } from "../i18n";
import { Copyable } from "./copyable";
import { Field } from "./field";

export interface Seed {
  id: string;
  secret: string;
  uri: string;
}

/** What an authenticator application takes, and the code that it then shows. */
export function TotpSeed({ seed }: { seed: Seed }) {
  return (
    <>
      <Copyable label={say("totp.secret")} text={seed.secret} />
      <p class="quiet">
        {say("totp.text")} <a href={seed.uri}>{say("totp.open")}</a>
      </p>
      <Field id="code" label={say("login.code")} inputMode="numeric" required
        autocomplete="one-time-code" />
    </>
  );
}
