// What the tests of the pages behind the log-in play on: the real server with an organisation, a
// proposed service, and browsers with virtual authenticators.
import assert from "node:assert/strict";
import { openBrowser, openPage } from "./browser.mjs";

const PATIENCE_MS = 15_000;
const TABS_MAX = 40;

export async function openPeopleStage({ settings = {} } = {}) {
  const { startServer } = await import("../story/harness.mjs");
  const { publish, propose, PLAN } = await import("../story/support/services.mjs");
  const server = await startServer({ settings });
  const org = await server.organisation("Nordlicht Lamps");
  const operator = server.operator();
  const shop = await server.shop();
  const service = await publish(operator);
  const browser = await openBrowser();
  return {
    server,
    org,
    operator,
    shop,
    service,
    browser,
    url: `http://localhost:${server.address.port}`,
    invitation: (name = "Ana Lima") => server.invitation(org, name),
    invitationOfAnother: async () => server.invitation(await server.organisation("Another")),
    propose: (of = service) => propose(shop, of, { org, via: "promotion winter" }),
    publish: (changes) => publish(operator, changes),
    changePrice: (amount) =>
      operator.act(`/v1/services/${service}/change`,
        { ...PLAN, price: { amount, currency: "RUB" } }),
    async close() {
      await browser.close();
      await server.stop();
    },
  };
}

/** A page of a device of its own: its cookies, and an authenticator that verifies its user. */
export async function openDevice(stage, options = {}) {
  const page = await openPage(stage.browser, options);
  page.setDefaultTimeout(PATIENCE_MS);
  const session = await page.context().newCDPSession(page);
  await session.send("WebAuthn.enable");
  const authenticator = (transport) => session.send("WebAuthn.addVirtualAuthenticator", {
    options: {
      protocol: "ctap2",
      transport,
      hasResidentKey: true,
      hasUserVerification: true,
      isUserVerified: true,
      automaticPresenceSimulation: true,
    },
  });
  const { authenticatorId } = await authenticator("internal");
  /** Plugs a security key in; answers what pulls it out again. */
  page.secondAuthenticator = async () => {
    const key = await authenticator("usb");
    return () => session.send("WebAuthn.removeVirtualAuthenticator", key);
  };
  page.authenticator = {
    lie: (lies) =>
      session.send("WebAuthn.setResponseOverrideBits", { authenticatorId, ...lies }),
    credentials: async () =>
      (await session.send("WebAuthn.getCredentials", { authenticatorId })).credentials,
    add: (credential) => session.send("WebAuthn.addCredential", { authenticatorId, credential }),
    remove: (credentialId) =>
      session.send("WebAuthn.removeCredential", { authenticatorId, credentialId }),
  };
  return page;
}

/** Enrols by an invitation's link, as far as the safeguards that are suggested then. */
export async function enrol(page, stage, invitation, name = "Ana Lima") {
  await page.goto(`${stage.url}/#invitation=${invitation}`);
  await page.getByLabel("Name", { exact: true }).fill(name);
  await page.getByLabel("E-mail").fill(`${name.toLowerCase().replace(/\W+/g, ".")}@example.org`);
  await page.getByLabel("Name of this passkey").fill("Phone");
  await page.getByRole("button", { name: "Make the account with a passkey" }).click();
  await page.getByRole("heading", { name: /^Two more minutes/ }).waitFor();
}

export async function enterConsole(page) {
  await page.getByRole("link", { name: "Go to the console" }).click();
  await page.getByRole("heading", { name: "Services", level: 1 }).waitFor();
}

export async function openConsent(page) {
  await page.getByRole("link", { name: "Read the terms" }).click();
  await page.getByRole("button", { name: "Sign these terms with a passkey" }).waitFor();
}

/** What a page says when it refuses, with the problem's code. */
export async function refusal(page, code) {
  const shown = page.locator(`[role="alert"] [data-code="${code}"]`);
  await shown.waitFor();
  const text = await shown.textContent();
  assert.ok(text.length > 20, `${code} is said in words: ${text}`);
  return text;
}

/** Presses Tab until what is called that has the focus, and it can be seen that it has. */
export async function tabTo(page, name) {
  for (let tabs = 0; tabs < TABS_MAX; tabs++) {
    await page.keyboard.press("Tab");
    const focused = await page.evaluate(() => {
      const it = document.activeElement;
      const label = it.labels?.[0]?.textContent ?? it.textContent;
      return { name: label.trim(), outline: getComputedStyle(it).outlineStyle };
    });
    if (focused.name !== name) continue;
    assert.notEqual(focused.outline, "none", `${name} shows its focus`);
    return;
  }
  assert.fail(`${name} is not reached within ${TABS_MAX} presses`);
}
