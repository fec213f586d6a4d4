// The console's first page in a browser: what it shows, live, by keyboard, and what it never does.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { after, afterEach, before, describe, test } from "node:test";
import { linkTo, openBrowser, openPage } from "./browser.mjs";
import { openStage } from "./stage.mjs";

const HOSTILE = `<img src=x onerror="document.title='hit'"><script>document.title='hit'</script>`;

let browser;
let stage;
let page;

before(async () => {
  browser = await openBrowser();
});
after(async () => {
  await browser?.close();
});

async function enter(options) {
  stage = await openStage(options);
  page = await openPage(browser);
}

async function follow() {
  await page.goto(linkTo(stage));
  await page.getByText("The shop recorded the order.").waitFor();
  await page.locator(".line-live").waitFor();
}

afterEach(async () => {
  const { faults = [] } = page ?? {};
  await page?.context().close();
  await stage?.close();
  page = stage = undefined;
  assert.deepEqual(faults, []);
});

describe("the server", () => {
  test("its state and its log are shown as it tells them", async () => {
    await enter();
    await page.goto(stage.url);
    const size = page.locator(".log-size");
    await size.waitFor();
    const state = await (await fetch(`${stage.url}/v1/state`)).json();
    const checkpoint = await (await fetch(`${stage.url}/log/checkpoint`)).text();
    assert.equal(await size.textContent(), `${state.log.size.toLocaleString("en-GB")} entries`);
    const texts = await page.locator(".copyable pre").allTextContents();
    assert.deepEqual(texts, [state.log.root, checkpoint, state.log.vkey]);
    const facts = await page.locator(".facts-figures dd").allTextContents();
    assert.ok(facts.includes(state.version) && facts.includes(state.store), facts.join(" | "));
  });

  test("a growing log shows without reload", async () => {
    await enter();
    await page.goto(stage.url);
    const first = await page.locator(".log-size").textContent();
    await stage.requestCancel("Bought it twice");
    await page.waitForFunction(
      (text) => document.querySelector(".log-size")?.textContent !== text, first);
  });

  test("a server that does not answer is not shown as if it did", async () => {
    await enter();
    await page.goto(stage.url);
    await page.locator(".log-size").waitFor();
    stage.wire.cut();
    await page.getByText(/^The server does not answer/).waitFor();
    stage.wire.mend();
    await page.getByText(/^The server does not answer/).waitFor({ state: "detached" });
  });

  test("a block is copied as it is", async () => {
    await enter();
    await page.context().grantPermissions(["clipboard-read", "clipboard-write"]);
    await page.goto(stage.url);
    await page.getByRole("button", { name: "Copy: Signed checkpoint" }).click();
    await page.getByText("Copied").waitFor();
    const shown = await page.locator(".copyable pre").nth(1).textContent();
    assert.equal(await page.evaluate(() => navigator.clipboard.readText()), shown);
  });
});

describe("an order's feed", () => {
  test("has a sentence for each act that an order can meet", async (t) => {
    if (!process.env.COUNTERFOIL) return t.skip("the acts are the real server's to list");
    await enter();
    const { webhooks } = await (await fetch(`${stage.url}/openapi.json`)).json();
    const types = Object.keys(webhooks).filter((name) => /^(order|receipt|incident)\./.test(name));
    const file = new URL("../../console/src/catalogues/en.json", import.meta.url);
    const sentences = JSON.parse(await readFile(file, "utf8"));
    assert.ok(types.length > 0);
    assert.deepEqual(types.filter((type) => !(`act.${type}` in sentences)), []);
    return undefined;
  });

  test("new acts appear without reload, with who was reached and who saw", async () => {
    await enter();
    await follow();
    await page.evaluate(() => (window.notReloaded = true));
    await stage.requestCancel("Bought it twice");
    await page.getByText("The buyer asked to cancel the order.").first().waitFor();
    await page.getByText("“Bought it twice”").or(page.locator("q")).first().waitFor();
    await page.getByText(/The seller must be reached by/).waitFor();
    await page.locator(".next-urgent").waitFor();
    await stage.shipUnseen();
    const refused = page.locator(".entry-refused");
    await refused.getByText("The seller tried to ship the order.").waitFor();
    await refused.getByText(/the seller has not seen it/).waitFor();
    await stage.seeCancel("Ana, warehouse");
    await page.locator(".mark-seen", { hasText: "Ana, warehouse" }).waitFor();
    await page.locator(".mark-done", { hasText: "Reached the seller" }).waitFor();
    assert.equal(await page.evaluate(() => window.notReloaded), true);
  });

  test("a broken line is taken up where it broke off, nothing lost or doubled", async () => {
    await enter();
    await follow();
    stage.wire.cut();
    await page.locator(".line-reconnecting").waitFor();
    await stage.requestCancel("While nobody listened");
    stage.wire.mend();
    await page.locator(".line-live").waitFor();
    await page.getByText("While nobody listened").waitFor();
    const acts = await page.locator("[data-act]").evaluateAll(
      (entries) => entries.map((entry) => entry.dataset.act));
    assert.equal(new Set(acts).size, acts.length);
    assert.ok(acts.length >= 2);
  });

  test("what others wrote stays text", async () => {
    await enter({ reference: HOSTILE.slice(0, 100) });
    await follow();
    await page.getByText(HOSTILE.slice(0, 100)).waitFor();
    await stage.requestCancel(HOSTILE);
    await page.locator("q", { hasText: HOSTILE }).waitFor();
    assert.equal(await page.locator("#console img, #console script").count(), 0);
    assert.equal(await page.title(), "Counterfoil");
  });
});

describe("the key", () => {
  test("leaves the address at once and goes into none", async () => {
    await enter();
    await follow();
    assert.equal(page.url(), `${stage.url}/`);
    const secret = stage.key.slice(-43);
    assert.deepEqual(page.requested.slice(1).filter((url) => url.includes(secret)), []);
    const kept = await page.evaluate(() => JSON.stringify(localStorage) + document.cookie);
    assert.ok(!kept.includes(secret));
  });

  test("is kept over a reload and forgotten on leaving", async () => {
    await enter();
    await follow();
    await page.reload();
    await page.getByText("The shop recorded the order.").waitFor();
    await page.getByRole("button", { name: "Leave this order" }).click();
    await page.reload();
    await page.getByLabel("Order id").waitFor();
    assert.equal(await page.evaluate(() => sessionStorage.length), 0);
  });

  test("that is not valid is said to be so", async () => {
    await enter();
    const last = stage.key.at(-2) === "A" ? "B" : "A";
    const wrong = stage.key.slice(0, -2) + last + stage.key.at(-1);
    await page.goto(linkTo({ ...stage, key: wrong }));
    await page.getByText("This key is not valid, or not any more.").waitFor();
    await page.getByLabel("Order id").waitFor();
  });
});

describe("the keyboard", () => {
  test("leads from the skip link through the form to the order and back", async () => {
    await enter();
    await page.goto(stage.url);
    await page.getByLabel("Order id").waitFor();
    await page.keyboard.press("Tab");
    assert.equal(await focused(), "Skip to the content");
    await page.keyboard.press("Enter");
    await page.keyboard.press("Tab");
    await page.keyboard.type("ord_1");
    await page.keyboard.press("Enter");
    await page.getByText("An order id is “ord_” and 26 small letters and digits.").waitFor();
    await page.waitForFunction(() => document.activeElement?.id === "order");
    await page.keyboard.press("Control+A");
    await page.keyboard.type(stage.order);
    await page.keyboard.press("Tab");
    await page.keyboard.type(stage.key);
    await page.keyboard.press("Enter");
    await page.getByText("The shop recorded the order.").waitFor();
    await page.waitForFunction(() => document.activeElement?.id === "order-title");
    await page.keyboard.press("Tab");
    assert.equal(await focused(), "Leave this order");
    await page.keyboard.press("Enter");
    await page.waitForFunction(() => document.activeElement?.id === "order");
  });

  async function focused() {
    return await page.evaluate(() => document.activeElement.textContent);
  }
});
