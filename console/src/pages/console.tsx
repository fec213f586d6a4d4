import type { FunctionComponent } from "preact";
import { say } from "../i18n";
import { isAsking, me, membership } from "../state/account";
import { route, type Page } from "../state/route";
import { NarrowFrame } from "../parts/shell";
import { Activity } from "./activity";
import { Arrival } from "./arrival";
import { Consent } from "./consent";
import { Enrolment } from "./enrolment";
import { Login } from "./login";
import { Mails } from "./mails";
import { Orders } from "./orders";
import { People } from "./people";
import { Profile } from "./profile";
import { Protection } from "./protection";
import { Services } from "./services";
import { Sessions } from "./sessions";
import { Support } from "./support";

/** What needs no log-in. */
type Open = "home" | "message" | "login" | "enrolment" | "arrival";

const members: { [name in Exclude<Page, Open>]: FunctionComponent } = {
  orders: Orders,
  services: Services,
  activity: Activity,
  mails: Mails,
  people: People,
  profile: Profile,
  sessions: Sessions,
  protection: Protection,
  support: Support,
  consent: Consent,
};

/** Every page behind the log-in, and those that lead there. */
export function AccountPages() {
  const { page, subject } = route.value;
  if (page === "enrolment") return <Enrolment />;
  if (page === "arrival") return <Arrival />;
  if (page === "home" || page === "message" || page === "login") return <Login />;
  if (isAsking.value) {
    return (
      <NarrowFrame>
        <h1>{say(page === "consent" ? "consent.title" : `page.${page}`)}</h1>
        <p role="status">{say("shell.loading")}</p>
      </NarrowFrame>
    );
  }
  if (!me.value) return <Login />;
  const Shown = members[page];
  return <Shown key={`${page} ${subject} ${membership.value?.org}`} />;
}
