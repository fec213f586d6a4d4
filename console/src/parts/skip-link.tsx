import { say } from "../i18n";

export function SkipLink() {
  function skip(event: MouseEvent): void {
    event.preventDefault(); // the part after "#" names the page
    document.getElementById("content")?.focus();
  }
  return (
    <a class="skip" href="#content" onClick={skip}>
      {say("skip")}
    </a>
  );
}
