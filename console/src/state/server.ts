// What the server says of itself, asked for every two seconds while the page is visible.
import { signal } from "@preact/signals";
import { readCheckpoint, readState, type ServerState } from "../api";

const EVERY_MS = 2000;
const PATIENCE_MS = 10_000;

export const serverState = signal<ServerState | null>(null);
export const checkpoint = signal("");
export const answeredAt = signal<Date | null>(null);
export const isReachable = signal(true);

async function ask(): Promise<void> {
  const patience = AbortSignal.timeout(PATIENCE_MS);
  const before = serverState.value?.log;
  const state = await readState(patience);
  if (state.log.size !== before?.size || state.log.root !== before.root || !checkpoint.value) {
    checkpoint.value = await readCheckpoint(patience);
  }
  serverState.value = state;
}

async function askAndNote(): Promise<void> {
  try {
    await ask();
    answeredAt.value = new Date();
    isReachable.value = true;
  } catch {
    isReachable.value = false; // the page says so, and goes on asking
  }
}

function becomesVisible(): Promise<void> {
  return new Promise((resolve) => {
    const look = (): void => {
      if (document.visibilityState !== "visible") return;
      document.removeEventListener("visibilitychange", look);
      resolve();
    };
    document.addEventListener("visibilitychange", look);
    look();
  });
}

export async function watchServer(): Promise<never> {
  for (;;) {
    await becomesVisible();
    await askAndNote();
    await new Promise((resolve) => window.setTimeout(resolve, EVERY_MS));
  }
}
