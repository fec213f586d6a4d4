// A stand-in for the server, for work on the console alone: the answers that the console reads, in
// the server's form, with one order whose acts a test adds.
import { createHash, randomBytes } from "node:crypto";
import { readFile } from "node:fs/promises";
import http from "node:http";
import path from "node:path";
import { fileURLToPath } from "node:url";

const dist = fileURLToPath(new URL("../../console/dist", import.meta.url));
const CONTENT_SECURITY_POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; " +
  "base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
const MEDIA_TYPES = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript; charset=utf-8",
  ".css": "text/css; charset=utf-8",
  ".svg": "image/svg+xml",
  ".txt": "text/plain; charset=utf-8",
};
const DIGITS = "0123456789abcdefghjkmnpqrstvwxyz";

function suffix() {
  return `01${[...randomBytes(24)].map((byte) => DIGITS[byte % 32]).join("")}`;
}

class Mock {
  constructor() {
    this.startedAt = new Date(Date.now() - 86_400_000 * 3).toISOString();
    this.key = `cf_shop_${suffix()}_${randomBytes(32).toString("base64url")}`;
    this.size = 4210;
    this.refused = 17;
    this.events = [];
    this.notices = [];
    this.streams = new Set();
    this.order = {
      id: `ord_${suffix()}`,
      org: "org_7q2m4x1d",
      reference: "2026-11-000482",
      buyer: "b-17",
      state: "placed",
      placed_at: new Date(Date.now() - 7_200_000).toISOString(),
      total: { amount: 128_490, currency: "EUR" },
      items: [{ sku: "A-1" }, { sku: "B-2" }],
      cancel_request: null,
      version: 1,
    };
    this.server = http.createServer((request, response) => {
      this.answer(request, response).catch((error) => response.destroy(error));
    });
  }

  async listen() {
    await new Promise((resolve) => this.server.listen(0, "127.0.0.1", resolve));
    this.url = `http://127.0.0.1:${this.server.address().port}`;
    return this;
  }

  async close() {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  act(type, role, body = {}, problem = undefined, at = Date.now()) {
    const act = {
      actor: role === "system" ? { role } : { key: `key_${suffix()}`, role },
      at: new Date(at).toISOString(),
      body,
      id: `act_${suffix()}`,
      org: this.order.org,
      outcome: problem ? "refused" : "accepted",
      problem,
      seq: this.events.length + 1,
      subject: this.order.id,
      type,
      v: 1,
    };
    const event = { position: this.size + 1, log_index: this.size, act };
    this.size += 1;
    this.events.push(event);
    for (const response of this.streams) this.send(response, event);
    return act;
  }

  notice(act, audience, fields = {}) {
    const due = new Date(Date.parse(act.at) + 3_600_000).toISOString();
    const found = this.notices.find((it) => it.act === act.id && it.audience === audience);
    if (found) return Object.assign(found, fields);
    const notice = { act: act.id, audience, type: act.type, due_at: due,
      delivered: null, seen: null, incident_at: null, ...fields };
    this.notices.push(notice);
    return notice;
  }

  send(response, event) {
    response.write(
      `id: ${event.position}\nevent: ${event.act.type}\ndata: ${JSON.stringify(event)}\n\n`,
    );
  }

  state() {
    const root = createHash("sha256").update(String(this.size)).digest("base64");
    const origin = "log.example/market";
    return {
      name: "Counterfoil",
      version: "0.1.0",
      started_at: this.startedAt,
      log: { origin, size: this.size, root, vkey: `${origin}+4d1e2f3a+${root}` },
      acts: { accepted: this.size - this.refused, refused: this.refused, waiting: 0 },
      store: "SQLite 3.53.2",
    };
  }

  checkpoint() {
    const { origin, size, root } = this.state().log;
    return `${origin}\n${size}\n${root}\n\n\u2014 ${origin} ${root}${root}\n`;
  }

  async answer(request, response) {
    const url = new URL(request.url, this.url);
    const isOpen = !url.pathname.startsWith("/v1/") || url.pathname === "/v1/state";
    if (!isOpen && request.headers.authorization !== `Bearer ${this.key}`) {
      return problem(response, 401, "No valid API key");
    }
    const order = `/v1/orders/${this.order.id}`;
    switch (url.pathname) {
      case "/v1/state":
        return json(response, this.state());
      case "/log/checkpoint":
        return text(response, this.checkpoint());
      case order:
        return json(response, this.order);
      case `${order}/notices`:
        return json(response, { notices: this.notices, next: null });
      case "/v1/feed/stream":
        return this.stream(request, response);
      default:
        return url.pathname.startsWith("/v1/")
          ? problem(response, 404, "There is nothing here for this key")
          : file(response, url.pathname);
    }
  }

  stream(request, response) {
    const after = Number(request.headers["last-event-id"]);
    response.writeHead(200, { "Content-Type": "text/event-stream" });
    response.write("retry: 2000\n\n");
    for (const event of this.events) {
      if (event.position > after) this.send(response, event);
    }
    this.streams.add(response);
    response.on("close", () => this.streams.delete(response));
  }
}

function json(response, value, status = 200, type = "application/json") {
  response.writeHead(status, { "Content-Type": type }).end(JSON.stringify(value));
}

function problem(response, status, title) {
  json(response, { title, status }, status, "application/problem+json");
}

function text(response, value) {
  response.writeHead(200, { "Content-Type": "text/plain; charset=utf-8" }).end(value);
}

async function file(response, name) {
  const wanted = path.join(dist, name === "/" ? "index.html" : path.normalize(name));
  try {
    const bytes = await readFile(wanted);
    const type = MEDIA_TYPES[path.extname(wanted)];
    const policy = type.startsWith("text/html")
      ? { "Content-Security-Policy": CONTENT_SECURITY_POLICY }
      : {};
    response.writeHead(200, { "Content-Type": type, ...policy }).end(bytes);
  } catch {
    problem(response, 404, "There is nothing here for this key");
  }
}

export async function startMock() {
  return await new Mock().listen();
}
