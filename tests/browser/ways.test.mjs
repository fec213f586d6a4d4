// Other ways in and other ways to sign than one owner's passkey: a password with a code, a recovery
// code, two people, and support that was let in; and the way out when withdrawing is over.
import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { examine } from "./examine.mjs";
import { enrol, enterConsole, openConsent, openDevice, openPeopleStage, refusal, tabTo }
  from "./people_stage.mjs";

const skip = !process.env.COUNTERFOIL && "it takes the real server";
const PASSWORD = "grey heron over the weir";
const STILL = { reducedMotion: "reduce" };

async function invite(page, stage, name, permission) {
  await page.goto(`${stage.url}/#/people`);
  await page.getByLabel("Name", { exact: true }).fill(name);
  await page.getByLabel(permission).check();
  await page.getByRole("button", { name: "Make an invitation" }).click();
  const link = await page.locator(".copyable pre").textContent();
  return link.split("=")[1];
}

async function logOut(page) {
  await page.getByRole("button", { name: "Log out" }).click();
  await page.getByRole("heading", { name: "Log in", exact: true }).waitFor();
}

const newest = async (stage, type) => (await stage.operator.read(
  `/v1/activity?org=${stage.org}&type=${type}&limit=1`)).activity[0];

describe("a code in place of a passkey", { skip }, () => {
  const used = new Set();
  let stage, page, secret, cheap, dear, freshCode;
  before(async () => {
    ({ freshCode } = await import("../story/support/person.mjs"));
    stage = await openPeopleStage();
    const small = await stage.publish({ name: "Badge", price: { amount: 9900, currency: "RUB" },
      code_price_max: 20000, withdrawal_days: 14, code_withdrawal_days: 60 });
    cheap = await stage.propose(small);
    dear = await stage.propose();
    page = await openDevice(stage, STILL);
    await page.goto(`${stage.url}/#invitation=${await stage.invitation()}`);
    await page.getByRole("button", { name: "Use password and code instead" }).click();
    await page.getByLabel("Name", { exact: true }).fill("Ana Lima");
    await page.getByLabel("E-mail").fill("ana@example.org");
    await page.getByLabel("Password").fill(PASSWORD);
    secret = await page.locator(".copyable pre").textContent();
    await page.getByLabel("Code from your authenticator app")
      .fill(await freshCode(secret, used));
    await page.getByRole("button", { name: "Make the account with a password" }).click();
    await enterConsole(page);
  });
  after(async () => await stage?.close());

  test("logs in with the password, and once only", async () => {
    await logOut(page);
    await page.getByRole("button", { name: "Use password and code instead" }).click();
    await page.waitForFunction(() => document.activeElement?.id === "email");
    await page.keyboard.type("ana@example.org");
    await tabTo(page, "Password");
    await page.keyboard.type(PASSWORD);
    await tabTo(page, "Code from your authenticator app");
    await page.keyboard.type([...used].at(-1)); // the one that enrolled
    await page.keyboard.press("Enter");
    await refusal(page, "login-failed");
    await examine(page);
    await page.getByLabel("Code from your authenticator app")
      .fill(await freshCode(secret, used));
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: "Services", level: 1 }).waitFor();
    await page.getByRole("link", { name: "Sessions" }).click();
    await page.locator(".card", { hasText: "This one" }).getByText("Password and code").waitFor();
  });

  test("is not enough above the price that codes are for", async () => {
    await page.goto(`${stage.url}/#/consent/${dear}`);
    await page.getByLabel("Code from your authenticator app")
      .fill(await freshCode(secret, used));
    await page.getByRole("button", { name: "Agree with this code" }).click();
    await refusal(page, "passkey-required");
    assert.equal((await newest(stage, "service.activated")).outcome, "refused");
    await page.goto(`${stage.url}/#/services`);
    assert.equal(await page.locator(".card-active").count(), 0);
  });

  test("agrees to a small price, and the record says how", async () => {
    await page.goto(`${stage.url}/#/consent/${cheap}`);
    await page.getByText("A code is not bound to these terms").waitFor();
    await examine(page);
    await page.getByLabel("Code from your authenticator app")
      .fill(await freshCode(secret, used));
    await page.getByRole("button", { name: "Agree with this code" }).click();
    await page.getByRole("heading", { name: "Signed" }).waitFor();
    await page.getByRole("link", { name: "To the services" }).click();
    await page.locator(".card-active").getByText("Code, which is not bound to the terms")
      .waitFor();
    const act = await newest(stage, "service.activated");
    assert.equal(act.outcome, "accepted");
    assert.equal(act.signed, "totp");
    assert.equal(act.who.method, "totp");
    const row = await stage.operator.read(`/v1/subscriptions/${cheap}`);
    assert.equal(row.consent.level, "code");
    const days = (Date.parse(row.withdraw_until) - Date.parse(row.consent.at)) / 86_400_000;
    assert.equal(Math.round(days), 60, "a code gives more time to think better of it");
    await page.getByRole("link", { name: "Activity" }).click();
    await page.locator('[data-type="service.activated"].entry-accepted')
      .getByText("Confirmed with a code").waitFor();
  });

  test("caused no violation of the policy", () => assert.deepEqual(page.faults, []));
});

describe("a recovery code", { skip }, () => {
  let stage, page, codes;
  before(async () => {
    stage = await openPeopleStage();
    page = await openDevice(stage, STILL);
    await enrol(page, stage, await stage.invitation());
    await page.getByRole("button", { name: "Make recovery codes" }).click();
    await page.getByText("These codes are shown this once.").waitFor();
    codes = (await page.locator(".copyable pre").textContent()).split("\n");
    await page.context().close();
    page = await openDevice(stage, STILL); // everything is lost: device and passkey
    await page.goto(`${stage.url}/#/login`);
  });
  after(async () => await stage?.close());

  async function recover(code) {
    await page.getByRole("button", { name: "I have lost my authenticators" }).click();
    await page.getByLabel("E-mail").fill("ana.lima@example.org");
    await page.getByLabel("Recovery code").fill(code);
    await page.getByRole("button", { name: "Log in", exact: true }).click();
  }

  test("lets in to add a passkey, and what is sensitive waits", async () => {
    await recover(codes[3]);
    await page.getByRole("heading", { name: "Protection", level: 1 }).waitFor();
    await page.getByText(/^This device or passkey is new/).waitFor();
    await page.getByText("Codes left: 9").waitFor();
    await examine(page);
    await page.getByLabel(/^Name, for example “Security/).fill("New phone");
    await page.getByRole("button", { name: "Add a passkey" }).click();
    await page.getByText("“New phone” was added.").waitFor();
    await page.locator(".card", { hasText: "New phone" }).getByText("On hold", { exact: true })
      .waitFor();
    await page.getByRole("link", { name: "People" }).click();
    await page.getByLabel("Name", { exact: true }).fill("Accomplice");
    await page.getByRole("button", { name: "Make an invitation" }).click();
    await refusal(page, "on-hold");
  });

  test("works once", async () => {
    await logOut(page);
    await recover(codes[3]);
    await refusal(page, "login-failed");
  });

  test("caused no violation of the policy", () => assert.deepEqual(page.faults, []));
});

describe("four eyes", { skip }, () => {
  let stage, owner, colleague;
  before(async () => {
    stage = await openPeopleStage();
    await stage.propose();
    owner = await openDevice(stage, STILL);
    await enrol(owner, stage, await stage.invitation());
    const invitation = await invite(owner, stage, "Ben", "Paid services");
    colleague = await openDevice(stage, STILL);
    await enrol(colleague, stage, invitation, "Ben");
    await enterConsole(colleague);
  });
  after(async () => await stage?.close());

  test("are demanded by an owner's signature", async () => {
    await owner.getByRole("link", { name: "Protection" }).click();
    await owner.getByRole("button", { name: "Demand two people" }).click();
    await owner.getByText("What an owner signs takes a second person’s signature first.")
      .waitFor();
  });

  test("an owner alone is refused, with the reason", async () => {
    await owner.getByRole("link", { name: "Services" }).click();
    await openConsent(owner);
    await owner.getByRole("button", { name: "Sign these terms with a passkey" }).click();
    assert.match(await refusal(owner, "countersignature-required"), /four eyes/);
    assert.equal((await newest(stage, "service.activated")).outcome, "refused");
  });

  test("a second person signs the same terms, then the owner does", async () => {
    await colleague.reload();
    await openConsent(colleague);
    await colleague.getByText("You sign as the second pair of eyes.").waitFor();
    await examine(colleague);
    await colleague.getByRole("button", { name: "Sign these terms with a passkey" }).click();
    await colleague.getByRole("heading", { name: "Signed" }).waitFor();
    const signed = await newest(stage, "service.countersigned");
    assert.deepEqual([signed.outcome, signed.who.name, signed.signed],
      ["accepted", "Ben", "passkey"]);
    await owner.goto(`${stage.url}/#/services`);
    assert.equal(await owner.locator(".card-active").count(), 0, "nothing runs yet");
    await openConsent(owner);
    await owner.getByRole("button", { name: "Sign these terms with a passkey" }).click();
    await owner.getByRole("heading", { name: "Signed" }).waitFor();
    await owner.getByRole("link", { name: "To the services" }).click();
    const facts = owner.locator(".card-active .facts > div");
    await facts.filter({ hasText: "Countersigned by" }).getByText("Ben").waitFor();
    await facts.filter({ hasText: "Signed by" }).getByText("Ana Lima").first().waitFor();
  });

  test("caused no violation of the policy", () =>
    assert.deepEqual([...owner.faults, ...colleague.faults], []));
});

describe("once the withdrawal period is over", { skip }, () => {
  let stage, page, subscription;
  before(async () => {
    stage = await openPeopleStage();
    subscription = await stage.propose(await stage.publish({ name: "Now", withdrawal_days: 0 }));
    page = await openDevice(stage, STILL);
    await enrol(page, stage, await stage.invitation());
    await enterConsole(page);
    await openConsent(page);
    await page.getByRole("button", { name: "Sign these terms with a passkey" }).click();
    await page.getByRole("link", { name: "To the services" }).click();
  });
  after(async () => await stage?.close());

  test("a service is cancelled to the end of what is paid, by keyboard", async () => {
    const { eventually } = await import("../story/harness.mjs");
    await eventually("it is charged", async () =>
      (await stage.operator.read(`/v1/subscriptions/${subscription}`)).periods_charged === 1);
    await page.reload();
    const card = page.locator(".card-active");
    await card.waitFor();
    assert.equal(await page.getByRole("button", { name: /^Withdraw/ }).count(), 0);
    await tabTo(page, "Cancel");
    await page.keyboard.press("Enter");
    await page.getByText("It runs to the end of what is paid; nothing more is charged.").waitFor();
    await page.waitForFunction(() => document.activeElement?.id === "reason");
    await page.keyboard.type("No longer needed");
    await examine(page);
    await tabTo(page, "Cancel the service");
    await page.keyboard.press("Enter");
    const ending = page.locator(".card-canceled");
    await ending.getByText("Cancelled, still running").waitFor();
    await ending.locator(".facts > div", { hasText: "Ends" }).locator("time").waitFor();
    const row = await stage.operator.read(`/v1/subscriptions/${subscription}`);
    assert.equal(row.state, "canceled");
    const days = (Date.parse(row.ends_at) - Date.parse(row.consent.at)) / 86_400_000;
    assert.ok(days > 27 && days < 32, `${days} days: the month that was paid`);
    const ledger = await stage.operator.list("/v1/ledger", "entries");
    assert.deepEqual(ledger.map(({ kind }) => kind), ["charge"], "nothing is refunded");
  });

  test("caused no violation of the policy", () => assert.deepEqual(page.faults, []));
});

describe("support", { skip }, () => {
  let stage, owner, support;
  before(async () => {
    stage = await openPeopleStage();
    await stage.propose();
    owner = await openDevice(stage, STILL);
    await enrol(owner, stage, await stage.invitation());
    await enterConsole(owner);
    const { Person } = await import("../story/support/person.mjs");
    const chief = await new Person(stage.server, "Chief").enrol(await stage.server.invitation());
    const { invitation } = await chief.act("/v1/invitations",
      { name: "Sam", role: "staff", permissions: "support" });
    support = await openDevice(stage, STILL);
    await enrol(support, stage, invitation, "Sam");
    await enterConsole(support);
    await owner.getByRole("link", { name: "Protection" }).click();
  });
  after(async () => await stage?.close());

  async function getIn(code) {
    await support.getByLabel("Organisation", { exact: true }).fill(stage.org);
    await support.getByLabel("Code that was read out").fill(code);
    await support.getByLabel("Your name").fill("Sam of support");
    await support.getByRole("button", { name: "Get in" }).click();
  }

  test("does not get in without a code, and the owner sees the try", async () => {
    await owner.getByText(/^You are not talking to us now/).waitFor();
    assert.equal(await owner.getByRole("link", { name: "Support" }).count(), 0);
    await support.getByRole("link", { name: "Support" }).click();
    await support.getByRole("heading", { name: "Support", level: 1 }).waitFor();
    await examine(support);
    await getIn("0000-0000");
    await refusal(support, "support-code-invalid");
    const tried = await newest(stage, "support.let_in");
    assert.deepEqual([tried.outcome, tried.problem.code], ["refused", "support-code-invalid"]);
  });

  test("gets in by the one-time code, and the owner is told whom they talk to", async () => {
    await owner.getByRole("button", { name: "Make a code" }).click();
    const said = await owner.locator(".support-code pre").allTextContents();
    assert.equal(said[1], stage.org);
    await getIn(said[0]);
    await support.getByRole("heading", { name: "Services", level: 1 }).waitFor();
    await owner.getByRole("button", { name: "Look again" }).click();
    await owner.getByText(/^You are talking to us now/).waitFor();
    await owner.getByRole("heading", { name: "Sam of support" }).waitFor();
    await examine(owner);
  });

  test("sees what is proposed, and cannot sign it", async () => {
    const card = support.locator(".card-proposed");
    await card.getByRole("heading", { name: "Front page" }).waitFor();
    assert.equal(await support.getByRole("link", { name: "Read the terms" }).count(), 0);
    await examine(support);
    await support.reload();
    await support.getByRole("link", { name: "Activity" }).waitFor();
    await support.getByRole("link", { name: "Activity" }).click();
    await support.locator('[data-type="support.let_in"].entry-accepted').waitFor();
  });

  test("is out when the owner says so", async () => {
    await owner.getByRole("button", { name: "End this contact" }).click();
    await owner.getByText(/^You are not talking to us now/).waitFor();
    await support.getByRole("link", { name: "Services" }).click();
    await refusal(support, "support-not-let-in");
    await support.getByRole("link", { name: "Support" }).click();
    await support.getByRole("button", { name: "Another organisation" }).click();
    await support.getByLabel("Code that was read out").waitFor();
  });

  test("caused no violation of the policy", () =>
    assert.deepEqual([...owner.faults, ...support.faults], []));
});
