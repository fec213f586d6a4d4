// What people call you, where your notices go, and the password. What a change does is told before
// it is made; what is wrong with a field is told at the field.
import { useSignal } from "@preact/signals";
import { Problem } from "../api";
import { languages, phrase, say } from "../i18n";
import { useDoing } from "../parts/doing";
import { Choice, Field, valuesOf } from "../parts/field";
import { focusSoon } from "../parts/focus";
import { Moment } from "../parts/moment";
import { errorAt, Failure } from "../parts/problem";
import { useReading } from "../parts/reading";
import { MemberFrame } from "../parts/shell";
import { post, readAll, step, type Authenticator } from "../rest";
import { loadAccount, me, recently } from "../state/account";
import { linkTo } from "../state/route";

const PAGE = "profile/details";

/** What was done, for those who look and those who listen. */
function Done({ text }: { text: string }) {
  return <div role="status">{text && <p class="done">{text}</p>}</div>;
}

function change(control: string, path: string, body: object): Promise<void> {
  step(PAGE, control);
  return recently(() => post(path, body)).then(loadAccount);
}

function Details() {
  const { failure, isBusy, run } = useDoing();
  const done = useSignal("");
  const person = me.value?.person;

  async function submit(event: SubmitEvent): Promise<void> {
    const { "profile-name": name = "", "notice-language": language = "" } = valuesOf(event);
    done.value = "";
    const body = { name, ...(language && { language }) };
    if (await run(() => change("change-details", "/v1/me/profile", body))) {
      done.value = say("profile.saved");
    } else if (errorAt(failure.value, "name")) focusSoon("profile-name");
  }

  return (
    <section class="panel" aria-labelledby="details-title">
      <h2 id="details-title">{say("profile.details")}</h2>
      <p>{say("profile.details.text")}</p>
      <Failure failure={failure.value} fields={["name"]} />
      <Done text={done.value} />
      <form onSubmit={(event) => void submit(event)}>
        <Field id="profile-name" label={say("enrol.name")} required maxLength={200}
          autocomplete="name" defaultValue={person?.name ?? ""}
          error={errorAt(failure.value, "name")} />
        <Choice id="notice-language" label={say("profile.language")}>
          {person?.language == null && <option value="">{say("profile.language.none")}</option>}
          {Object.entries(languages).map(([tag, { name }]) => (
            <option key={tag} value={tag} lang={tag} selected={person?.language === tag}>
              {name}
            </option>
          ))}
        </Choice>
        <button type="submit" class="button" disabled={isBusy.value}>
          {say("profile.save")}
        </button>
      </form>
    </section>
  );
}

function isTaken(failure: unknown): boolean {
  return failure instanceof Problem && failure.body.code === "already-exists";
}

function Address() {
  const { failure, isBusy, run } = useDoing();
  const done = useSignal("");
  const before = me.value?.person.email ?? "";
  const isRefused = isTaken(failure.value);
  const error = isRefused ? say("profile.email.taken") : errorAt(failure.value, "email");

  async function submit(event: SubmitEvent): Promise<void> {
    const form = event.currentTarget as HTMLFormElement;
    const { "new-email": email = "" } = valuesOf(event);
    done.value = "";
    const body = { email, ...(before && { email_before: before }) };
    if (await run(() => change("change-email", "/v1/me/profile", body))) {
      form.reset();
      done.value = say(before ? "profile.email.done" : "profile.email.first", { email, before });
    } else focusSoon("new-email");
  }

  return (
    <section class="panel" aria-labelledby="email-title">
      <h2 id="email-title">{say("profile.email")}</h2>
      {before ? (
        <>
          <p>{phrase("profile.email.now", { email: <strong><bdi>{before}</bdi></strong> })}</p>
          <p>{say("profile.email.text")}</p>
        </>
      ) : (
        <p>{say("profile.email.missing")}</p>
      )}
      <Failure failure={isRefused ? null : failure.value} fields={["email"]} />
      <Done text={done.value} />
      <form onSubmit={(event) => void submit(event)}>
        <Field id="new-email" type="email" label={say("profile.email.new")} required
          maxLength={254} autocomplete="email" error={error} />
        <button type="submit" class="button" disabled={isBusy.value}>
          {say("profile.email.change")}
        </button>
      </form>
    </section>
  );
}

function Password() {
  const { failure, isBusy, run } = useDoing();
  const done = useSignal("");
  const isShown = useSignal(false);
  const { value } = useReading(
    () => readAll<Authenticator>("/v1/me/authenticators", "authenticators"), "mine");
  const hasApp = value.value?.some((it) => it.kind === "totp" && it.removed_at === null);
  const { has_password: isThere = false, person } = me.value ?? {};
  const since = person?.password_at;

  async function submit(event: SubmitEvent): Promise<void> {
    const form = event.currentTarget as HTMLFormElement;
    event.preventDefault();
    const password = String(new FormData(form).get("new-password")); // blanks belong to it
    done.value = "";
    if (await run(() => change("set-password", "/v1/me/password", { password }))) {
      form.reset();
      done.value = say("profile.password.done");
    } else if (errorAt(failure.value, "password")) focusSoon("new-password");
  }

  return (
    <section class="panel" aria-labelledby="password-title">
      <h2 id="password-title">{say("profile.password")}</h2>
      <p>
        {since ? phrase("profile.password.since", { time: <Moment at={since} /> }) :
          say("profile.password.none")}
      </p>
      <p>{say("profile.password.text")}</p>
      {hasApp === false && (
        <p class="warning">
          {say("profile.password.app")} <a href={linkTo("protection")}>{say("page.protection")}</a>
        </p>
      )}
      <Failure failure={failure.value} fields={["password"]} />
      <Done text={done.value} />
      <form onSubmit={(event) => void submit(event)}>
        <input type="hidden" autocomplete="username" value={person?.email ?? ""} />
        <Field id="new-password" type={isShown.value ? "text" : "password"}
          label={say("profile.password.new")} hint={say("enrol.password.hint")} required
          autocomplete="new-password" error={errorAt(failure.value, "password")} />
        <div class="choices">
          <label>
            <input type="checkbox" checked={isShown.value}
              onChange={(event) => (isShown.value = event.currentTarget.checked)} />{" "}
            {say("profile.password.show")}
          </label>
        </div>
        <button type="submit" class="button" disabled={isBusy.value}>
          {say(isThere ? "profile.password.change" : "profile.password.set")}
        </button>
      </form>
    </section>
  );
}

export function Profile() {
  return (
    <MemberFrame title={say("page.profile")} text={say("profile.text")}>
      <Details />
      <Address />
      <Password />
    </MemberFrame>
  );
}
