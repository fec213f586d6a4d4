// The server's API as the console uses it: typed answers, problems, and an order's live feed.
import { createParser } from "eventsource-parser";

export type Role = "shop" | "seller" | "buyer" | "auditor" | "operator" | "system";
export type Audience = "shop" | "seller" | "buyer";
export type OrderState = "placed" | "shipped" | "delivered" | "canceled";

export interface Money {
  amount: number; // minor units
  currency: string;
}

export interface ServerState {
  name: string;
  version: string;
  started_at: string;
  store: string;
  log: { origin: string; size: number; root: string; vkey: string };
  acts: { accepted: number; refused: number; waiting?: number };
}

export interface CancelRequest {
  id: string;
  state: "open" | "accepted" | "refused" | "overtaken" | "lapsed";
  reason?: string | null;
  seen_at?: string | null;
  decide_by?: string | null;
}

export interface Order {
  id: string;
  org: string;
  reference: string;
  buyer: string;
  state: OrderState;
  placed_at: string;
  total: Money;
  items: readonly unknown[];
  cancel_request?: CancelRequest | null;
  carrier?: string | null;
  tracking?: string | null;
}

/** An act as it is on record. */
export interface Act {
  id: string;
  type: string;
  at: string;
  outcome: "accepted" | "refused";
  actor: { role: Role; buyer?: string; key?: string; org?: string };
  body: Readonly<Record<string, unknown>>;
  problem?: { type?: string; code?: string; title?: string; detail?: string };
}

export interface FeedEvent {
  position: number;
  log_index: number;
  act: Act;
}

/** Somebody must know of an act: until when, and whether they do. */
export interface Notice {
  act: string;
  audience: Audience;
  due_at: string;
  delivered: { at: string; means?: string | null } | null;
  seen: { at: string; by?: string | null } | null;
  incident_at: string | null;
}

export interface Credentials {
  order: string;
  /** Without a key it is the session that reads. */
  key: string | null;
}

/** What a problem says beyond its title. */
export interface ProblemBody {
  code?: string;
  title?: string;
  detail?: string;
  remedy?: string;
  reason?: string;
  held_until?: string;
  errors?: readonly { pointer: string; detail: string }[];
  /** Of `terms-changed`: the terms as they are now. */
  terms?: { terms: unknown };
}

/** What the server said no to (RFC 9457). */
export class Problem extends Error {
  constructor(
    readonly status: number,
    readonly title: string,
    readonly body: ProblemBody = {},
  ) {
    super(title);
  }

  /** Asking again does not help. */
  get isFinal(): boolean {
    return this.status >= 400 && this.status < 500 && this.status !== 408 && this.status !== 429;
  }
}

const SILENCE_MS_MAX = 45_000; // the server sends a comment line every 15 seconds
const EVENT_CHARACTERS_MAX = 1_000_000;
const NOTICES_MAX = 500;

export async function problemOf(answer: Response): Promise<Problem> {
  const isProblem = answer.headers.get("content-type")?.startsWith("application/problem+json");
  const body = isProblem ? ((await answer.json()) as ProblemBody) : {};
  return new Problem(answer.status, body.title ?? `HTTP ${answer.status}`, body);
}

async function get(
  path: string,
  signal: AbortSignal | null,
  who: Credentials | null = null,
  more: Record<string, string> = {},
): Promise<Response> {
  const credentials = who?.key === null ? "same-origin" : "omit";
  const headers = { ...more, ...(who?.key && { Authorization: `Bearer ${who.key}` }) };
  const answer = await fetch(path, { signal, headers, cache: "no-store", credentials });
  if (!answer.ok) throw await problemOf(answer);
  return answer;
}

export async function readState(signal: AbortSignal): Promise<ServerState> {
  return (await (await get("/v1/state", signal)).json()) as ServerState;
}

export async function readCheckpoint(signal: AbortSignal): Promise<string> {
  return await (await get("/log/checkpoint", signal)).text();
}

export async function readOrder(who: Credentials, signal: AbortSignal): Promise<Order> {
  const answer = await get(`/v1/orders/${who.order}`, signal, who);
  return (await answer.json()) as Order;
}

export async function readNotices(who: Credentials, signal: AbortSignal): Promise<Notice[]> {
  const path = `/v1/orders/${who.order}/notices?limit=${NOTICES_MAX}`;
  const answer = await get(path, signal, who);
  return ((await answer.json()) as { notices: Notice[] }).notices;
}

export interface Follower {
  /** The last position that was received; with "0" the order's whole history comes first. */
  after: string;
  onOpen: () => void;
  onEvent: (event: FeedEvent) => void;
}

/**
 * Reads an order's stream until it ends or breaks, or the signal aborts it; keeps FOLLOWER.after
 * up to date, so that calling it again continues where it broke off.
 */
export async function followOrder(
  who: Credentials,
  follower: Follower,
  signal: AbortSignal,
): Promise<void> {
  const watch = new AbortController();
  const either = AbortSignal.any([signal, watch.signal]);
  const answer = await get(`/v1/feed/stream?subject=${who.order}`, either, who, {
    Accept: "text/event-stream",
    "Last-Event-ID": follower.after,
  });
  if (!answer.body) throw new Problem(answer.status, "The stream has no body");
  follower.onOpen();
  const parser = createParser({
    maxBufferSize: EVENT_CHARACTERS_MAX,
    onEvent(message) {
      follower.onEvent(JSON.parse(message.data) as FeedEvent);
      if (message.id !== undefined) follower.after = message.id;
    },
  });
  await readAll(answer.body, (chunk) => parser.feed(chunk), watch);
}

/** A stream that stays silent for too long is dead, even if the network has not noticed. */
async function readAll(
  body: ReadableStream<Uint8Array>,
  onChunk: (chunk: string) => void,
  watch: AbortController,
): Promise<void> {
  const decoder = new TextDecoder();
  const reader = body.getReader();
  let timer = 0;
  try {
    for (;;) {
      timer = window.setTimeout(() => watch.abort(), SILENCE_MS_MAX);
      const { done, value } = await reader.read();
      window.clearTimeout(timer);
      if (done) return;
      onChunk(decoder.decode(value, { stream: true }));
    }
  } finally {
    window.clearTimeout(timer);
    await reader.cancel().catch(() => undefined); // it may be broken already
  }
}
