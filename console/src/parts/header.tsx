import {
  isLanguage,
  language,
  languages,
  rememberLanguage,
  say,
  setLanguage,
  type Language,
} from "../i18n";
import { homePage, isAsking, logOut, me } from "../state/account";
import { linkTo, route } from "../state/route";
import { Wordmark } from "./wordmark";

async function choose(name: string): Promise<void> {
  if (!isLanguage(name)) return;
  await setLanguage(name);
  rememberLanguage(name);
}

function Account() {
  const name = me.value?.person.name;
  if (name) {
    return (
      <>
        <a href={linkTo("profile")} class="header-name">
          <bdi>{name}</bdi>
        </a>
        <button type="button" class="button-quiet" onClick={() => void logOut()}>
          {say("sessions.logout")}
        </button>
      </>
    );
  }
  if (isAsking.value || route.value.page === "login") return null;
  return <a href={linkTo("login")}>{say("login.title")}</a>;
}

export function Header() {
  return (
    <header class="header">
      <a class="header-home" href={linkTo(me.value ? homePage() : "home")}>
        <Wordmark />
      </a>
      <div class="header-account">
        <Account />
      </div>
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
