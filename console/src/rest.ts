// The API as somebody who is logged in uses it: the session's cookie, the organisation that they
// act for, and the steps in the interface that led to an act, which are kept with it.
import { problemOf, type Money } from "./api";

export interface Membership {
  org: string;
  member: string;
  name: string;
  role: MemberRole;
  permissions: string;
  four_eyes: boolean;
  frozen: boolean;
  /** None of ours: it let us in, as support of the marketplace. */
  isHelped?: true;
}
export type MemberRole = "owner" | "admin" | "staff";
export type Method = "none" | "passkey" | "totp" | "recovery-code" | "hand-over" | "invitation";

export interface Session {
  id: string;
  method: Method;
  opened_at: string;
  expires_at: string;
  held_until: string | null;
  device: string | null;
  place: string | null;
}

export interface Me {
  person: {
    id: string;
    name: string;
    email: string | null;
    language: string | null;
    /** The shop's name of a buyer. */
    buyer: string | null;
    password_at: string | null;
    frozen_at: string | null;
  };
  memberships: readonly Membership[];
  session: Session;
  authenticators: number;
  has_password: boolean;
  recovery_codes: number;
}

export interface SessionUse {
  session: Session;
  current: boolean;
  last_used_at?: string;
  last_used_from?: string;
}

export interface Authenticator {
  id: string;
  kind: "passkey" | "totp";
  name: string;
  registered_at: string;
  held_until: string | null;
  approved_by: string | null;
  removed_at: string | null;
}

export interface Member {
  id: string;
  person: string;
  name: string;
  email: string | null;
  role: MemberRole;
  permissions: string | null;
  joined_at: string;
  left_at: string | null;
}

export interface Invitation {
  id: string;
  name: string | null;
  email: string | null;
  role: MemberRole;
  permissions: string | null;
  made_at: string;
  expires_at: string;
  /** Of a recovery that the marketplace began: from then on it can be used. */
  opens_at: string | null;
  used_at: string | null;
  withdrawn_at: string | null;
}

export type PeriodUnit = "day" | "month" | "year";
export interface Service {
  id: string;
  name: string;
  edition: number;
  price: Money;
  period_unit: PeriodUnit;
  period_count: number;
  retired_at: string | null;
  texts: readonly { language: string; text: string }[];
}

export type SubscriptionState =
  | "proposed"
  | "active"
  | "canceled"
  | "withdrawn"
  | "ended"
  | "declined";
export interface Subscription {
  id: string;
  name: string;
  state: SubscriptionState;
  proposal: { by: string; person: string | null; via: string | null; reason: string | null;
    at: string };
  countersignature: { by: string | null; at: string | null } | null;
  consent: {
    by: string | null;
    at: string | null;
    level: "none" | "passkey" | "code";
    total_amount: number;
    currency: string | null;
    period_unit: PeriodUnit;
    period_count: number;
  } | null;
  withdraw_until: string | null;
  withdrawal_begun_at: string | null;
  next_charge_at: string | null;
  ends_at: string | null;
  ended_at: string | null;
  ended_by: string | null;
  ended_reason: string | null;
  periods_charged: number;
}

export interface SupportContact {
  person: string;
  name: string;
  opened_at: string;
  ends_at: string;
}

export interface ActivityEntry {
  act: string;
  at: string;
  type: string;
  subject: string;
  outcome: "accepted" | "refused";
  sentence: string;
  reason?: string;
  problem?: { code: string; title: string; detail: string };
  signed?: "passkey" | "totp";
  steps?: readonly { page: string; control: string }[];
  changes?: readonly { table: string; column: string; from: unknown; to: unknown }[];
  where?: { address?: string; device?: string };
  who: {
    role: string;
    name?: string;
    person?: string;
    key?: string;
    method?: string;
    on_behalf_of?: string;
    authenticator?: { id: string; kind: string; name?: string; registered_at: string };
  };
}
export interface ActivityPage {
  activity: readonly ActivityEntry[];
  next: number | null;
}

/** What the marketplace checked of a seller, as far as buyers see it. */
export interface Verification {
  what: string;
  shown: string | null;
}

export interface Mail {
  id: string;
  address: string;
  language: string;
  type: string;
  made_at: string;
  state: "pending" | "sending" | "sent" | "failed" | "uncertain";
  next_at: string | null;
  sent_at: string | null;
  attempts: readonly { at: string; status?: number; answer?: string; error?: string }[] | null;
}

export interface MailMessage {
  from: string;
  to: string;
  subject: string;
  text: string;
  /** Where mails go into a folder: the .eml file. */
  file?: string;
}

/** What an accepted act answers; some answer a secret, shown this once. */
export interface Accepted {
  act: string;
  subject: string;
  invitation?: string;
  code?: string;
}

const STEPS_MAX = 6;
const CREATED = 201;
let steps: string[] = [];
let actingFor: string | null = null;

export function actFor(org: string | null): void {
  actingFor = org;
}

/** Notes what was pressed and where, without blanks: `step("services/list", "read-terms")`. */
export function step(page: string, control: string): void {
  steps = [...steps, `${page} ${control}`].slice(-STEPS_MAX);
}

function headersOf(method: string): Record<string, string> {
  return {
    ...(actingFor === null ? {} : { "Counterfoil-Org": actingFor }),
    ...(method === "GET" ? {} : { "Counterfoil-Client": "console" }),
    ...(method === "GET" || steps.length === 0 ? {} : { "Interface-Steps": steps.join(", ") }),
  };
}

async function send<Answer>(method: string, path: string, body?: object): Promise<Answer> {
  const headers = headersOf(method);
  const content = body && { body: JSON.stringify(body) };
  if (content) headers["Content-Type"] = "application/json";
  const answer = await fetch(path, {
    method,
    headers,
    cache: "no-store",
    credentials: "same-origin",
    ...content,
  });
  if (!answer.ok) throw await problemOf(answer);
  if (answer.status === CREATED) steps = []; // what comes next has steps of its own
  return (await answer.json()) as Answer;
}

export function read<Answer>(path: string): Promise<Answer> {
  return send("GET", path);
}

export function post<Answer>(path: string, body: object = {}): Promise<Answer> {
  return send("POST", path, body);
}

const PAGES_MAX = 20;

/** All rows of a list, page by page. */
export async function readAll<Row>(path: string, name: string): Promise<Row[]> {
  const rows: Row[] = [];
  let after: string | null = "";
  for (let page = 0; page < PAGES_MAX && after !== null; page++) {
    const query: string = after ? `?after=${encodeURIComponent(after)}` : "";
    const answer = await read<Record<string, unknown>>(path + query);
    rows.push(...(answer[name] as Row[]));
    after = answer.next as string | null;
  }
  return rows;
}
