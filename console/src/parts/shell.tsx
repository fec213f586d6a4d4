import type { ComponentChildren } from "preact";
import { phrase, say } from "../i18n";
import { chooseOrg, may, me, membership, memberships } from "../state/account";
import { isSupport } from "../state/helping";
import { linkTo, pages, route, type Page } from "../state/route";
import { Confirmation } from "./confirmation";
import { Footer } from "./footer";
import { Header } from "./header";
import { Moment } from "./moment";
import { SkipLink } from "./skip-link";

function Organisation() {
  const all = memberships.value;
  const own = membership.value;
  if (!own) return null;
  if (all.length === 1) return <p class="navigation-org">{own.name}</p>;
  return (
    <label class="navigation-org">
      <span class="unseen">{say("shell.org")}</span>
      <select value={own.org} onChange={(event) => chooseOrg(event.currentTarget.value)}>
        {all.map(({ org, name }) => (
          <option key={org} value={org}>
            {name}
          </option>
        ))}
      </select>
    </label>
  );
}

/** What is for those alone who look after the organisation's people. */
const CONFIDENTIAL: readonly Page[] = ["activity", "mails"];

/** What is about an organisation; who is in none has no use for it. */
const OF_MEMBERS: readonly Page[] = ["services", "activity", "mails", "people"];

function isOffered(page: Page): boolean {
  if (page === "orders") return Boolean(me.value?.person.buyer);
  if (OF_MEMBERS.includes(page) && !membership.value) return false;
  if (page === "support") return isSupport(memberships.value);
  if (page === "mails" && membership.value?.isHelped) return false;
  return !CONFIDENTIAL.includes(page) || may("people");
}

function Navigation() {
  return (
    <nav class="navigation" aria-label={say("shell.navigation")}>
      <Organisation />
      <ul>
        {[...pages, "message" as const]
          .filter((page) => isOffered(page))
          .map((page) => (
            <li key={page}>
              <a href={linkTo(page)} aria-current={route.value.page === page ? "page" : undefined}>
                {say(`page.${page}`)}
              </a>
            </li>
          ))}
      </ul>
    </nav>
  );
}

/** What somebody must know on every page: they are frozen, or new here and on hold. */
function Standing() {
  const it = me.value;
  const held = it?.session.held_until;
  const isHeld = held && new Date(held) > new Date();
  return (
    <>
      {it?.person.frozen_at && <p class="warning">{say("shell.frozen.person")}</p>}
      {membership.value?.frozen && <p class="warning">{say("shell.frozen.org")}</p>}
      {isHeld && <p class="warning">{phrase("shell.held", { until: <Moment at={held} /> })}</p>}
    </>
  );
}

/** The frame of a page for members: where they are, and what the page is for. */
export function MemberFrame(props: { title: string; text: string; children: ComponentChildren }) {
  return (
    <>
      <SkipLink />
      <Header />
      <Navigation />
      <main id="content" class="page page-single" tabIndex={-1}>
        <Standing />
        <div class="intro">
          <h1>{props.title}</h1>
          <p>{props.text}</p>
        </div>
        {props.children}
      </main>
      <Confirmation />
      <Footer />
    </>
  );
}

interface OpenFrameProps {
  title: string;
  text: string;
  class: string;
  children: ComponentChildren;
}

/** The frame of a page for anybody; who is logged in keeps the way back. */
export function OpenFrame(props: OpenFrameProps) {
  return (
    <>
      <SkipLink />
      <Header />
      {me.value && <Navigation />}
      <main id="content" class={`page ${props.class}`} tabIndex={-1}>
        <div class="intro">
          <h1>{props.title}</h1>
          <p>{props.text}</p>
        </div>
        {props.children}
      </main>
      <Footer />
    </>
  );
}

/** The frame of a page that does one thing, for somebody who may not be logged in. */
export function NarrowFrame({ children }: { children: ComponentChildren }) {
  return (
    <>
      <SkipLink />
      <Header />
      <main id="content" class="page page-narrow" tabIndex={-1}>
        {children}
      </main>
      <Footer />
    </>
  );
}
