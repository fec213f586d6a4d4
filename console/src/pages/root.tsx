// The public page comes at once; others are loaded by who goes there.
import { signal } from "@preact/signals";
import type { FunctionComponent } from "preact";
import { useEffect } from "preact/hooks";
import { route, type Page } from "../state/route";
import { Home } from "./home";

const loaders = {
  message: async () => (await import("./message")).MessagePage,
  account: async () => (await import("./console")).AccountPages,
};
type Part = keyof typeof loaders;

const loaded = signal<{ [name in Part]?: FunctionComponent }>({});

function partOf(page: Page): Part | null {
  if (page === "home") return null;
  return page === "message" ? "message" : "account";
}

async function load(part: Part): Promise<void> {
  const component = await loaders[part]();
  loaded.value = { ...loaded.value, [part]: component };
}

export function Root() {
  const part = partOf(route.value.page);
  useEffect(() => {
    if (part) void load(part);
  }, [part]);
  if (part === null) return <Home />;
  const Pages = loaded.value[part];
  return Pages ? <Pages /> : null;
}
