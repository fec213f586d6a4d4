// The invitation that the page was opened with. It is a secret: it leaves the address at once and
// is kept for this tab only.
let invitation: string | null = null;

/** From a link `#invitation=inv_….…`. */
export function takeInvitation(): boolean {
  const found = new URLSearchParams(location.hash.slice(1)).get("invitation");
  if (found === null) return false;
  invitation = found;
  history.replaceState(null, "", `${location.pathname}#/enrolment`);
  return true;
}

export function theInvitation(): string | null {
  return invitation;
}

export function invitationLink(secret: string): string {
  return `${location.origin}/#invitation=${secret}`;
}
