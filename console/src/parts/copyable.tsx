import { useSignal } from "@preact/signals";
import { useRef } from "preact/hooks";
import { say, type Sentence } from "../i18n";

const SHOWN_MS = 3000;

function select(element: HTMLElement): void {
  const selection = getSelection();
  selection?.selectAllChildren(element);
}

/** A text to take away exactly as it is. */
export function Copyable({ label, text }: { label: string; text: string }) {
  const block = useRef<HTMLPreElement>(null);
  const outcome = useSignal<Sentence | null>(null);

  async function copy(): Promise<void> {
    try {
      await navigator.clipboard.writeText(text);
      outcome.value = "copy.done";
    } catch {
      if (block.current) select(block.current);
      outcome.value = "copy.failed";
    }
    window.setTimeout(() => (outcome.value = null), SHOWN_MS);
  }

  return (
    <div class="copyable">
      <div class="copyable-head">
        <p>{label}</p>
        <span class="copyable-outcome" role="status">
          {outcome.value && say(outcome.value)}
        </span>
        <button
          type="button"
          class="button-quiet"
          aria-label={say("copy.what", { what: label })}
          onClick={() => void copy()}
        >
          {say("copy.button")}
        </button>
      </div>
      <pre ref={block} translate={false}>
        {text}
      </pre>
    </div>
  );
}
