import { say } from "../i18n";
import { linkTo } from "../state/route";

/** Where the public page leads to the one that judges a message. */
export function MessagePanel() {
  return (
    <section class="panel" aria-labelledby="message-panel-title">
      <h2 id="message-panel-title">{say("page.message")}</h2>
      <p>{say("message.panel")}</p>
      <p><a href={linkTo("message")}>{say("message.try")}</a></p>
    </section>
  );
}
