import { piecesOf, type Finding } from "../state/message";

const LENGTH_MAX = 20_000; // at most three bytes each: what the server judges

interface Props {
  id: string;
  label: string;
  text: string;
  lang: string;
  findings: readonly Finding[];
  onType: (text: string) => void;
}

/** A text to type, with what was found in it marked: the same text lies under it, with marks. */
export function MarkedText({ id, label, text, lang, findings, onType }: Props) {
  return (
    <div class="field field-wide">
      <label for={id}>{label}</label>
      <div class="marked" {...(lang && { lang })}>
        <div class="marked-under" aria-hidden="true">
          {piecesOf(text, findings).map((piece, index) =>
            piece.mode === null ? (
              piece.text
            ) : (
              <mark key={index} class={`found found-${piece.mode}`}>{piece.text}</mark>
            ),
          )}
          {"\u200b" /* so that a last line that is empty has its height */}
        </div>
        <textarea
          id={id}
          value={text}
          rows={6}
          maxLength={LENGTH_MAX}
          autocomplete="off"
          spellcheck={false}
          aria-describedby="verdict"
          onInput={(event) => onType(event.currentTarget.value)}
        />
      </div>
    </div>
  );
}

/** Puts the keyboard where something was found, with the passage selected. */
export function selectIn(id: string, { span }: Finding): void {
  const area = document.getElementById(id) as HTMLTextAreaElement;
  area.focus();
  area.setSelectionRange(span.start, span.end);
}
