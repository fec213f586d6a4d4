// A browser for the tests, and pages of it that note what they must not say.
import { chromium } from "playwright-core";

const PATIENCE_MS = 30_000;
const ARGUMENTS = [
  "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
  "--disable-background-networking", "--disable-component-update", "--disable-sync",
];

export async function openBrowser() {
  const executablePath = process.env.CHROMIUM || "/usr/bin/chromium";
  return await chromium.launch({ executablePath, args: ARGUMENTS });
}

/** A page of its own; `faults` collects violations of the policy and errors of the scripts. */
export async function openPage(browser, options = {}) {
  const context = await browser.newContext({ locale: "en", ...options });
  context.setDefaultTimeout(PATIENCE_MS);
  const page = await context.newPage();
  page.faults = [];
  page.requested = [];
  page.on("pageerror", (error) => page.faults.push(String(error)));
  page.on("console", (message) => {
    const text = message.text();
    if (/Content.Security.Policy|Refused to/i.test(text)) page.faults.push(text);
  });
  page.on("request", (request) => page.requested.push(request.url()));
  return page;
}

export function linkTo(stage) {
  return `${stage.url}/#order=${stage.order}&key=${stage.key}`;
}
