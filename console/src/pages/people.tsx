import { useSignal } from "@preact/signals";
import { say } from "../i18n";
import { Copyable } from "../parts/copyable";
import { useDoing } from "../parts/doing";
import { Choice, Field, valuesOf } from "../parts/field";
import { focusSoon } from "../parts/focus";
import { Moment } from "../parts/moment";
import { Failure } from "../parts/problem";
import { useReading } from "../parts/reading";
import { MemberFrame } from "../parts/shell";
import {
  post, readAll, step, type Accepted, type Invitation, type Member, type MemberRole,
} from "../rest";
import { loadAccount, may, me, membership, recently, signAndAct } from "../state/account";
import { invitationLink } from "../state/invitation";

const PAGE = "people/list";
const ROLES: readonly MemberRole[] = ["owner", "admin", "staff"];
const PERMISSIONS = ["orders", "messages", "services", "apps", "money", "people",
  "settings"] as const;

function permissionsOf(event: SubmitEvent): string {
  const data = new FormData(event.currentTarget as HTMLFormElement);
  return data.getAll("permission").join(" ");
}

function sayPermissions(row: { role: MemberRole; permissions: string | null }): string {
  if (row.role !== "staff") return say(`role.${row.role}.may`);
  const named = PERMISSIONS.filter((name) => row.permissions?.split(" ").includes(name));
  return named.map((name) => say(`permission.${name}`)).join(", ") || say("permission.none");
}

interface RoleFieldsProps {
  prefix: string;
  role: MemberRole;
  permissions: string | null;
  roles: readonly MemberRole[];
}

function RoleFields({ prefix, role, permissions, roles }: RoleFieldsProps) {
  const chosen = useSignal(role);
  return (
    <>
      <Choice id={`${prefix}-role`} label={say("people.role")} value={chosen.value}
        onChoose={(value) => (chosen.value = value as MemberRole)}>
        {roles.map((name) => (
          <option key={name} value={name}>
            {say(`role.${name}`)}
          </option>
        ))}
      </Choice>
      {chosen.value === "staff" ? (
        <fieldset class="choices">
          <legend>{say("people.permissions")}</legend>
          {PERMISSIONS.map((name) => (
            <label key={name}>
              <input type="checkbox" name="permission" value={name}
                defaultChecked={permissions?.split(" ").includes(name) ?? false} />{" "}
              {say(`permission.${name}`)}
            </label>
          ))}
        </fieldset>
      ) : (
        <p class="quiet">{say(`role.${chosen.value}.may`)}</p>
      )}
    </>
  );
}

type Asking = "change" | "remove" | null;

function Person({ member: it, onDone }: { member: Member; onDone: () => Promise<void> }) {
  const asking = useSignal<Asking>(null);
  const { failure, isBusy, run } = useDoing();
  const isMe = it.person === me.value?.person.id;

  function ask(what: Asking, focus: string): void {
    asking.value = what;
    focusSoon(focus);
  }

  async function done(): Promise<void> {
    asking.value = null;
    if (isMe) await loadAccount();
    await onDone();
    focusSoon(`member-${it.id}`);
  }

  function change(event: SubmitEvent): void {
    const role = valuesOf(event)[`${it.id}-role`] as MemberRole;
    const permissions = permissionsOf(event);
    step(PAGE, "change-role");
    void run(async () => {
      if (role === "owner") {
        await signAndAct(`/v1/members/${it.id}/make-owner`, "member.made_owner", {}, it.id);
      } else {
        const body = { role, ...(role === "staff" && { permissions }) };
        await recently(() => post(`/v1/members/${it.id}/change`, body));
      }
      await done();
    });
  }

  function remove(event: SubmitEvent): void {
    const reason = valuesOf(event)[`${it.id}-reason`];
    step(PAGE, isMe ? "leave" : "remove");
    void run(async () => {
      await recently(() => post(`/v1/members/${it.id}/${isMe ? "leave" : "remove"}`,
        reason && !isMe ? { reason } : {}));
      await done();
    });
  }

  return (
    <li class="panel card">
      <div class="card-head">
        <h3 id={`member-${it.id}`} tabIndex={-1}>
          <bdi>{it.name}</bdi> {isMe && <span class="quiet">{say("people.you")}</span>}
        </h3>
        <span class="badge">{say(`role.${it.role}`)}</span>
      </div>
      <p class="quiet">{it.email}</p>
      <p>{sayPermissions(it)}</p>
      <p class="entry-proof">
        {say("people.since")} <Moment at={it.joined_at} />
      </p>
      <Failure failure={failure.value} />
      {asking.value === "change" && (
        <form class="next" onSubmit={change}>
          <RoleFields prefix={it.id} role={it.role} permissions={it.permissions} roles={ROLES} />
          <div class="buttons">
            <button type="submit" class="button" disabled={isBusy.value}>
              {say("people.change.confirm")}
            </button>
            <button type="button" class="button-plain" onClick={() => (asking.value = null)}>
              {say("button.back")}
            </button>
          </div>
        </form>
      )}
      {asking.value === "remove" && (
        <form class="next next-urgent" onSubmit={remove}>
          <p>{say(isMe ? "people.leave.text" : "people.remove.text", { name: it.name })}</p>
          {!isMe && <Field id={`${it.id}-reason`} label={say("services.reason")}
            maxLength={500} />}
          <div class="buttons">
            <button type="submit" class="button button-danger" id={`${it.id}-confirm`}
              disabled={isBusy.value}>
              {say(isMe ? "people.leave" : "people.remove")}
            </button>
            <button type="button" class="button-plain" onClick={() => (asking.value = null)}>
              {say("button.back")}
            </button>
          </div>
        </form>
      )}
      {asking.value === null && (may("people") || isMe) && (
        <div class="buttons">
          {may("people") && !isMe && (
            <button type="button" class="button-plain"
              aria-label={say("people.change.of", { name: it.name })}
              onClick={() => ask("change", `${it.id}-role`)}>
              {say("people.change")}
            </button>
          )}
          <button type="button" class="button-plain"
            aria-label={isMe ? undefined : say("people.remove.of", { name: it.name })}
            onClick={() => ask("remove", isMe ? `${it.id}-confirm` : `${it.id}-reason`)}>
            {say(isMe ? "people.leave" : "people.remove")}
          </button>
        </div>
      )}
    </li>
  );
}

function InviteForm({ onDone }: { onDone: () => Promise<void> }) {
  const link = useSignal<string | null>(null);
  const { failure, isBusy, run } = useDoing();
  const roles = membership.value?.role === "owner" ? ROLES : ROLES.slice(1);

  function submit(event: SubmitEvent): void {
    const values = valuesOf(event);
    const { "invite-name": name, "invite-email": email } = values;
    const role = values["invite-role"] as MemberRole;
    const permissions = permissionsOf(event);
    step(PAGE, "invite");
    void run(async () => {
      const answer = await recently(() => post<Accepted>("/v1/invitations", {
        role,
        ...(name && { name }),
        ...(email && { email }),
        ...(role === "staff" && { permissions }),
      }));
      link.value = invitationLink(answer.invitation ?? "");
      await onDone();
    });
  }

  return (
    <section class="panel" aria-labelledby="invite-title">
      <h2 id="invite-title">{say("people.invite.title")}</h2>
      <p>{say("people.invite.text")}</p>
      <Failure failure={failure.value} />
      {link.value !== null && (
        <div role="status">
          <p class="warning">{say("people.invite.once")}</p>
          <Copyable label={say("people.invite.link")} text={link.value} />
        </div>
      )}
      <form onSubmit={submit}>
        <Field id="invite-name" label={say("enrol.name")} required maxLength={200}
          autocomplete="off" />
        <Field id="invite-email" type="email" label={say("people.email")} autocomplete="off" />
        <RoleFields prefix="invite" role="staff" permissions="" roles={roles} />
        <button type="submit" class="button" disabled={isBusy.value}>
          {say("people.invite")}
        </button>
      </form>
    </section>
  );
}

function Invited({ invitation: it, onDone }: { invitation: Invitation;
  onDone: () => Promise<void> }) {
  const { failure, isBusy, run } = useDoing();
  function withdraw(): void {
    step(PAGE, "withdraw-invitation");
    void run(async () => {
      await recently(() => post(`/v1/invitations/${it.id}/withdraw`));
      await onDone();
    });
  }
  function refuse(): void {
    step(PAGE, "refuse-recovery");
    void run(async () => {
      await post(`/v1/invitations/${it.id}/refuse`);
      await onDone();
    });
  }
  return (
    <li class="panel card">
      <div class="card-head">
        <h3><bdi>{it.name ?? it.email ?? it.id}</bdi></h3>
        <span class="badge">{say(`role.${it.role}`)}</span>
      </div>
      <p class="entry-proof">
        {say("people.invite.until")} <Moment at={it.expires_at} />
      </p>
      {it.opens_at && (
        <p>{say("people.recovery")} <Moment at={it.opens_at} /></p>
      )}
      <Failure failure={failure.value} />
      <div class="buttons">
        <button type="button" class="button-plain" disabled={isBusy.value}
          onClick={it.opens_at ? refuse : withdraw}>
          {say(it.opens_at ? "people.recovery.refuse" : "people.invite.withdraw")}
        </button>
      </div>
    </li>
  );
}

async function load() {
  const [members, invitations] = await Promise.all([
    readAll<Member>("/v1/members", "members"),
    readAll<Invitation>("/v1/invitations", "invitations").catch(() => []),
  ]);
  return {
    members: members.filter(({ left_at }) => left_at === null),
    open: invitations.filter((it) =>
      !it.used_at && !it.withdrawn_at && new Date(it.expires_at) > new Date()),
  };
}

export function People() {
  const { value, failure, again } = useReading(load, membership.value?.org ?? "");
  const it = value.value;
  return (
    <MemberFrame title={say("page.people")} text={say("people.text")}>
      <Failure failure={failure.value} />
      {it && (
        <section aria-labelledby="members-title" class="group">
          <h2 id="members-title">{say("people.members")}</h2>
          <ul class="cards">
            {it.members.map((member) => (
              <Person key={member.id} member={member} onDone={again} />
            ))}
          </ul>
        </section>
      )}
      {it && it.open.length > 0 && (
        <section aria-labelledby="open-title" class="group">
          <h2 id="open-title">{say("people.invited")}</h2>
          <ul class="cards">
            {it.open.map((row) => <Invited key={row.id} invitation={row} onDone={again} />)}
          </ul>
        </section>
      )}
      {it && may("people") && <InviteForm onDone={again} />}
    </MemberFrame>
  );
}
