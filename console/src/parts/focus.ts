// Where the keyboard goes on when what had the focus has left the page.

/** Focuses the element of that id once the page shows it. */
export function focusSoon(id: string): void {
  requestAnimationFrame(() => document.getElementById(id)?.focus());
}
