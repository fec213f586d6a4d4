// The organisation that let a member of the marketplace's support in. Kept for this tab only, so
// that a reload does not take another code; whether the contact still holds, the server says.
import { signal } from "@preact/signals";
import type { Membership } from "../rest";

export const MARKETPLACE = "org_00000000";
const REMEMBERED = "counterfoil.helping";
const ORG = /^org_[0-9a-hjkmnp-tv-z]{8}$/;

function recall(): string | null {
  try {
    const org = sessionStorage.getItem(REMEMBERED) ?? "";
    return ORG.test(org) ? org : null;
  } catch {
    return null; // a browser that forbids storage just forgets
  }
}

export const helped = signal<string | null>(recall());

export function help(org: string | null): void {
  helped.value = org;
  try {
    if (org === null) sessionStorage.removeItem(REMEMBERED);
    else sessionStorage.setItem(REMEMBERED, org);
  } catch {
    // Then a reload takes another code.
  }
}

export function isSupport(memberships: readonly Membership[]): boolean {
  return memberships.some(({ org, role, permissions }) =>
    org === MARKETPLACE && role === "staff" && permissions.split(" ").includes("support"));
}

/** What support sees of an organisation that it helps; it is none of its members. */
export function contactWith(org: string): Membership {
  return {
    org,
    member: "",
    name: org,
    role: "staff",
    permissions: "people services",
    four_eyes: false,
    frozen: false,
    isHelped: true,
  };
}
