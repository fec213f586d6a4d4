// The public page comes at once; what is behind the log-in is loaded by who goes there.
import { signal } from "@preact/signals";
import type { FunctionComponent } from "preact";
import { useEffect } from "preact/hooks";
import { route } from "../state/route";
import { Home } from "./home";

const pages = signal<FunctionComponent | null>(null);

async function loadPages(): Promise<void> {
  const { AccountPages } = await import("./console");
  pages.value = AccountPages;
}

export function Root() {
  const isHome = route.value.page === "home";
  useEffect(() => {
    if (!isHome) void loadPages();
  }, [isHome]);
  if (isHome) return <Home />;
  const Pages = pages.value;
  return Pages && <Pages />;
}
