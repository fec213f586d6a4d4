import { say } from "../i18n";
import { linkTo } from "../state/route";

export function Footer() {
  return (
    <footer class="footer">
      <a href={linkTo("message")}>{say("page.message")}</a>
      <a href="/openapi.json">{say("footer.api")}</a>
      <a href="/licenses.txt">{say("footer.licenses")}</a>
    </footer>
  );
}
