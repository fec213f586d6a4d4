// What a page reads from the server when it is opened, and again when something was done.
import { useSignal, type Signal } from "@preact/signals";
import { useEffect } from "preact/hooks";

export interface Reading<Value> {
  value: Signal<Value | null>;
  failure: Signal<unknown>;
  again: () => Promise<void>;
}

/** LOAD is called anew whenever KEY changes. */
export function useReading<Value>(load: () => Promise<Value>, key: string): Reading<Value> {
  const value = useSignal<Value | null>(null);
  const failure = useSignal<unknown>(null);
  const newest = useSignal(0);

  async function again(): Promise<void> {
    const reading = ++newest.value;
    try {
      const found = await load();
      if (reading !== newest.peek()) return; // a later one has overtaken it
      value.value = found;
      failure.value = null;
    } catch (error) {
      if (reading === newest.peek()) failure.value = error;
    }
  }

  useEffect(() => {
    value.value = null;
    void again();
  }, [key]);
  return { value, failure, again };
}
