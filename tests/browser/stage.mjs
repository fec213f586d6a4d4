// What the browser tests play on: a server with one order, and what can happen to it. The real
// server where $COUNTERFOIL names the program, else the stand-in of mock.mjs.
import net from "node:net";
import { startMock } from "./mock.mjs";

const HOUR_MS = 3_600_000;

async function openMockStage(reference) {
  const mock = await startMock();
  mock.order.reference = reference;
  mock.act("order.created", "shop");
  return {
    address: new URL(mock.url),
    order: mock.order.id,
    key: mock.key,
    async requestCancel(reason) {
      const act = mock.act("order.cancel_requested", "buyer", { reason });
      const id = act.id.replace("act_", "cr_");
      mock.order.cancel_request = { id, state: "open", reason, seen_at: null, decide_by: null };
      mock.notice(act, "seller");
    },
    async shipUnseen() {
      const body = { carrier: "DHL", tracking: "JJD0099" };
      mock.act("order.shipped", "seller", body, {
        type: "urn:counterfoil:problem:cancel-request-unseen",
      });
    },
    async seeCancel(by) {
      const at = new Date().toISOString();
      mock.order.cancel_request.seen_at = at;
      const request = mock.order.cancel_request.id;
      const told = mock.notices.find((notice) => request.endsWith(notice.act.slice(4)));
      Object.assign(told, { delivered: { at, means: "pull" }, seen: { at, by, means: "app" } });
      mock.order.cancel_request.decide_by = new Date(Date.now() + 48 * HOUR_MS).toISOString();
      mock.act("order.cancel_seen", "seller", { by, cancel_request: request });
    },
    async close() {
      await mock.close();
    },
  };
}

async function openRealStage(reference) {
  const harness = await import("../story/harness.mjs");
  const { server, shop, seller, buyer } = await harness.startMarketplace();
  const order = await harness.placeOrder(shop, seller, buyer, { reference });
  let request = "";
  return {
    address: server.address,
    order,
    key: await server.key("auditor"), // one who reads is not one who was told
    async requestCancel(reason) {
      request = await harness.requestCancel(buyer, order, reason);
    },
    async shipUnseen() {
      await harness.ship(seller, order);
    },
    async seeCancel(by) {
      const body = { by, cancel_request: request, means: "app" };
      await seller.act(`/v1/orders/${order}/cancel-requests/seen`, body);
    },
    async close() {
      await server.stop();
    },
  };
}

/** Stands between browser and server, to break what connects them. */
class Wire {
  constructor(address) {
    this.sockets = new Set();
    this.isCut = false;
    this.server = net.createServer((near) => {
      if (this.isCut) return near.destroy();
      const far = net.connect(Number(address.port), address.hostname);
      for (const [from, to] of [[near, far], [far, near]]) {
        this.sockets.add(from);
        from.on("error", () => to.destroy());
        from.on("close", () => {
          this.sockets.delete(from);
          to.destroy();
        });
        from.pipe(to);
      }
      return undefined;
    });
  }

  async listen() {
    await new Promise((resolve) => this.server.listen(0, "127.0.0.1", resolve));
    return `http://127.0.0.1:${this.server.address().port}`;
  }

  cut() {
    this.isCut = true;
    for (const socket of this.sockets) socket.destroy();
  }

  mend() {
    this.isCut = false;
  }

  async close() {
    this.cut();
    await new Promise((resolve) => this.server.close(resolve));
  }
}

export async function openStage({ reference = "2026-11-000482" } = {}) {
  const stage = await (process.env.COUNTERFOIL ? openRealStage : openMockStage)(reference);
  const wire = new Wire(stage.address);
  return {
    ...stage,
    wire,
    url: await wire.listen(),
    async close() {
      await wire.close();
      await stage.close();
    },
  };
}
