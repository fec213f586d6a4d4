import { sayMoment } from "../i18n";

/** A time as the reader's clock shows it; UTC, as it is on record, on hovering. */
export function Moment({ at }: { at: string }) {
  const date = new Date(at);
  const utc = `${date.toISOString().slice(0, 19).replace("T", " ")} UTC`;
  return (
    <time dateTime={at} title={utc}>
      {sayMoment(date)}
    </time>
  );
}
