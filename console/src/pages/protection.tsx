import { useSignal } from "@preact/signals";
import { phrase, say } from "../i18n";
import { AddApp } from "../parts/add-app";
import { AddPasskey } from "../parts/add-passkey";
import { Copyable } from "../parts/copyable";
import { useDoing } from "../parts/doing";
import { Facts } from "../parts/facts";
import { focusSoon } from "../parts/focus";
import { Moment } from "../parts/moment";
import { Failure } from "../parts/problem";
import { useReading } from "../parts/reading";
import { RecoveryCodes } from "../parts/recovery-codes";
import { MemberFrame } from "../parts/shell";
import {
  post, readAll, step, type Accepted, type Authenticator, type SupportContact,
} from "../rest";
import { loadAccount, me, membership, recently, signAndAct } from "../state/account";
import { now } from "../state/clock";

const PAGE = "protection/list";
type Done = () => Promise<void>;

function isHeld({ held_until: until }: Authenticator): boolean {
  return until !== null && new Date(until).getTime() > now.value;
}

function AuthenticatorCard({ authenticator: it, onDone }: { authenticator: Authenticator;
  onDone: Done }) {
  const { failure, isBusy, run } = useDoing();
  const isAsking = useSignal(false);
  const path = `/v1/me/authenticators/${it.id}`;

  function approve(): void {
    step(PAGE, "approve");
    void run(async () => {
      await signAndAct(`${path}/approve`, "authenticator.approved", {}, it.id);
      await onDone();
      focusSoon("authenticators-title");
    });
  }

  function remove(): void {
    step(PAGE, "remove-authenticator");
    void run(async () => {
      await recently(() => post(`${path}/remove`));
      await onDone();
      focusSoon("authenticators-title");
    });
  }

  return (
    <li class="panel card">
      <div class="card-head">
        <h3><bdi>{it.name}</bdi></h3>
        <span class={isHeld(it) ? "badge badge-proposed" : "badge badge-active"}>
          {say(isHeld(it) ? "protection.held" : "protection.trusted")}
        </span>
      </div>
      <Facts
        facts={[
          { label: say("protection.kind"), value: say(`authenticator.${it.kind}`) },
          { label: say("protection.registered"), value: <Moment at={it.registered_at} /> },
          { label: say("protection.held.until"), value: isHeld(it) && it.held_until ?
            <Moment at={it.held_until} /> : null },
        ]}
      />
      {isHeld(it) && <p>{say("protection.approve.text")}</p>}
      <Failure failure={failure.value} />
      {isAsking.value ? (
        <div class="next next-urgent">
          <p>{say("protection.remove.text", { name: it.name })}</p>
          <div class="buttons">
            <button type="button" class="button button-danger" id={`${it.id}-confirm`}
              disabled={isBusy.value} onClick={remove}>
              {say("protection.remove")}
            </button>
            <button type="button" class="button-plain" onClick={() => (isAsking.value = false)}>
              {say("button.back")}
            </button>
          </div>
        </div>
      ) : (
        <div class="buttons">
          {isHeld(it) && (
            <button type="button" class="button" disabled={isBusy.value} onClick={approve}>
              {say("protection.approve")}
            </button>
          )}
          <button type="button" class="button-plain"
            aria-label={say("protection.remove.of", { name: it.name })}
            onClick={() => {
              isAsking.value = true;
              focusSoon(`${it.id}-confirm`);
            }}>
            {say("protection.remove")}
          </button>
        </div>
      )}
    </li>
  );
}

interface SwitchProps {
  what: "person" | "org";
  isFrozen: boolean;
  canUnfreeze: boolean;
  freeze: Done;
  unfreeze: Done;
}

/** The panic switch: one press and a second one to be sure; it is opened with a passkey. */
function PanicSwitch({ what, isFrozen, canUnfreeze, freeze, unfreeze }: SwitchProps) {
  const isAsking = useSignal(false);
  const { failure, isBusy, run } = useDoing();
  function press(act: Done): void {
    void run(async () => {
      await act();
      isAsking.value = false;
      await loadAccount();
      focusSoon("panic-title");
    });
  }
  return (
    <div class="block">
      <h3>{say(`panic.${what}`)}</h3>
      <p>{say(isFrozen ? `panic.${what}.frozen` : `panic.${what}.text`)}</p>
      <Failure failure={failure.value} />
      {isFrozen && canUnfreeze && (
        <button type="button" class="button" disabled={isBusy.value}
          onClick={() => press(unfreeze)}>
          {say("panic.unfreeze")}
        </button>
      )}
      {!isFrozen && !isAsking.value && (
        <button type="button" class="button-plain button-warn"
          onClick={() => {
            isAsking.value = true;
            focusSoon(`panic-${what}`);
          }}>
          {say(`panic.${what}.button`)}
        </button>
      )}
      {!isFrozen && isAsking.value && (
        <div class="buttons">
          <button type="button" class="button button-danger" id={`panic-${what}`}
            disabled={isBusy.value} onClick={() => press(freeze)}>
            {say("panic.confirm")}
          </button>
          <button type="button" class="button-plain" onClick={() => (isAsking.value = false)}>
            {say("button.back")}
          </button>
        </div>
      )}
    </div>
  );
}

function Panic() {
  const own = membership.value;
  return (
    <section class="panel" aria-labelledby="panic-title">
      <h2 id="panic-title" tabIndex={-1}>{say("panic.title")}</h2>
      <PanicSwitch
        what="person"
        isFrozen={Boolean(me.value?.person.frozen_at)}
        canUnfreeze
        freeze={async () => {
          step(PAGE, "freeze-account");
          await post("/v1/me/freeze");
        }}
        unfreeze={() => signAndAct("/v1/me/unfreeze", "person.unfrozen", {}, null)}
      />
      {own && (
        <PanicSwitch
          what="org"
          isFrozen={own.frozen}
          canUnfreeze={own.role === "owner"}
          freeze={async () => {
            step(PAGE, "freeze-organisation");
            await post("/v1/org/freeze");
          }}
          unfreeze={() => signAndAct("/v1/org/unfreeze", "org.unfrozen", {}, null)}
        />
      )}
    </section>
  );
}

/** Whether somebody who says to be from support is: nobody is who was not let in with a code. */
function Support() {
  const org = membership.value?.org ?? "";
  const { value, failure, again } = useReading(
    () => readAll<SupportContact>("/v1/support/contacts", "support_contacts"), org);
  const { failure: refused, isBusy, run } = useDoing();
  const code = useSignal<string | null>(null);
  const here = (value.value ?? []).filter((it) => new Date(it.ends_at).getTime() > now.value);

  function make(): void {
    step(PAGE, "make-support-code");
    void run(async () => {
      const answer = await recently(() => post<Accepted>("/v1/support/codes"));
      code.value = answer.code ?? null;
    });
  }

  function end(person: string): void {
    step(PAGE, "end-support");
    void run(async () => {
      await post("/v1/support/contacts/end", { person });
      await again();
    });
  }

  return (
    <section class="panel" aria-labelledby="support-title">
      <h2 id="support-title">{say("support.title")}</h2>
      <Failure failure={failure.value} />
      {value.value && (
        <p class={here.length > 0 ? "verdict verdict-yes" : "verdict verdict-no"} role="status">
          {say(here.length > 0 ? "support.yes" : "support.no")}
        </p>
      )}
      <ul class="cards">
        {here.map((it) => (
          <li key={it.person} class="card next">
            <h3><bdi>{it.name}</bdi></h3>
            <p>{phrase("support.until", { until: <Moment at={it.ends_at} /> })}</p>
            <button type="button" class="button-plain" disabled={isBusy.value}
              onClick={() => end(it.person)}>
              {say("support.end")}
            </button>
          </li>
        ))}
      </ul>
      <p>{say("support.text")}</p>
      <Failure failure={refused.value} />
      {code.value !== null && (
        <div role="status" class="support-code">
          <Copyable label={say("support.code")} text={code.value} />
          <Copyable label={say("support.org")} text={org} />
        </div>
      )}
      <div class="buttons">
        <button type="button" class="button-plain" disabled={isBusy.value} onClick={make}>
          {say("support.make")}
        </button>
        <button type="button" class="button-plain" onClick={() => void again()}>
          {say("support.look")}
        </button>
      </div>
    </section>
  );
}

function FourEyes() {
  const own = membership.value;
  const { failure, isBusy, run } = useDoing();
  if (own?.role !== "owner") return null;
  function change(): void {
    step(PAGE, "four-eyes");
    void run(async () => {
      await signAndAct("/v1/org/settings", "org.settings_changed", { four_eyes: !own?.four_eyes },
        null);
      await loadAccount();
    });
  }
  return (
    <section class="panel" aria-labelledby="eyes-title">
      <h2 id="eyes-title">{say("eyes.title")}</h2>
      <p>{say(own.four_eyes ? "eyes.on" : "eyes.off")}</p>
      <Failure failure={failure.value} />
      <div class="buttons">
        <button type="button" class="button-plain" disabled={isBusy.value} onClick={change}>
          {say(own.four_eyes ? "eyes.turn.off" : "eyes.turn.on")}
        </button>
      </div>
    </section>
  );
}

export function Protection() {
  const { value, failure, again } = useReading(
    () => readAll<Authenticator>("/v1/me/authenticators", "authenticators"), "mine");
  const own = (value.value ?? []).filter(({ removed_at }) => removed_at === null);
  return (
    <MemberFrame title={say("page.protection")} text={say("protection.text")}>
      <Failure failure={failure.value} />
      <section aria-labelledby="authenticators-title" class="group">
        <h2 id="authenticators-title" tabIndex={-1}>{say("protection.authenticators")}</h2>
        {own.length === 1 && <p class="warning">{say("protection.one")}</p>}
        <ul class="cards">
          {own.map((it) => <AuthenticatorCard key={it.id} authenticator={it} onDone={again} />)}
        </ul>
      </section>
      <section class="panel"><AddPasskey onAdded={() => void again()} /></section>
      <section class="panel"><AddApp onAdded={() => void again()} /></section>
      <section class="panel"><RecoveryCodes /></section>
      {membership.value && <Support />}
      <FourEyes />
      <Panic />
    </MemberFrame>
  );
}
