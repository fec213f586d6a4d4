// A buyer who comes from the shop by its signed hand-over: in, once, and as nobody else.
import assert from "node:assert/strict";
import { generateKeyPairSync, randomUUID, sign } from "node:crypto";
import { after, before, beforeEach, afterEach, describe, test } from "node:test";
import { examine } from "./examine.mjs";
import { enrol, enterConsole, openDevice, openPeopleStage, refusal, tabTo }
  from "./people_stage.mjs";

const skip = !process.env.COUNTERFOIL && "it takes the real server";

describe("a buyer", { skip }, () => {
  let stage, page, kid, privateKey, order, foreign;
  const part = (object) => Buffer.from(JSON.stringify(object)).toString("base64url");

  /** As docs/people.md tells the shop to make it. */
  function tokenOf(claims = {}) {
    const now = Math.floor(Date.now() / 1000);
    const header = { alg: "EdDSA", typ: "counterfoil-hand-over+jwt", kid };
    const text = `${part(header)}.${part({ aud: "localhost", buyer: "b-17", name: "Bo", iat: now,
      exp: now + 60, jti: randomUUID(), ...claims })}`;
    return `${text}.${sign(null, Buffer.from(text), privateKey).toString("base64url")}`;
  }
  const linkOf = (token) => `${stage.url}/#hand-over=${token}`;

  before(async () => {
    stage = await openPeopleStage();
    const pair = generateKeyPairSync("ed25519");
    privateKey = pair.privateKey;
    const { x } = pair.publicKey.export({ format: "jwk" });
    const added = await stage.operator.act("/v1/hand-over-keys", { public_key: x, label: "shop" });
    kid = added.subject;
    const { placeOrder } = await import("../story/harness.mjs");
    order = await placeOrder(stage.shop, { org: stage.org }, { buyer: "b-17" },
      { reference: "S-1" });
    foreign = await placeOrder(stage.shop, { org: stage.org }, { buyer: "b-18" },
      { reference: "S-2" });
    await stage.operator.act("/v1/verifications", { org: stage.org, what: "business-register",
      result: "passed", shown: "Nordlicht Lamps OÜ, Tallinn" });
  });
  after(async () => await stage?.close());
  beforeEach(async () => (page = await openDevice(stage, { reducedMotion: "reduce" })));
  afterEach(async () => {
    const { faults } = page;
    await page.context().close();
    assert.deepEqual(faults, []);
  });

  const arrive = async (claims) => {
    await page.goto(linkOf(tokenOf(claims)));
    await page.getByRole("heading", { name: "Orders", level: 1 }).waitFor();
  };
  const notLetIn = async () => {
    await page.getByRole("heading", { name: "You could not be let in" }).waitFor();
    const answer = await page.request.get(`${stage.url}/v1/me`);
    assert.equal(answer.status(), 401);
  };

  test("is in with one link, whose token leaves the address", async () => {
    const token = tokenOf();
    await page.goto(linkOf(token));
    await page.getByRole("heading", { name: "Orders", level: 1 }).waitFor();
    await page.getByRole("link", { name: "Bo", exact: true }).waitFor();
    assert.ok(!page.url().includes(token));
    assert.deepEqual(page.requested.slice(1).filter((url) => url.includes(token)), []);
    await page.getByRole("link", { name: "S-1" }).waitFor();
    assert.equal(await page.getByText("S-2").count(), 0, "of others nothing");
    const pages = await page.locator("nav a").allTextContents();
    assert.deepEqual(pages,
      ["Orders", "Profile", "Sessions", "Protection", "Message check"]);
    await examine(page);
    await page.getByRole("link", { name: "Sessions" }).click();
    await page.getByText("Hand-over by the shop").waitFor();
    await page.getByRole("link", { name: "Protection" }).click();
    await page.getByRole("heading", { name: "Add another passkey" }).waitFor();
    assert.equal(await page.locator('[role="alert"] [data-code]').count(), 0);
    await examine(page);
  });

  test("follows an order live and asks to cancel it, by keyboard", async () => {
    await arrive();
    await page.getByRole("link", { name: "S-1" }).waitFor();
    await tabTo(page, "S-1");
    await page.keyboard.press("Enter");
    await page.locator(".line-live").waitFor();
    await page.getByText("The shop recorded the order.").waitFor();
    await page.getByText("Nordlicht Lamps OÜ, Tallinn").waitFor();
    await examine(page);
    await tabTo(page, "Reason (optional)");
    await page.keyboard.type("Bought it twice");
    await tabTo(page, "Send the request");
    await page.keyboard.press("Enter");
    await page.getByText("The buyer asked to cancel the order.").first().waitFor();
    await page.getByText(/^The seller has yet to see/).waitFor();
    assert.equal(await page.getByRole("button", { name: "Send the request" }).count(), 0);
    const { cancel_request: request } = await stage.operator.read(`/v1/orders/${order}`);
    assert.equal(request.reason, "Bought it twice");
    await page.getByRole("button", { name: "Leave this order" }).click();
    await page.getByText("You asked to cancel this order.").waitFor();
    await examine(page);
    await page.goto(`${stage.url}/#/orders/${foreign}`);
    await refusal(page, "not-found");
  });

  test("is not let in by a link that was used", async () => {
    const token = tokenOf();
    await page.goto(linkOf(token));
    await page.getByRole("heading", { name: "Orders", level: 1 }).waitFor();
    await page.getByRole("button", { name: "Log out" }).click();
    await page.getByRole("heading", { name: "Log in", exact: true }).waitFor();
    await page.goto(linkOf(token));
    assert.match(await refusal(page, "hand-over-invalid"), /it was used/);
    await notLetIn();
    await page.getByText(/^Go back to the shop/).waitFor();
    await page.waitForFunction(() => document.activeElement?.id === "arrival-title");
    await examine(page);
  });

  const now = Math.floor(Date.now() / 1000);
  const bad = {
    "that has expired": () => tokenOf({ iat: now - 120, exp: now - 60 }),
    "of another server": () => tokenOf({ aud: "evil.example" }),
    "that somebody changed": () => tokenOf().replace(/\.[^.]+\./, `.${part({ aud: "localhost",
      buyer: "b-18", iat: now, exp: now + 60, jti: randomUUID() })}.`),
    "that is rubbish": () => "rubbish",
  };
  for (const [what, make] of Object.entries(bad)) {
    test(`is not let in by a link ${what}`, async () => {
      await page.goto(linkOf(make()));
      await refusal(page, "hand-over-invalid");
      await notLetIn();
    });
  }

  test("comes to the page without a link and is told what to do", async () => {
    await page.goto(`${stage.url}/#/arrival`);
    await notLetIn();
    await page.getByText(/^Go back to the shop/).waitFor();
  });

  test("does not take the place of who is logged in, unless they say so", async () => {
    await enrol(page, stage, await stage.invitation());
    await enterConsole(page);
    await page.goto(linkOf(tokenOf()));
    await page.getByText("You are logged in here as Ana Lima.").waitFor();
    await examine(page);
    await page.getByRole("link", { name: "Stay Ana Lima" }).click();
    await page.getByRole("heading", { name: "Services", level: 1 }).waitFor();
    await page.goto(linkOf(tokenOf()));
    await page.getByRole("button", { name: "Log in as the buyer" }).click();
    await page.getByRole("link", { name: "Bo", exact: true }).waitFor();
    await page.goto(linkOf(tokenOf())); // the same buyer is not asked
    await page.getByRole("link", { name: "S-1" }).waitFor();
  });
});
