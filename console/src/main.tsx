import "./styles/tokens.css";
import "./styles/base.css";
import "./styles/layout.css";
import "./styles/parts.css";
import "./styles/pages.css";
import "./styles/message.css";
import { render } from "preact";
import { preferredLanguage, setLanguage } from "./i18n";
import { Root } from "./pages/root";
import { loadAccount } from "./state/account";
import { startClock } from "./state/clock";
import { recall, takeFromAddress } from "./state/credentials";
import { takeHandOver } from "./state/hand-over";
import { takeInvitation } from "./state/invitation";
import { follow } from "./state/order";
import { followAddress } from "./state/route";
import { watchServer } from "./state/server";

function followFromAddress(): void {
  const who = takeFromAddress() ?? recall();
  if (who) follow(who);
}

await setLanguage(preferredLanguage());
takeInvitation();
takeHandOver();
followFromAddress();
followAddress();
window.addEventListener("hashchange", () => {
  takeInvitation();
  takeHandOver();
  const who = takeFromAddress();
  if (who) follow(who);
  followAddress();
});
startClock();
void watchServer();
void loadAccount();
render(<Root />, document.getElementById("console")!);
