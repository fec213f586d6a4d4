// Takes the picture of the console that the README shows.
//
// usage: node tests/browser/picture.mjs 'http://127.0.0.1:8080/#order=ord_…&key=cf_…' FILE.png
import { openBrowser, openPage } from "./browser.mjs";

const [link, file] = process.argv.slice(2);
if (!link || !file) {
  console.error("usage: node tests/browser/picture.mjs LINK FILE.png");
  process.exit(2);
}
const browser = await openBrowser();
const viewport = { width: 1280, height: 800 };
const page = await openPage(browser, { viewport, reducedMotion: "reduce" });
await page.goto(link);
await page.locator(".line-live").waitFor();
await page.locator(".log-size").waitFor();
await page.locator(".entry").first().waitFor();
await page.screenshot({ path: file });
await browser.close();
