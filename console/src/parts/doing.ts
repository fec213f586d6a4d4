// Something that a button does: it runs once at a time, and what went wrong is kept to be shown.
import { useSignal, type Signal } from "@preact/signals";

export interface Doing {
  isBusy: Signal<boolean>;
  failure: Signal<unknown>;
  run: (act: () => Promise<unknown>) => Promise<boolean>;
}

export function useDoing(): Doing {
  const isBusy = useSignal(false);
  const failure = useSignal<unknown>(null);

  async function run(act: () => Promise<unknown>): Promise<boolean> {
    if (isBusy.value) return false;
    isBusy.value = true;
    failure.value = null;
    try {
      await act();
      return true;
    } catch (error) {
      failure.value = error;
      return false;
    } finally {
      isBusy.value = false;
    }
  }

  return { isBusy, failure, run };
}
