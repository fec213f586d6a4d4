// What every page must be in every state: usable by everyone, no wider than the window, and without
// a violation of the policy.
import { AxeBuilder } from "@axe-core/playwright";
import assert from "node:assert/strict";

const TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];

/** What a language can break: sentences that are too long for their place. */
export async function examineWidth(page) {
  const overflow = await page.evaluate(
    () => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  assert.ok(overflow <= 0, `the page is ${overflow} pixels wider than the window`);
  assert.deepEqual(page.faults, []);
}

export async function examine(page) {
  const { violations } = await new AxeBuilder({ page }).withTags(TAGS).analyze();
  const found = violations.map(({ id, nodes }) => `${id}: ${nodes.map((it) => it.html).join(" ")}`);
  assert.deepEqual(found, []);
  await examineWidth(page);
}
