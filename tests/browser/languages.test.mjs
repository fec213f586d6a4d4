// The console in its five languages, light and dark, narrow and wide: for everyone to use.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { linkTo, openBrowser, openPage } from "./browser.mjs";
import { examine } from "./examine.mjs";
import { openStage } from "./stage.mjs";

const LANGUAGES = { en: "en", ru: "ru", zh: "zh-Hans", es: "es", ja: "ja" };
const NARROW = { width: 360, height: 740 };
const WIDE = { width: 1280, height: 800 };

let browser;
let stage;

before(async () => {
  browser = await openBrowser();
  stage = await openStage();
  await stage.requestCancel("Bought it twice");
  await stage.shipUnseen();
  await stage.seeCancel("Ana, warehouse");
});
after(async () => {
  await browser?.close();
  await stage?.close();
});

for (const [language, tag] of Object.entries(LANGUAGES)) {
  for (const colorScheme of ["light", "dark"]) {
    for (const viewport of [NARROW, WIDE]) {
      test(`${language}, ${colorScheme}, ${viewport.width} pixels`, async () => {
        const reducedMotion = "reduce"; // colours are judged when they have settled
        const options = { locale: language, colorScheme, viewport, reducedMotion };
        const page = await openPage(browser, options);
        await page.goto(stage.url);
        await page.locator(".log-size").waitFor();
        assert.equal(await page.locator("html").getAttribute("lang"), tag);
        await examine(page);
        await page.goto(linkTo(stage));
        await page.locator(".mark-seen").waitFor();
        await page.locator(".line-live").waitFor();
        await examine(page);
        await page.context().close();
      });
    }
  }
}

describe("the language", () => {
  test("that was chosen is remembered", async () => {
    const page = await openPage(browser);
    await page.goto(stage.url);
    await page.getByLabel("Language").selectOption("ja");
    await page.getByRole("heading", { name: "注文を追跡する" }).waitFor();
    await page.reload();
    await page.getByRole("heading", { name: "注文を追跡する" }).waitFor();
    assert.deepEqual(page.faults, []);
    await page.context().close();
  });

  test("that the console lacks gives English", async () => {
    const page = await openPage(browser, { locale: "fi" });
    await page.goto(stage.url);
    await page.getByRole("heading", { name: "Follow an order" }).waitFor();
    await page.context().close();
  });
});
