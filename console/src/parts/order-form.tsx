import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import type { Problem } from "../api";
import { say, type Sentence } from "../i18n";
import { isKey, isOrderId } from "../state/credentials";
import { failure, follow } from "../state/order";
import { focusSoon } from "./focus";

function refusal(problem: Problem): string {
  switch (problem.status) {
    case 401:
      return say("error.unauthorized");
    case 403:
      return say("error.forbidden");
    case 404:
      return say("error.missing");
    default:
      return say("error.other", { title: problem.title });
  }
}

interface FieldProps {
  name: "order" | "key";
  type: "text" | "password";
  error: Sentence | null;
}

function Field({ name, type, error }: FieldProps) {
  const common = {
    id: name,
    name,
    autocomplete: "off",
    autocapitalize: "none",
    spellcheck: false,
    placeholder: name === "order" ? "ord_…" : "cf_…",
    "aria-invalid": error !== null,
    "aria-describedby": error === null ? undefined : `${name}-error`,
  } as const;
  return (
    <div class="field">
      <label for={name}>{say(`form.${name}`)}</label>
      {type === "text" ? <input {...common} type="text" /> : <input {...common} type="password" />}
      {error !== null && (
        <p class="field-error" id={`${name}-error`}>
          {say(error)}
        </p>
      )}
    </div>
  );
}

export function OrderForm() {
  const orderError = useSignal<Sentence | null>(null);
  const keyError = useSignal<Sentence | null>(null);

  useEffect(() => {
    if (failure.value) focusSoon("order");
  }, []);

  function submit(event: SubmitEvent): void {
    event.preventDefault();
    const data = new FormData(event.currentTarget as HTMLFormElement);
    const order = String(data.get("order")).trim();
    const key = String(data.get("key")).trim();
    orderError.value = isOrderId(order) ? null : "form.order.invalid";
    keyError.value = isKey(key) ? null : "form.key.invalid";
    const wrong = orderError.value ? "order" : keyError.value ? "key" : null;
    if (wrong === null) follow({ order, key });
    focusSoon(wrong ?? "order-title");
  }

  return (
    <section class="panel panel-form" aria-labelledby="form-title">
      <h2 id="form-title">{say("form.title")}</h2>
      <p>{say("form.text")}</p>
      <div role="alert">
        {failure.value && <p class="warning">{refusal(failure.value)}</p>}
      </div>
      <form noValidate onSubmit={submit}>
        <Field name="order" type="text" error={orderError.value} />
        <Field name="key" type="password" error={keyError.value} />
        <button type="submit" class="button">
          {say("form.submit")}
        </button>
      </form>
    </section>
  );
}
