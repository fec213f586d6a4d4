import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { phrase, say, language } from "../i18n";
import { useDoing, type Doing } from "../parts/doing";
import { Field, valuesOf } from "../parts/field";
import { errorAt, Failure } from "../parts/problem";
import { RecoveryCodes } from "../parts/recovery-codes";
import { NarrowFrame } from "../parts/shell";
import { TotpSeed } from "../parts/totp-seed";
import { AddPasskey } from "../parts/add-passkey";
import { post, type MemberRole } from "../rest";
import { isAsking, loadAccount, me } from "../state/account";
import { theInvitation } from "../state/invitation";
import { go, linkTo } from "../state/route";
import { makePasskey, type Challenge } from "../webauthn";

interface Invited extends Challenge {
  person: string;
  organisation?: string;
  role?: MemberRole;
  name?: string;
  email?: string;
  totp: { id: string; secret: string; uri: string };
}

function askAgain(invitation: string | null): Promise<Invited> {
  return post<Invited>("/v1/enrolment/challenge", { invitation });
}

async function enrol(
  invitation: string | null,
  values: Record<string, string>,
  withPassword: boolean,
  shown: Invited,
): Promise<void> {
  const { name = "", email = "", password = "", code = "" } = values;
  const common = { invitation, name, language: language.value, ...(email && { email }) };
  if (withPassword) {
    await post("/v1/enrolment", {
      ...common,
      authenticator_name: say("authenticator.totp"),
      person: shown.person,
      nonce: shown.nonce,
      password,
      totp: shown.totp.id,
      code,
    });
  } else {
    const asked = await askAgain(invitation); // what was asked before may have grown old
    const made = await makePasskey(asked, email || name, name);
    await post("/v1/enrolment", {
      ...common,
      authenticator_name: values.authenticator || say("authenticator.passkey"),
      person: asked.person,
      ...made,
    });
  }
  await loadAccount();
}

interface AccountFormProps {
  invited: Invited;
  doing: Doing;
  onDone: () => void;
}

function AccountForm({ invited, doing, onDone }: AccountFormProps) {
  const withPassword = useSignal(false);
  const { failure, isBusy, run } = doing;

  async function submit(event: SubmitEvent): Promise<void> {
    const values = valuesOf(event);
    if (await run(() => enrol(theInvitation(), values, withPassword.value, invited))) onDone();
  }

  return (
    <form onSubmit={(event) => void submit(event)}>
      <Failure failure={failure.value} fields={withPassword.value ? ["password"] : []} />
      <Field id="name" label={say("enrol.name")} required maxLength={200} autocomplete="name"
        defaultValue={invited.name ?? ""} />
      <Field id="email" type="email" label={say("login.email")} hint={say("enrol.email.hint")}
        required autocomplete="email" defaultValue={invited.email ?? ""} />
      {withPassword.value ? (
        <>
          <Field id="password" type="password" label={say("login.password")}
            hint={say("enrol.password.hint")} required autocomplete="new-password"
            error={errorAt(failure.value, "password")} />
          <TotpSeed seed={invited.totp} />
        </>
      ) : (
        <Field id="authenticator" label={say("enrol.authenticator")}
          hint={say("enrol.authenticator.hint")} maxLength={60} autocomplete="off" />
      )}
      <button type="submit" class="button" disabled={isBusy.value}>
        {say(withPassword.value ? "enrol.submit.password" : "enrol.submit")}
      </button>
      <button
        type="button"
        class="button-plain"
        onClick={() => (withPassword.value = !withPassword.value)}
      >
        {say(withPassword.value ? "enrol.way.passkey" : "enrol.way.password")}
      </button>
    </form>
  );
}

/** One authenticator can be lost: a second one, and codes for the worst case. */
function Safeguards() {
  return (
    <section class="panel" aria-labelledby="safe-title">
      <h1 id="safe-title">{say("safe.title")}</h1>
      <p>{say("safe.text")}</p>
      <AddPasskey />
      <RecoveryCodes />
      <a class="button button-link" href={linkTo("services")}>
        {say("safe.go")}
      </a>
    </section>
  );
}

function Accept({ invited }: { invited: Invited }) {
  const { failure, isBusy, run } = useDoing();
  async function accept(): Promise<void> {
    await post("/v1/invitations/accept", { invitation: theInvitation() });
    await loadAccount();
    go("services");
  }
  return (
    <>
      <Failure failure={failure.value} />
      <p>{say("enrol.accept.text", { name: me.value?.person.name ?? "" })}</p>
      <button type="button" class="button" disabled={isBusy.value}
        onClick={() => void run(accept)}>
        {say("enrol.accept", { org: invited.organisation ?? "" })}
      </button>
    </>
  );
}

export function Enrolment() {
  const invited = useSignal<Invited | null>(null);
  const isDone = useSignal(false);
  const asking = useDoing();
  const doing = useDoing();

  useEffect(() => {
    void asking.run(async () => {
      invited.value = await askAgain(theInvitation());
    });
  }, []);

  const it = invited.value;
  if (isDone.value) {
    return (
      <NarrowFrame>
        <Safeguards />
      </NarrowFrame>
    );
  }
  return (
    <NarrowFrame>
      <section class="panel" aria-labelledby="enrol-title">
        <h1 id="enrol-title">{say("enrol.title")}</h1>
        {theInvitation() === null ? (
          <p>{say("enrol.none")}</p>
        ) : (
          <Failure failure={asking.failure.value} />
        )}
        {it && (
          <p>
            {phrase("enrol.text", {
              org: <strong>{it.organisation ?? ""}</strong>,
              role: say(`role.${it.role ?? "staff"}`),
            })}
          </p>
        )}
        {it && !isAsking.value && (me.value ? (
          <Accept invited={it} />
        ) : (
          <AccountForm invited={it} doing={doing} onDone={() => (isDone.value = true)} />
        ))}
      </section>
    </NarrowFrame>
  );
}
