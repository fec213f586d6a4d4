// The pages behind the log-in in light and dark, narrow and wide, in five languages, and by
// keyboard alone.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { examine, examineWidth } from "./examine.mjs";
import { enrol, enterConsole, openDevice, openPeopleStage, tabTo } from "./people_stage.mjs";

const skip = !process.env.COUNTERFOIL && "it takes the real server";
const NARROW = { width: 390, height: 800 };
const WIDE = { width: 1280, height: 900 };
const PAGES = ["services", "activity", "mails", "people", "profile", "sessions",
  "protection"];

describe("every page", { skip }, () => {
  let stage, subscription, credentials;
  before(async () => {
    stage = await openPeopleStage();
    subscription = await stage.propose();
    const page = await openDevice(stage);
    const invitation = await stage.invitation();
    await page.goto(`${stage.url}/#invitation=${invitation}`);
    await page.getByLabel("Name", { exact: true }).waitFor();
    await examine(page);
    await page.getByRole("button", { name: "Use password and code instead" }).click();
    await page.getByLabel("Password").waitFor();
    await examine(page);
    await page.goto("about:blank");
    await enrol(page, stage, invitation);
    await page.getByRole("button", { name: "Make recovery codes" }).click();
    await page.getByText("These codes are shown this once.").waitFor();
    await examine(page);
    credentials = await page.authenticator.credentials();
    await page.context().close();
  });
  after(async () => await stage?.close());

  const looks = [
    ...["light", "dark"].flatMap((colorScheme) =>
      [NARROW, WIDE].map((viewport) => ({ locale: "en", colorScheme, viewport }))),
    ...["ru", "zh", "es", "ja"].map((locale) =>
      ({ locale, colorScheme: "light", viewport: NARROW })),
  ];
  for (const look of looks) {
    test(`${look.locale}, ${look.colorScheme}, ${look.viewport.width} pixels`, async () => {
      const check = look.locale === "en" ? examine : examineWidth; // axe takes its time
      const page = await openDevice(stage, { ...look, reducedMotion: "reduce" });
      for (const credential of credentials) await page.authenticator.add(credential);
      await page.goto(`${stage.url}/#/login`);
      await page.locator("#login-title").waitFor();
      await check(page);
      await page.locator(".button").first().click();
      for (const name of PAGES) {
        await page.locator(`nav a[href="#/${name}"]`).click();
        await page.locator(`nav a[href="#/${name}"][aria-current]`).waitFor();
        await page.locator("main .panel h3, main .panel h2").first().waitFor();
        await check(page);
      }
      await page.goto(`${stage.url}/#/consent/${subscription}`);
      await page.locator(".button-wide").waitFor();
      await check(page);
      credentials = await page.authenticator.credentials(); // with their counters
      await page.context().close();
    });
  }
});

describe("the keyboard", { skip }, () => {
  let stage, page;
  before(async () => {
    stage = await openPeopleStage();
    await stage.propose();
    page = await openDevice(stage);
    await enrol(page, stage, await stage.invitation());
    await enterConsole(page);
    await page.getByRole("button", { name: "Log out" }).click();
    await page.getByRole("heading", { name: "Log in", exact: true }).waitFor();
  });
  after(async () => await stage?.close());

  test("leads through log-in and signing", async () => {
    await tabTo(page, "Log in with a passkey");
    await page.keyboard.press("Enter");
    await page.getByRole("link", { name: "Read the terms" }).waitFor();
    await tabTo(page, "Read the terms");
    await page.keyboard.press("Enter");
    await page.getByRole("button", { name: "Sign these terms with a passkey" }).waitFor();
    await tabTo(page, "Sign these terms with a passkey");
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: "Signed" }).waitFor();
    await page.waitForFunction(() => document.activeElement?.id === "consent-title");
    await tabTo(page, "To the services");
    await page.keyboard.press("Enter");
    await page.locator(".card-active").waitFor();
  });

  test("leads past the navigation by the skip link", async () => {
    await page.reload();
    await page.locator(".card-active").waitFor();
    await page.keyboard.press("Tab");
    assert.equal(await page.evaluate(() => document.activeElement.textContent),
      "Skip to the content");
    await page.keyboard.press("Enter");
    await page.waitForFunction(() => document.activeElement?.id === "content");
    assert.ok(page.url().endsWith("#/services"), "the page is still the same");
  });
});
