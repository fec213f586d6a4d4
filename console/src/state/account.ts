// Who is logged in, for which organisation they act, and how they prove that it is them.
import { computed, signal } from "@preact/signals";
import { Problem } from "../api";
import { actFor, post, read, type Me, type Membership } from "../rest";
import { signChallenge, type Challenge } from "../webauthn";
import { contactWith, help, helped, isSupport } from "./helping";
import { go, route, type MemberPage } from "./route";

export const me = signal<Me | null>(null);
/** Nobody knows yet whether somebody is logged in. */
export const isAsking = signal(true);
const chosenOrg = signal<string | null>(helped.value);

/** Where somebody is a member; and whom they help, if they are of the marketplace's support. */
export const memberships = computed<readonly Membership[]>(() => {
  const own = me.value?.memberships ?? [];
  const helps = helped.value !== null && isSupport(own);
  return helps ? [...own, contactWith(helped.value ?? "")] : own;
});

export const membership = computed<Membership | null>(() => {
  const all = memberships.value;
  return all.find(({ org }) => org === chosenOrg.value) ?? all[0] ?? null;
});

export function chooseOrg(org: string | null): void {
  chosenOrg.value = org;
  actFor(membership.value?.org ?? null);
}

export function may(permission: string): boolean {
  const own = membership.value;
  if (!own) return false;
  return own.role !== "staff" || own.permissions.split(" ").includes(permission);
}

export async function loadAccount(): Promise<void> {
  try {
    me.value = await read<Me>("/v1/me");
  } catch {
    me.value = null; // not logged in, or not reachable: either way nothing can be shown
  }
  chooseOrg(chosenOrg.value);
  isAsking.value = false;
}

/** Where somebody begins: a buyer who is in no organisation, with their orders. */
export function homePage(): MemberPage {
  return membership.value === null && me.value?.person.buyer ? "orders" : "services";
}

async function enter(): Promise<void> {
  await loadAccount();
  if (route.value.page === "login" || route.value.page === "enrolment") go(homePage());
}

export async function loginWithPasskey(): Promise<void> {
  const challenge = await post<Challenge>("/v1/login/challenge");
  const { assertion, userHandle } = await signChallenge(challenge);
  await post("/v1/login/passkey", { ...assertion, ...(userHandle && { user_handle: userHandle }) });
  await enter();
}

export async function loginWithPassword(email: string, password: string, code: string) {
  await post("/v1/login/password", { email, password, code });
  await enter();
}

export async function recover(email: string, code: string, password: string) {
  await post("/v1/login/recovery", { email, code, ...(password && { password }) });
  await loadAccount();
  go("protection");
}

export async function logOut(): Promise<void> {
  await post("/v1/me/logout");
  me.value = null;
  help(null);
  go("login");
}

interface Question {
  answer: (values: { password: string; code: string }) => Promise<void>;
  giveUp: () => void;
}
/** Somebody without a passkey is asked for password and code; see parts/confirmation.tsx. */
export const question = signal<Question | null>(null);

function askForCode(): Promise<void> {
  return new Promise((resolve, reject) => {
    question.value = {
      answer: async (values) => {
        await post("/v1/me/session/confirm", values);
        question.value = null;
        resolve();
      },
      giveUp: () => {
        question.value = null;
        reject(new Problem(403, "", { code: "recent-authentication-required" }));
      },
    };
  });
}

async function confirm(): Promise<void> {
  if (me.value?.session.method !== "passkey" && me.value?.has_password) return askForCode();
  const challenge = await post<Challenge>("/v1/me/session/challenge");
  const { assertion } = await signChallenge(challenge);
  await post("/v1/me/session/confirm", assertion);
}

/** Does what may need that somebody has just proved who they are; asks them to, if so. */
export async function recently<Answer>(act: () => Promise<Answer>): Promise<Answer> {
  try {
    return await act();
  } catch (error) {
    const isAsked =
      error instanceof Problem && error.body.code === "recent-authentication-required";
    if (!isAsked) throw error;
  }
  await confirm();
  return act();
}

export interface Terms extends Challenge {
  terms: string;
  credentials: readonly string[];
  has_totp: boolean;
}

export function readTerms(act: string, subject: string | null, body: object): Promise<Terms> {
  return post("/v1/signing", { act, body, ...(subject && { subject }) });
}

/** Signs TERMS with a passkey, or with CODE, and does the act. */
export async function actSigned(path: string, body: object, terms: Terms, code: string | null) {
  const proof =
    code === null ? (await signChallenge(terms, terms.credentials)).assertion : { code };
  const signature = { nonce: terms.nonce, terms: terms.terms, ...proof };
  await post(path, { ...body, signature });
}

export async function signAndAct(path: string, act: string, body: object, subject: string | null) {
  await actSigned(path, body, await readTerms(act, subject, body), null);
}
