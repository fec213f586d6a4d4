// The console's catalogues say the same in every language: each sentence, each value in it, each
// form of counting.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";

async function read(language) {
  const file = new URL(`../../console/src/catalogues/${language}.json`, import.meta.url);
  return JSON.parse(await readFile(file, "utf8"));
}

function valuesIn(sentence) {
  return [...sentence.matchAll(/\{(\w+)\}/g)].map((match) => match[1]).sort();
}

const english = await read("en");

for (const language of ["en", "ru", "zh", "es", "ja"]) {
  test(`${language} has every sentence with its values`, async () => {
    const catalogue = await read(language);
    assert.deepEqual(Object.keys(catalogue).sort(), Object.keys(english).sort());
    for (const [name, sentence] of Object.entries(catalogue)) {
      const original = english[name];
      if (typeof original === "string") {
        assert.deepEqual(valuesIn(sentence), valuesIn(original), name);
        assert.ok(sentence.trim(), name);
        continue;
      }
      const wanted = new Intl.PluralRules(language).resolvedOptions().pluralCategories;
      assert.deepEqual(Object.keys(sentence).sort(), [...wanted].sort(), name);
      for (const form of Object.values(sentence)) assert.deepEqual(valuesIn(form), ["count"], name);
    }
  });
}
