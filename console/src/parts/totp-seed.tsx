import { say } from "../i18n";
import { Copyable } from "./copyable";
import { Field } from "./field";
import { QrCode } from "./qr-code";

export interface Seed {
  id: string;
  secret: string;
  uri: string;
}

/** What an authenticator application takes, and the code that it then shows. */
export function TotpSeed({ seed }: { seed: Seed }) {
  return (
    <>
      <div class="seed">
        <QrCode text={seed.uri} label={say("totp.qr")} />
        <div class="block">
          <p>{say("totp.text")}</p>
          <Copyable label={say("totp.secret")} text={seed.secret} />
          <p>
            <a href={seed.uri}>{say("totp.open")}</a>
          </p>
        </div>
      </div>
      <Field id="code" label={say("login.code")} inputMode="numeric" required
        autocomplete="one-time-code" />
    </>
  );
}
