// The page of the notices that went out by mail: for those alone who may, and as text, whatever
// stands in them.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { examine } from "./examine.mjs";
import { enrol, enterConsole, openDevice, openPeopleStage, refusal, tabTo }
  from "./people_stage.mjs";

const skip = !process.env.COUNTERFOIL && "it takes the real server";
const HOSTILE = `<img src=x onerror="document.title='hit'"> Ben`;

describe("the mails", { skip }, () => {
  let stage, page;
  before(async () => {
    stage = await openPeopleStage({ settings: { "mail.folder": "mail" } });
    page = await openDevice(stage, { reducedMotion: "reduce" });
    await enrol(page, stage, await stage.invitation());
    await enterConsole(page);
    const { Person } = await import("../story/support/person.mjs");
    await page.getByRole("link", { name: "People" }).click();
    await page.getByLabel("Name", { exact: true }).fill("Ben");
    await page.getByLabel("Orders").check();
    await page.getByRole("button", { name: "Make an invitation" }).click();
    const link = await page.locator(".copyable pre").textContent();
    stage.ben = new Person(stage.server, HOSTILE, { email: "ben@example.org" });
    await stage.ben.enrol(link.split("=")[1]);
  });
  after(async () => await stage?.close());

  const mail = (subject) => page.locator(".mail", { hasText: subject });

  test("are listed newest first, with their addressee and state", async () => {
    await page.getByRole("link", { name: "Mails" }).click();
    await page.getByRole("heading", { name: "Mails", level: 1 }).waitFor();
    const again = page.getByRole("button", { name: "Look again" });
    for (let tries = 0; tries < 50; tries++) {
      if (await page.locator(".mail .badge", { hasText: "Sent" }).count() >= 3) break;
      await again.click();
      await page.waitForTimeout(100);
    }
    await mail("Somebody was invited").locator(".mail-to", { hasText: "ana.lima@example.org" })
      .waitFor();
    const moments = await page.locator(".mail .mail-to time").evaluateAll((all) =>
      all.map((it) => it.getAttribute("datetime")));
    assert.ok(moments.length >= 3, `${moments.length} mails`);
    assert.deepEqual(moments, [...moments].sort().reverse());
  });

  test("are opened by keyboard, and are text, whatever stands in them", async () => {
    const joined = mail("Somebody joined your organisation").first();
    await joined.locator("summary").first().waitFor();
    const name = (await joined.locator("summary").first().textContent()).trim();
    await tabTo(page, name);
    await page.keyboard.press("Enter");
    await joined.locator(".mail-text").waitFor();
    const text = await joined.locator(".mail-text").textContent();
    assert.ok(text.includes(HOSTILE), text);
    await joined.getByText("The file as it is (.eml)").click();
    await joined.getByText(/^MIME-Version|Message-ID/i).waitFor();
    assert.equal(await page.locator(".mail img").count(), 0);
    assert.notEqual(await page.title(), "hit");
    await examine(page);
  });

  test("are told apart by state", async () => {
    await page.getByLabel("State").selectOption("failed");
    await page.getByRole("heading", { name: /^0 mails/ }).waitFor();
    await page.getByLabel("State").selectOption("sent");
    await mail("Somebody was invited").waitFor();
  });

  test("are not for staff without the permission", async () => {
    const other = await openDevice(stage);
    const cookies = [...stage.ben.cookies].map(([name, value]) =>
      ({ name, value, url: stage.url }));
    await other.context().addCookies(cookies);
    await other.goto(`${stage.url}/#/services`);
    await other.getByRole("heading", { name: "Services", level: 1 }).waitFor();
    assert.equal(await other.getByRole("link", { name: "Mails" }).count(), 0);
    await other.goto(`${stage.url}/#/mails`);
    await refusal(other, "permission-required");
    assert.equal(await other.locator(".mail").count(), 0);
    await other.context().close();
  });

  test("caused no violation of the policy", () => assert.deepEqual(page.faults, []));
});

describe("where no mail is sent", { skip }, () => {
  test("the page says so", async () => {
    const stage = await openPeopleStage();
    try {
      const page = await openDevice(stage);
      await enrol(page, stage, await stage.invitation());
      await enterConsole(page);
      await page.getByRole("link", { name: "Mails" }).click();
      await page.getByRole("heading", { name: "No mail yet" }).waitFor();
      await examine(page);
    } finally {
      await stage.close();
    }
  });
});
