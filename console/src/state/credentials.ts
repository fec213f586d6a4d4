// Which order is followed with which key. Kept in memory and for this tab's session only; never in
// an address that could end up in a history or a server's log.
import type { Credentials } from "../api";

const REMEMBERED = "counterfoil.following";
const ORDER = /^ord_[0-9a-hjkmnp-tv-z]{26}$/;
const KEY = /^cf_[a-z]+_[0-9a-hjkmnp-tv-z]{26}_[A-Za-z0-9_-]{43}$/;

export function isOrderId(text: string): boolean {
  return ORDER.test(text);
}

export function isKey(text: string): boolean {
  return KEY.test(text);
}

/** From a link `#order=…&key=…`, which is taken out of the address at once. */
export function takeFromAddress(): Credentials | null {
  const fragment = new URLSearchParams(location.hash.slice(1));
  const order = fragment.get("order");
  const key = fragment.get("key");
  if (order === null || key === null) return null;
  history.replaceState(null, "", location.pathname + location.search);
  return isOrderId(order) && isKey(key) ? { order, key } : null;
}

export function remember(who: Credentials): void {
  try {
    sessionStorage.setItem(REMEMBERED, JSON.stringify(who));
  } catch {
    // Without storage a reload asks for the key again.
  }
}

export function forget(): void {
  try {
    sessionStorage.removeItem(REMEMBERED);
  } catch {
    // Then nothing was stored either.
  }
}

export function recall(): Credentials | null {
  try {
    const who = JSON.parse(sessionStorage.getItem(REMEMBERED) ?? "null") as Credentials | null;
    return who && isOrderId(who.order) && isKey(who.key ?? "") ? who : null;
  } catch {
    return null;
  }
}
