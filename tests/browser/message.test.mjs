// The page that judges a message while it is typed, on the real server.
import assert from "node:assert/strict";
import { readFile, readdir } from "node:fs/promises";
import path from "node:path";
import { after, afterEach, before, beforeEach, describe, test } from "node:test";
import { openBrowser, openPage } from "./browser.mjs";
import { examine } from "./examine.mjs";

const skip = !process.env.COUNTERFOIL && "it takes the real server";
const LANGUAGES = ["en", "ru", "zh", "es", "ja"];
const TABS_MAX = 30;
const PIXEL = 1; // what rounding may cost

describe("the message page", { skip }, () => {
  let server, browser, page, url;
  before(async () => {
    const { startServer } = await import("../story/harness.mjs");
    server = await startServer({ settings: { "policy.rules": "" } });
    url = `http://127.0.0.1:${server.address.port}/#/message`;
    browser = await openBrowser();
  });
  after(async () => {
    await browser?.close();
    await server?.stop();
  });
  beforeEach(async () => (page = await openPage(browser)));
  afterEach(async () => {
    await page.context().close();
    assert.deepEqual(page.faults, []);
  });

  async function open(at = page) {
    await at.goto(url);
    await at.locator("#message").waitFor();
  }

  async function type(text) {
    await page.locator("#message").fill("");
    await page.locator("#message").pressSequentially(text);
  }

  const verdict = (word) => page.locator(`[data-verdict="${word}"]`).waitFor();
  const marked = async () => (await page.locator(".marked mark").allTextContents()).join("");
  const finding = (rule) => page.locator(`[data-rule="${rule}"]`);
  const selected = () => page.locator("#message").evaluate(
    ({ value, selectionStart, selectionEnd }) => value.slice(selectionStart, selectionEnd));

  const found = [
    ["after emoji", "contact.phone", "👩‍👩‍👧 🙂 ", "+7 916 123-45-67", " 🙂 Иван"],
    ["after Chinese", "contact.phone", "亲，包裹已经发出，请打", "一三八零零一三八零零零", "，谢谢"],
    ["after letters with marks", "contact.email", "Сообщите е\u0308 адрес: ", "ivan.petrov@mail.ru",
      " — спасибо"],
    ["on a later line", "contact.email", "Hello\n\n🙂\n", "ivan.petrov@mail.ru", "\n"],
  ];
  for (const [name, rule, lead, passage, tail] of found) {
    test(`marks what it finds ${name} in its place`, async () => {
      await open();
      await type(lead + passage + tail);
      await finding(rule).waitFor();
      await page.waitForFunction((text) => document.querySelector(".marked-under").textContent
        .startsWith(text), lead + passage + tail);
      assert.equal(await marked(), passage);
      await finding(rule).getByRole("button").click();
      assert.equal(await selected(), passage);
    });
  }

  test("says why, how to mend it, by which rule; and is content when it is mended", async () => {
    await open();
    await verdict("none");
    await type("Please write to ivan.petrov@mail.ru");
    await verdict("block");
    const said = await finding("contact.email").textContent();
    assert.match(said, /“ivan\.petrov@mail\.ru” looks like a mail address\./);
    assert.match(said, /Leave it out/);
    assert.match(said, /2\.1 Contact details are not exchanged in messages/);
    assert.match(said, /contact\.email version \d+/);
    await type("Please write to us here");
    await verdict("allow");
    assert.equal(await page.locator(".finding, .marked mark").count(), 0);
  });

  test("lays its marks where the letters are", async () => {
    await page.setViewportSize({ width: 390, height: 800 });
    await open();
    await type(`${"Good day, your lamp is packed. 🙂 ".repeat(6)}Call +7 916 123-45-67 now`);
    await finding("contact.phone").waitFor();
    const [area, under] = await page.locator(".marked > *").evaluateAll((all) =>
      all.map((it) => {
        const { x, y, width, height } = it.getBoundingClientRect();
        const { font, letterSpacing, lineHeight, padding } = getComputedStyle(it);
        return { box: [x, y, width, height], font, letterSpacing, lineHeight, padding,
          isWhole: it.scrollHeight <= it.clientHeight && it.scrollWidth <= it.clientWidth };
      }));
    assert.ok(area.box.every((side, index) => Math.abs(side - under.box[index]) < PIXEL));
    assert.deepEqual({ ...area, box: 0 }, { ...under, box: 0 });
    assert.ok(area.isWhole, "nothing is scrolled out of its place");
  });

  test("keeps a mark in place while text is written before it", async () => {
    await open();
    await type("Call +7 916 123-45-67 please");
    await finding("contact.phone").waitFor();
    await page.route("**/v1/messages/lint", () => {}); // no answer
    const asked = page.waitForRequest("**/v1/messages/lint");
    await page.keyboard.press("Control+Home");
    await page.keyboard.type("🙂 Good day! ");
    await page.waitForFunction(() =>
      document.querySelector(".marked-under").textContent.startsWith("🙂 Good day! Call"));
    assert.equal(await marked(), "+7 916 123-45-67");
    await asked;
    assert.equal(await marked(), "+7 916 123-45-67");
  });

  test("heeds who writes, and what is known", async () => {
    await open();
    await type("It is 89161234567");
    await verdict("block");
    await page.getByLabel("Order id").fill("89161234567");
    await verdict("allow");
    await type("Good day, please answer us");
    await verdict("allow");
    await page.getByLabel("The buyer’s review").selectOption({ label: "1 star" });
    await page.getByLabel(/without an answer/).selectOption("4");
    await page.getByLabel("The seller first wrote after the review").check();
    await verdict("hold");
    await finding("review.pressure").waitFor();
    await page.getByLabel("Who writes", { exact: true }).selectOption({ label: "The buyer" });
    await verdict("allow");
  });

  for (const language of LANGUAGES) {
    test(`finds something in the example in ${language}, and says so in ${language}`, async () => {
      const own = await openPage(browser, { locale: language, reducedMotion: "reduce" });
      const answered = own.waitForResponse("**/v1/messages/lint");
      await open(own);
      await examine(own);
      await own.locator(`.examples [lang="${language}"]`).click();
      await own.locator('[data-verdict="block"]').waitFor();
      assert.ok(await own.locator(".finding").count() >= 3);
      const answer = await (await answered).json();
      assert.equal(answer.language, language);
      const text = await own.locator("#message").inputValue();
      for (const { span, text: passage } of answer.findings) {
        assert.equal(Buffer.from(text).subarray(span.start, span.end).toString(), passage);
      }
      const order = await own.locator(".marked mark").filter({ hasText: "89161234567" }).count();
      assert.equal(order, 0, "an order's number is no telephone number");
      await examine(own);
      await own.setViewportSize({ width: 360, height: 740 });
      await own.emulateMedia({ colorScheme: "dark" });
      await examine(own);
      await own.context().close();
    });
  }

  test("is led to from the first page, and used, by keyboard alone", async () => {
    await page.goto(url.replace("#/message", ""));
    await page.getByRole("link", { name: "Try it" }).waitFor();
    await tabTo("Try it");
    await page.keyboard.press("Enter");
    await page.locator("#message").waitFor();
    await tabTo("", "TEXTAREA");
    await page.keyboard.type("Write to ivan.petrov@mail.ru");
    await verdict("block");
    await tabTo("ivan.petrov@mail.ru");
    await page.keyboard.press("Enter");
    assert.equal(await selected(), "ivan.petrov@mail.ru");
    await page.keyboard.type("us here");
    await verdict("allow");
    const status = page.locator("[role=status]", { hasText: "Allowed" });
    assert.equal(await status.count(), 1, "and a screen reader is told");
  });

  async function tabTo(name, element = null) {
    for (let tabs = 0; tabs < TABS_MAX; tabs++) {
      await page.keyboard.press("Tab");
      const { text, tag } = await page.evaluate(() => ({
        text: document.activeElement.textContent, tag: document.activeElement.tagName,
      }));
      if (element ? tag === element : text === name) return;
    }
    assert.fail(`${name || element} is not reached within ${TABS_MAX} presses`);
  }

  test("says that the server does not answer, and goes on when it does", async () => {
    await open();
    await page.route("**/v1/messages/lint", (route) => route.abort());
    await type("Write to ivan.petrov@mail.ru");
    await page.getByText(/^The server does not answer/).waitFor();
    await page.unroute("**/v1/messages/lint");
    await page.keyboard.type("!");
    await verdict("block");
    await page.getByText(/^The server does not answer/).waitFor({ state: "detached" });
  });

  test("takes what is typed for text, and half a letter for a sign", async () => {
    await open();
    const hostile = "<img src=x onerror=alert(1)> ivan.petrov@mail.ru";
    await type(hostile);
    await verdict("block");
    assert.equal(await page.locator("#console img").count(), 0);
    await page.locator("#message").evaluate((area) => {
      area.value = "\ud83d ivan.petrov@mail.ru";
      area.dispatchEvent(new Event("input", { bubbles: true }));
    });
    await page.waitForFunction(() =>
      document.querySelector(".marked mark")?.textContent === "ivan.petrov@mail.ru" &&
      document.querySelector(".marked-under").textContent.startsWith("\ud83d"));
  });

  test("keeps nothing of what is typed, here or there", async () => {
    await open();
    const word = "xylographer77";
    await type(`${word} ${word}@mail.ru`);
    await verdict("block");
    assert.ok(page.requested.every((address) => !address.includes(word)));
    const kept = await page.evaluate(() =>
      JSON.stringify([{ ...localStorage }, { ...sessionStorage }, document.cookie, location.href]));
    assert.ok(!kept.includes(word), kept);
    for (const file of await readdir(server.folder, { recursive: true, withFileTypes: true })) {
      if (!file.isFile()) continue;
      const content = await readFile(path.join(file.parentPath ?? file.path, file.name));
      assert.ok(!content.includes(word), file.name);
    }
    assert.ok(!server.log().includes(word));
  });
});
