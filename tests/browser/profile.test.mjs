// A person's own details: what goes wrong is said at the field, and what a change does is told.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { examine } from "./examine.mjs";
import { enrol, enterConsole, openDevice, openPeopleStage, tabTo } from "./people_stage.mjs";

const skip = !process.env.COUNTERFOIL && "it takes the real server";

/** What a camera reads in what ELEMENT shows on the screen. */
async function scan(stage, element) {
  const { default: read } = await import("jsqr");
  const picture = (await element.screenshot()).toString("base64");
  const page = await (await stage.browser.newContext()).newPage();
  const { data, width, height } = await page.evaluate(async (png) => {
    const bytes = Uint8Array.from(atob(png), (character) => character.charCodeAt(0));
    const image = await createImageBitmap(new Blob([bytes], { type: "image/png" }));
    const canvas = new OffscreenCanvas(image.width, image.height);
    const context = canvas.getContext("2d");
    context.drawImage(image, 0, 0);
    const { data } = context.getImageData(0, 0, image.width, image.height);
    return { data: [...data], width: image.width, height: image.height };
  }, picture);
  await page.context().close();
  return (read.default ?? read)(Uint8ClampedArray.from(data), width, height)?.data;
}

for (const colorScheme of ["light", "dark"]) {
  describe(`an authenticator app, ${colorScheme}`, { skip }, () => {
    let stage, page;
    before(async () => {
      stage = await openPeopleStage();
      page = await openDevice(stage, { colorScheme, reducedMotion: "reduce" });
    });
    after(async () => await stage?.close());

    test("takes the key by a QR code that is drawn here, or as text", async () => {
      await page.goto(`${stage.url}/#invitation=${await stage.invitation()}`);
      await page.getByRole("button", { name: "Use password and code instead" }).click();
      const picture = page.getByRole("img", { name: /^QR code with the key/ });
      const read = new URL(await scan(stage, picture));
      assert.equal(read.href, await page.getByRole("link", { name: /^Open in an app/ })
        .getAttribute("href"));
      assert.equal(read.protocol, "otpauth:");
      assert.equal(read.searchParams.get("secret"),
        await page.locator(".copyable pre").textContent());
      await examine(page);
      const origins = new Set(page.requested.map((url) => new URL(url).origin));
      assert.deepEqual([...origins], [stage.url]);
      await page.goto("about:blank");
    });

    test("is added later, too", async () => {
      const { freshCode } = await import("../story/support/person.mjs");
      await enrol(page, stage, await stage.invitation());
      await enterConsole(page);
      await page.getByRole("link", { name: "Protection" }).click();
      await page.getByRole("button", { name: "Add an app" }).click();
      const secret = await page.locator(".seed .copyable pre").textContent();
      await page.waitForFunction(() => document.activeElement?.id === "code");
      await page.getByLabel("Code from your authenticator app").fill("000000");
      await page.getByRole("button", { name: "Add an app" }).click();
      await page.locator('[role="alert"] [data-code]').waitFor();
      await examine(page);
      await page.getByLabel("Code from your authenticator app")
        .fill(await freshCode(secret));
      await page.getByLabel("Name, for example “Phone”").fill("Tablet");
      await page.getByRole("button", { name: "Add an app" }).click();
      await page.getByText("“Tablet” was added.").waitFor();
      await page.getByRole("heading", { name: "Tablet", exact: true }).waitFor();
      await page.getByRole("link", { name: "Profile" }).click();
      await page.getByText("You have no password").waitFor();
      assert.equal(await page.getByText("You have no authenticator app yet").count(), 0);
    });

    test("caused no violation of the policy", () => assert.deepEqual(page.faults, []));
  });
}

describe("the profile", { skip }, () => {
  let stage, page;
  before(async () => {
    stage = await openPeopleStage({ settings: { "mail.folder": "mail" } });
    const other = await openDevice(stage);
    await enrol(other, stage, await stage.invitationOfAnother(), "Olga");
    await other.context().close();
    page = await openDevice(stage, { reducedMotion: "reduce" });
    await enrol(page, stage, await stage.invitation());
    await enterConsole(page);
    await page.getByRole("link", { name: "Ana Lima" }).click();
    await page.getByRole("heading", { name: "Profile", level: 1 }).waitFor();
  });
  after(async () => await stage?.close());

  const me = () => page.evaluate(async () => (await fetch("/v1/me")).json());
  const isInvalid = (label) => page.getByLabel(label).getAttribute("aria-invalid");

  /** What assistive technology reads of a field besides its label. */
  const described = (label) => page.getByLabel(label).evaluate((field) =>
    field.getAttribute("aria-describedby").split(" ")
      .map((id) => document.getElementById(id).textContent).join(" "));

  test("changes the name, by keyboard", async () => {
    await tabTo(page, "Name");
    await page.keyboard.press("Control+a");
    await page.keyboard.type("Ana María Lima");
    await tabTo(page, "Save");
    await page.keyboard.press("Enter");
    await page.getByRole("status").getByText("Saved.").waitFor();
    await page.getByRole("link", { name: "Ana María Lima" }).waitFor();
  });

  test("says at the field that another account has the address", async () => {
    await page.getByLabel("New address").fill("OLGA@example.org");
    await page.getByRole("button", { name: "Change the address" }).click();
    await page.getByText("Another account has this address.").waitFor();
    assert.equal(await isInvalid("New address"), "true");
    assert.match(await described("New address"), /Another account/);
    await page.waitForFunction(() => document.activeElement?.id === "new-email");
    await examine(page);
    assert.equal((await me()).person.email, "ana.lima@example.org");
  });

  test("changes the address, and tells the old one", async () => {
    await page.getByLabel("New address").fill("ana@new.example");
    await page.getByRole("button", { name: "Change the address" }).click();
    await page.getByText("From now on notices go to ana@new.example. The notice of this change " +
      "goes to ana.lima@example.org.").waitFor();
    await page.locator("p", { hasText: /^Notices go to ana@new.example\. You/ }).waitFor();
    assert.equal(await isInvalid("New address"), null);
    const { mailbox } = await import("../story/support/mailbox.mjs");
    const { eventually } = await import("../story/harness.mjs");
    const told = await eventually("the old address is told", () => {
      const mails = mailbox(stage.server).filter(({ text }) => text.includes("ana@new.example"));
      return mails.length > 0 && mails;
    });
    assert.deepEqual(told.map(({ to }) => to), ["ana.lima@example.org"]);
  });

  test("says at the field why a password is refused, and takes another one", async () => {
    const set = page.getByRole("button", { name: /^(Set|Change) the password$/ });
    await page.getByText("You have no password").waitFor();
    await page.getByText("You have no authenticator app yet").waitFor();
    const field = page.getByLabel("New password");
    assert.equal(await field.getAttribute("type"), "password");
    await page.getByLabel("Show what I type").check();
    assert.equal(await field.getAttribute("type"), "text");
    for (const weak of ["short", "password123", "ana@new.example"]) {
      await field.fill(weak);
      await set.click();
      await page.locator("#new-password-error").waitFor();
      await page.locator("#new-password-error").getByText(/Choose another one/).waitFor();
      assert.equal(await isInvalid("New password"), "true", weak);
      assert.equal((await me()).has_password, false, weak);
    }
    await examine(page);
    await field.fill("grey heron over the weir");
    await set.click();
    await page.getByText("Set. An earlier password is void.").waitFor();
    assert.equal(await field.inputValue(), "");
    await page.getByText("Your password was set on").waitFor();
    assert.equal((await me()).has_password, true);
    await examine(page);
  });

  test("caused no violation of the policy", () => assert.deepEqual(page.faults, []));
});
