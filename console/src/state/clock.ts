// What time it is, for everything that says how far away something is.
import { signal } from "@preact/signals";

const TICK_MS = 1000;

export const now = signal(Date.now());

export function startClock(): void {
  window.setInterval(() => {
    if (document.visibilityState === "visible") now.value = Date.now();
  }, TICK_MS);
}
