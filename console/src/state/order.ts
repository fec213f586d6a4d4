// The order that is followed: what it is now, what happened, and whether the line is open.
//
// The stream carries the whole history first and then what is new, so there is one way in which
// acts arrive. What the order is now, and who was told, is read again after acts arrived.
import { batch, computed, signal } from "@preact/signals";
import {
  followOrder,
  Problem,
  readNotices,
  readOrder,
  readState,
  type Credentials,
  type FeedEvent,
  type Notice,
  type Order,
} from "../api";
import { forget, remember } from "./credentials";

export type Phase = "idle" | "connecting" | "live" | "reconnecting" | "failed";

const RETRY_MS_MIN = 2000;
const RETRY_MS_MAX = 30_000;
const SETTLE_MS = 80; // acts that arrive together cause one reading

export const phase = signal<Phase>("idle");
export const failure = signal<Problem | null>(null);
export const order = signal<Order | null>(null);
export const notices = signal<readonly Notice[]>([]);
/** The newest act that came while the page was open, for those who cannot see it appear. */
export const arrival = signal<FeedEvent | null>(null);
const events = signal<ReadonlyMap<string, FeedEvent>>(new Map());
export const timeline = computed(() =>
  [...events.value.values()].sort((a, b) => b.log_index - a.log_index),
);

let current = new AbortController();

function clear(next: Phase): void {
  current.abort();
  current = new AbortController();
  batch(() => {
    phase.value = next;
    failure.value = null;
    order.value = null;
    notices.value = [];
    arrival.value = null;
    events.value = new Map();
  });
}

export function leave(): void {
  forget();
  clear("idle");
}

export function follow(who: Credentials): void {
  if (who.key !== null) remember(who);
  clear("connecting");
  void keepFollowing(who, current.signal);
}

async function keepFollowing(who: Credentials, signal: AbortSignal): Promise<void> {
  const reading = new Reading(who, signal);
  let pause = RETRY_MS_MIN;
  while (!signal.aborted) {
    try {
      await reading.follow(() => (pause = RETRY_MS_MIN));
    } catch (error) {
      if (signal.aborted) return;
      if (error instanceof Problem && error.isFinal) return fail(error);
    }
    if (signal.aborted) return;
    phase.value = "reconnecting";
    await new Promise((resolve) => window.setTimeout(resolve, pause * (0.75 + Math.random() / 2)));
    pause = Math.min(pause * 2, RETRY_MS_MAX);
  }
}

function fail(problem: Problem): void {
  forget();
  batch(() => {
    phase.value = "failed";
    failure.value = problem;
  });
}

/** One order followed with one key, over as many connections as it takes. */
class Reading {
  private after = "0";
  private history = -1; // entries of the log up to here are not news
  private timer = 0;
  private readings = 0;

  constructor(
    private readonly who: Credentials,
    private readonly signal: AbortSignal,
  ) {}

  async follow(onOpen: () => void): Promise<void> {
    if (this.history < 0) this.history = (await readState(this.signal)).log.size;
    await this.readAgain();
    const follower = {
      after: this.after,
      onOpen: () => {
        phase.value = "live";
        onOpen();
      },
      onEvent: (event: FeedEvent) => this.add(event),
    };
    try {
      await followOrder(this.who, follower, this.signal);
    } finally {
      this.after = follower.after;
    }
  }

  private add(event: FeedEvent): void {
    if (this.signal.aborted || events.value.has(event.act.id)) return;
    events.value = new Map(events.value).set(event.act.id, event);
    if (event.log_index < this.history) return;
    arrival.value = event;
    window.clearTimeout(this.timer);
    this.timer = window.setTimeout(() => void this.readAgainSoon(), SETTLE_MS);
  }

  private async readAgainSoon(): Promise<void> {
    try {
      await this.readAgain();
    } catch {
      if (this.signal.aborted || phase.value === "failed") return;
      this.timer = window.setTimeout(() => void this.readAgainSoon(), RETRY_MS_MIN);
    }
  }

  private async readAgain(): Promise<void> {
    const reading = ++this.readings;
    const [nowOrder, nowNotices] = await Promise.all([
      readOrder(this.who, this.signal),
      readNotices(this.who, this.signal),
    ]);
    if (reading !== this.readings || this.signal.aborted) return; // a later one has overtaken it
    batch(() => {
      order.value = nowOrder;
      notices.value = nowNotices;
    });
  }
}
