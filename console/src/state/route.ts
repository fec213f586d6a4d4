// Which page is shown. The address keeps it behind `#`, so that the server need not know the pages,
// and no log of it learns what somebody looked at.
import { signal } from "@preact/signals";
import { focusSoon } from "../parts/focus";

export const pages = ["orders", "services", "activity", "mails", "people", "profile", "sessions",
  "protection", "support"] as const;
export type MemberPage = (typeof pages)[number];
export type Page = "home" | "message" | "login" | "enrolment" | "arrival" | "consent" |
  MemberPage;

export interface Route {
  page: Page;
  /** The object that the page is about, if any: "#/consent/sub_…". */
  subject: string;
}

const others = ["message", "login", "enrolment", "arrival", "consent"] as const;

function routeOf(hash: string): Route {
  const [, page, subject = ""] = hash.split("/");
  const known = [...pages, ...others].find((name) => name === page);
  return hash.startsWith("#/") && known ? { page: known, subject } : { page: "home", subject: "" };
}

export const route = signal<Route>(routeOf(location.hash));

/** Follows the address; what is not an address of a page leaves the page as it is. */
export function followAddress(): void {
  if (location.hash !== "" && !location.hash.startsWith("#/")) return;
  const next = routeOf(location.hash);
  if (next.page === route.value.page && next.subject === route.value.subject) return;
  route.value = next;
  window.scrollTo(0, 0);
  focusSoon("content");
}

export function linkTo(page: Page, subject = ""): string {
  return page === "home" ? "#/" : `#/${page}${subject && `/${subject}`}`;
}

export function go(page: Page, subject = ""): void {
  location.hash = linkTo(page, subject);
}
