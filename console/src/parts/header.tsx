import {
  isLanguage,
  language,
  languages,
  rememberLanguage,
  say,
  setLanguage,
  type Language,
} from "../i18n";
import { Wordmark } from "./wordmark";

async function choose(name: string): Promise<void> {
  if (!isLanguage(name)) return;
  await setLanguage(name);
  rememberLanguage(name);
}

export function Header() {
  return (
    <header class="header">
      <Wordmark />
      <label class="language">
        <span class="unseen">{say("language")}</span>
        <select
          id="language"
          value={language.value}
          onChange={(event) => void choose(event.currentTarget.value)}
        >
          {Object.entries(languages).map(([name, { name: title }]) => (
            <option key={name} value={name} lang={name as Language}>
              {title}
            </option>
          ))}
        </select>
      </label>
    </header>
  );
}
