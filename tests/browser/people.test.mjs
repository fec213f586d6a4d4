// People in a real browser: enrolling, logging in, signing, withdrawing, and protecting themselves.
import assert from "node:assert/strict";
import { after, before, beforeEach, describe, test } from "node:test";
import { enrol, enterConsole, openConsent, openDevice, openPeopleStage, refusal }
  from "./people_stage.mjs";

const skip = !process.env.COUNTERFOIL && "it takes the real server";

describe("an owner", { skip }, () => {
  let stage, page;
  before(async () => {
    stage = await openPeopleStage();
    await stage.propose();
    page = await openDevice(stage);
  });
  after(async () => await stage?.close());

  test("enrols with a passkey; the invitation's secret leaves the address", async () => {
    const invitation = await stage.invitation();
    await enrol(page, stage, invitation);
    assert.ok(!page.url().includes("inv_"));
    const secret = invitation.split(".")[1];
    assert.deepEqual(page.requested.slice(1).filter((url) => url.includes(secret)), []);
    assert.equal((await page.authenticator.credentials()).length, 1);
  });

  test("is shown recovery codes once, and asked for a second passkey", async () => {
    await page.getByRole("heading", { name: "Add another passkey" }).waitFor();
    await page.getByRole("button", { name: "Make recovery codes" }).click();
    await page.getByText("These codes are shown this once.").waitFor();
    const codes = (await page.locator(".copyable pre").textContent()).split("\n");
    assert.equal(new Set(codes).size, 10);
    await enterConsole(page);
    await page.getByRole("link", { name: "Protection" }).click();
    await page.getByText("Codes left: 10").waitFor();
    assert.ok(!(await page.content()).includes(codes[0]));
  });

  test("logs out, and in with the passkey alone", async () => {
    await page.getByRole("button", { name: "Log out" }).click();
    await page.getByRole("button", { name: "Log in with a passkey" }).click();
    await page.getByRole("heading", { name: "Services", level: 1 }).waitFor();
    await page.getByText("Waiting for a signature").waitFor();
  });

  test("signs on a page that shows the terms and nothing else", async () => {
    await openConsent(page);
    const shown = (await page.locator("main").textContent()).replaceAll("\u00a0", " ");
    for (const words of ["RUB 12,500.00", "a month", "Front page", "Nordlicht Lamps", "Ana Lima",
      "20 % included (RUB 2,083.33)", "announced 7 days before", "14 days",
      "Your goods stand on the front page."]) {
      assert.ok(shown.includes(words), `${words} in ${shown}`);
    }
    assert.equal(await page.locator("nav, header, footer, iframe, img").count(), 0);
    const origins = new Set(page.requested.map((url) => new URL(url).origin));
    assert.deepEqual([...origins], [stage.url]);
    await page.getByRole("button", { name: "Sign these terms with a passkey" }).click();
    await page.getByRole("heading", { name: "Signed" }).waitFor();
    await page.getByRole("link", { name: "To the services" }).click();
    const card = page.locator(".card-active");
    await card.getByText("Ana Lima").waitFor();
    await card.getByText("Passkey, over the exact terms").waitFor();
  });

  test("sees who did that, with what and by which steps", async () => {
    await page.getByRole("link", { name: "Who did what" }).click();
    const entry = page.locator('[data-type="service.activated"]');
    await entry.getByText("Ana Lima (your organisation)").waitFor();
    await entry.getByText(/Signed with a passkey over the exact terms · Phone/).waitFor();
    await entry.getByText("services/list: read-terms → services/consent: sign").waitFor();
    await page.getByLabel("Words in it").fill("no such words anywhere");
    await page.getByRole("button", { name: "Show", exact: true }).click();
    await page.getByText("Nothing like that is on record.").waitFor();
    await page.getByLabel("Words in it").fill("winter");
    await page.getByRole("button", { name: "Show", exact: true }).click();
    const proposed = page.locator('[data-type="service.proposed"]');
    await proposed.locator("bdi", { hasText: "Nordlicht Lamps" }).waitFor();
    assert.ok(!(await proposed.textContent()).includes(stage.org), "names, where they are known");
    const key = proposed.locator('code[title^="key_"]');
    assert.match(await key.textContent(), /^key_….{6}$/);
    const [file] = await Promise.all([page.waitForEvent("download"),
      page.getByRole("link", { name: "CSV" }).click()]);
    assert.equal(file.suggestedFilename(), "activity.csv");
  });

  test("withdraws in two steps", async () => {
    await page.getByRole("link", { name: "Services" }).click();
    await page.getByRole("button", { name: "Withdraw from contract here" }).click();
    await page.getByText("Second step: confirm the withdrawal").waitFor();
    await page.locator(".card-active").getByLabel("Reason (optional)").fill("Too dear");
    await page.getByRole("button", { name: "Confirm withdrawal" }).click();
    const card = page.locator(".card-withdrawn");
    await card.getByText("Too dear").waitFor();
  });

  test("invites a colleague, who enrols with password and code, and is out when removed",
    async () => {
      await page.getByRole("link", { name: "People" }).click();
      await page.getByLabel("Name", { exact: true }).fill("Ben");
      await page.getByLabel("Paid services").check();
      await page.getByRole("button", { name: "Make an invitation" }).click();
      await page.getByText("This link is shown this once.").waitFor();
      const link = await page.locator(".copyable pre").textContent();
      const { freshCode } = await import("../story/support/person.mjs");
      const other = await openDevice(stage);
      await other.goto(link);
      await other.getByRole("button", { name: "Use password and code instead" }).click();
      await other.getByLabel("E-mail").fill("ben@example.org");
      await other.getByLabel("Password").fill("grey heron over the weir");
      const secret = await other.locator(".copyable pre").textContent();
      await other.getByLabel("Code from your authenticator app")
        .fill(await freshCode(secret));
      await other.getByRole("button", { name: "Make the account with a password" }).click();
      await enterConsole(other);
      await page.getByRole("link", { name: "Services" }).click();
      await page.getByRole("link", { name: "People" }).click();
      await page.getByRole("button", { name: "Remove Ben" }).click();
      await page.getByText("Ben loses all access at once, on every device.").waitFor();
      await page.getByRole("button", { name: "Remove", exact: true }).click();
      await page.getByRole("heading", { name: "Ben" }).waitFor({ state: "detached" });
      assert.equal(await other.getByRole("link", { name: "Activity" }).count(), 0,
        "the activity is not everybody's business");
      await other.getByRole("link", { name: "People" }).click();
      await other.locator('[role="alert"] [data-code]').first().waitFor();
      assert.equal(await other.getByRole("heading", { name: "Ana Lima" }).count(), 0);
      await other.context().close();
    });

  test("sees the sessions, and ends all others", async () => {
    const other = await openDevice(stage);
    for (const credential of await page.authenticator.credentials()) {
      await other.authenticator.add(credential);
    }
    await other.goto(`${stage.url}/#/login`);
    await other.getByRole("button", { name: "Log in with a passkey" }).click();
    await other.getByRole("heading", { name: "Services", level: 1 }).waitFor();
    await page.getByRole("link", { name: "Sessions" }).click();
    await page.getByRole("button", { name: "End this session" }).first().waitFor();
    await page.getByRole("button", { name: "End all others" }).click();
    await page.getByRole("button", { name: "End this session" }).first()
      .waitFor({ state: "detached" });
    await page.getByText("This one").waitFor();
    await other.reload();
    await other.getByRole("button", { name: "Log in with a passkey" }).waitFor();
    await other.context().close();
  });

  test("approves a new passkey with an older one", async () => {
    await page.getByRole("link", { name: "Protection" }).click();
    await page.getByText("You have only one.").waitFor();
    await page.getByLabel(/^Name, for example/).fill("Security key");
    const unplug = await page.secondAuthenticator();
    await page.getByRole("button", { name: "Add a passkey" }).click();
    await page.getByText("“Security key” was added.").waitFor();
    await unplug(); // else the browser takes whichever answers first
    const approve = page.getByRole("button", { name: "Approve with an older passkey" });
    await approve.click();
    await approve.waitFor({ state: "detached" });
    assert.equal(await page.getByText("Trusted").count(), 2);
  });

  test("presses the panic switch, and opens the account again", async () => {
    await page.getByRole("button", { name: "Freeze my account" }).click();
    await page.getByRole("button", { name: "Yes, freeze now" }).click();
    await page.getByText("Your account is frozen.", { exact: true }).waitFor();
    await page.getByRole("button", { name: "Unfreeze with a passkey" }).click();
    await page.getByRole("button", { name: "Freeze my account" }).waitFor();
  });

  test("is told that nobody of support is here, until one is let in", async () => {
    await page.getByText(/^You are not talking to us now/).waitFor();
    await page.getByRole("button", { name: "Make a code" }).click();
    await page.getByText("Code to read out").waitFor();
  });

  test("caused no violation of the policy", () => assert.deepEqual(page.faults, []));
});

describe("a signature that does not hold is refused with its reason and recorded", { skip }, () => {
  let stage, page, subscription;
  before(async () => {
    stage = await openPeopleStage();
    subscription = await stage.propose();
    page = await openDevice(stage);
    await enrol(page, stage, await stage.invitation());
    await enterConsole(page);
  });
  after(async () => await stage?.close());
  beforeEach(async () => {
    await page.goto(`${stage.url}/#/services`);
    await openConsent(page);
  });

  const sign = () => page.getByRole("button", { name: "Sign these terms with a passkey" }).click();
  const recorded = async (code) => {
    const { activity } = await stage.operator.read(
      `/v1/activity?org=${stage.org}&type=service.activated&limit=1`);
    assert.equal(activity[0].outcome, "refused");
    assert.equal(activity[0].problem.code, code);
  };

  const lies = [
    ["without user verification", { isBadUV: true }, /did not verify who was there/],
    ["without user presence", { isBadUP: true }, /did not see that somebody was there/],
    ["forged", { isBogusSignature: true }, /does not fit the passkey and the terms/],
  ];
  for (const [name, lie, reason] of lies) {
    test(name, async () => {
      await page.authenticator.lie(lie);
      await sign();
      assert.match(await refusal(page, "signature-invalid"), reason);
      const honest = Object.fromEntries(Object.keys(lie).map((bit) => [bit, false]));
      await page.authenticator.lie(honest);
      await recorded("signature-invalid");
    });
  }

  test("by another account's passkey", async () => {
    const other = await openDevice(stage);
    await enrol(other, stage, await stage.invitationOfAnother(), "Olga");
    const [foreign] = await other.authenticator.credentials();
    const [own] = await page.authenticator.credentials();
    await page.authenticator.add(foreign);
    await page.authenticator.remove(own.credentialId);
    const id = foreign.credentialId.replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
    await page.route("**/v1/signing", async (route) => {
      const answer = await route.fetch();
      const json = { ...await answer.json(), credentials: [id] };
      await route.fulfill({ response: answer, json });
    });
    await page.reload();
    await sign();
    await refusal(page, "signature-invalid");
    await page.unroute("**/v1/signing");
    await page.authenticator.remove(foreign.credentialId);
    await page.authenticator.add(own);
    await recorded("signature-invalid");
    await other.context().close();
  });

  test("over a price that has changed in between; the page shows the difference", async () => {
    await stage.changePrice(1490000);
    await sign();
    await refusal(page, "terms-changed");
    const row = page.locator(".difference tr", { hasText: "Price in all" });
    await row.getByText("RUB 12,500.00 a month").waitFor();
    await row.getByText("RUB 14,900.00 a month").waitFor();
    await recorded("terms-changed");
    await page.getByRole("button", { name: "Read the terms again" }).click();
    await page.getByText("RUB 14,900.00").first().waitFor();
  });

  test("with a nonce that is not of now", async () => {
    await page.route("**/v1/signing", async (route) => {
      const answer = await route.fetch();
      await route.fulfill({ response: answer, json: { ...await answer.json(),
        nonce: "5".repeat(64) } });
    });
    await page.reload();
    await sign();
    await refusal(page, "signature-expired");
    await page.unroute("**/v1/signing");
    await recorded("signature-expired");
  });

  test("used before: of a replay, one is accepted and the other refused", async () => {
    const path = `**/v1/subscriptions/${subscription}/activate`;
    await page.route(path, async (route) => {
      const first = await route.fetch();
      assert.equal(first.status(), 201);
      await route.continue();
    });
    await sign();
    await refusal(page, "signature-used");
    await page.unroute(path);
    await recorded("signature-used");
    const row = await stage.operator.read(`/v1/activity?org=${stage.org}&type=service.activated` +
      "&outcome=accepted");
    assert.equal(row.activity.length, 1);
  });
});

describe("at another address", { skip }, () => {
  let stage;
  before(async () => (stage = await openPeopleStage()));
  after(async () => await stage?.close());

  test("passkeys do not work, and the page says where they do", async () => {
    const page = await openDevice(stage);
    await page.goto(`${stage.url.replace("localhost", "127.0.0.1")}/#/login`);
    await page.getByRole("button", { name: "Log in with a passkey" }).click();
    await page.locator('[role="alert"] [data-code]').waitFor();
  });
});
