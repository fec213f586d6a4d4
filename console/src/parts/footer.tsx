import { say } from "../i18n";

export function Footer() {
  return (
    <footer class="footer">
      <a href="/openapi.json">{say("footer.api")}</a>
      <a href="/licenses.txt">{say("footer.licenses")}</a>
    </footer>
  );
}
