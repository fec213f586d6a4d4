import "./styles/tokens.css";
import "./styles/base.css";
import "./styles/layout.css";
import "./styles/parts.css";
import { render } from "preact";
import { preferredLanguage, setLanguage } from "./i18n";
import { Home } from "./pages/home";
import { startClock } from "./state/clock";
import { recall, takeFromAddress } from "./state/credentials";
import { follow } from "./state/order";
import { watchServer } from "./state/server";

function followFromAddress(): void {
  const who = takeFromAddress() ?? recall();
  if (who) follow(who);
}

await setLanguage(preferredLanguage());
followFromAddress();
window.addEventListener("hashchange", () => {
  const who = takeFromAddress();
  if (who) follow(who);
});
startClock();
void watchServer();
render(<Home />, document.getElementById("console")!);
