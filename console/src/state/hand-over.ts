// The shop's token that says which buyer comes. It is a secret and works once: it leaves the
// address at once and is kept for this page only.
import { signal } from "@preact/signals";

export const handOver = signal<string | null>(null);

/** From a link `#hand-over=….….…`. */
export function takeHandOver(): boolean {
  const found = new URLSearchParams(location.hash.slice(1)).get("hand-over");
  if (found === null) return false;
  handOver.value = found;
  history.replaceState(null, "", `${location.pathname}#/arrival`);
  return true;
}

/** Whom the token names. Nothing is decided by it but whether to ask; the server checks it. */
export function buyerOf(token: string): string | null {
  const claims = token.split(".")[1] ?? "";
  try {
    const bytes = atob(claims.replaceAll("-", "+").replaceAll("_", "/"));
    return (JSON.parse(bytes) as { buyer?: string }).buyer ?? null;
  } catch {
    return null;
  }
}
