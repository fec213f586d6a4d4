import type { ComponentChildren } from "preact";

interface FieldProps {
  id: string;
  label: string;
  hint?: string;
  /** What is wrong with what was sent. */
  error?: string | undefined;
  name?: string;
  type?: "text" | "email" | "password" | "search" | "date";
  required?: boolean;
  maxLength?: number;
  inputMode?: "numeric" | "text";
  placeholder?: string;
  autocomplete?: "off" | "name" | "email" | "username" | "current-password" | "new-password" |
    "one-time-code";
  defaultValue?: string;
  onType?: (text: string) => void;
}

/** A labelled input; what a form holds is read from it when it is sent. */
export function Field({ id, label, hint, error, type = "text", onType, ...input }: FieldProps) {
  const described = [error && `${id}-error`, hint !== undefined && `${id}-hint`].filter(Boolean);
  return (
    <div class="field">
      <label for={id}>{label}</label>
      <input
        id={id}
        name={id}
        type={type as "text"}
        {...input}
        {...(onType && { onInput: (event) => onType(event.currentTarget.value) })}
        {...(described.length > 0 && { "aria-describedby": described.join(" ") })}
        {...(error && { "aria-invalid": true })}
      />
      {error && (
        <p class="field-error" id={`${id}-error`}>
          {error}
        </p>
      )}
      {hint !== undefined && (
        <p class="field-hint" id={`${id}-hint`}>
          {hint}
        </p>
      )}
    </div>
  );
}

interface ChoiceProps {
  id: string;
  label: string;
  value?: string;
  onChoose?: (value: string) => void;
  children: ComponentChildren;
}

export function Choice({ id, label, value, onChoose, children }: ChoiceProps) {
  return (
    <div class="field">
      <label for={id}>{label}</label>
      <select
        id={id}
        name={id}
        {...(value === undefined ? {} : { value })}
        onChange={(event) => onChoose?.(event.currentTarget.value)}
      >
        {children}
      </select>
    </div>
  );
}

/** What the form of this event holds, trimmed. */
export function valuesOf(event: SubmitEvent): Record<string, string> {
  event.preventDefault();
  const data = new FormData(event.currentTarget as HTMLFormElement);
  return Object.fromEntries([...data].map(([name, value]) => [name, String(value).trim()]));
}
